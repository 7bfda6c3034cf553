// How a receipt ends: completed, aborted, printed once more. Whatever happens to the connection, an
// attempt has its effect once.

import { Offline, Problem, call } from "./api.js";
import { LASTS_MS, answered, begin, pending } from "./attempts.js";
import { cashState, givenCents } from "./panels.js";
import { t } from "./setup.js";
import { changed, state } from "./state.js";
import { isOpen, page, path, reload, take, work } from "./work.js";

const PAUSES_MS = [1000, 2000, 4000, 8000];

/** Completes the receipt with what was given in cash. */
export function pay() {
  const { receipt } = state;
  if (cashState(receipt).why !== null) return;
  complete([receipt.due < 0 ? { kind: "cash" } : { kind: "cash", given_cents: givenCents() }]);
}

/** Completes the receipt. */
export function complete(payments) {
  const { receipt } = state;
  if (state.busy > 0 || state.waiting) return;
  const body = { rev: receipt.rev, payments, total_cents: receipt.total };
  bringToAnEnd("complete", receipt.id, begin("complete", receipt.id, body));
}

/** Gives the receipt up for the reason that was chosen. */
export function abort() {
  const { reason, other } = state.draft;
  const text = reason === "reason_other" ? other.trim() : t(reason);
  if (!text) {
    state.draft.wrong = t("why_reason");
    return;
  }
  const { receipt } = state;
  if (state.busy > 0) return;
  const attempt = begin("abort", receipt.id, { rev: receipt.rev, reason: text });
  bringToAnEnd("abort", receipt.id, attempt);
}

const running = new Set();

/** Asks under the same key until the box has answered: whatever happens, it has one effect. */
function bringToAnEnd(action, id, attempt) {
  if (running.has(id)) return;
  running.add(id);
  work(async () => {
    try {
      for (let tries = 0; ; tries += 1) {
        try {
          const receipt = await call("POST", `/v1/receipts/${id}/${action}`, attempt);
          answered(action, id);
          ended(receipt);
          return;
        } catch (error) {
          if (error instanceof Problem) {
            if (error.sure) answered(action, id);
            throw error;
          }
          if (!(error instanceof Offline)) throw error;
        }
        state.waiting = true;
        page.lost();
        changed();
        await pause(PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]);
      }
    } finally {
      state.waiting = false;
      running.delete(id);
    }
  }, true);
}

function ended(receipt) {
  state.panel = null;
  state.draft = {};
  state.notice = null;
  if (receipt.id === state.route.id) {
    take(receipt);
    return;
  }
  const name = receipt.belegnummer ?? receipt.reference ?? "";
  const end = t(receipt.state === "completed" ? "done_title" : "aborted_title");
  page.toast(`${t("receipt")} ${name}: ${end}`);
}

let wake = () => {};

function pause(milliseconds) {
  return new Promise((resolve) => {
    wake = resolve;
    setTimeout(resolve, milliseconds);
  });
}

/** The connection is there: what waits for an answer asks again, also after a reload. */
export async function goOn() {
  wake();
  const { id } = state.route;
  if (id === null || running.has(id)) return;
  for (const action of ["complete", "abort"]) {
    const attempt = pending(action, id);
    if (attempt !== null) await resume(action, id, attempt);
  }
}

async function resume(action, id, attempt) {
  await reload();
  const { receipt } = state;
  if (receipt === null || receipt.id !== id) return;
  const late = Date.now() - attempt.at > LASTS_MS;
  if (!isOpen(receipt)) {
    answered(action, id);
  } else if (late || receipt.rev !== attempt.body.rev) {
    answered(action, id);
    if (action === "complete") state.notice = t("not_completed");
  } else {
    bringToAnEnd(action, id, attempt);
  }
  changed();
}

/** Has a copy printed. */
export function reprint() {
  const { id } = state.route;
  if (state.busy > 0) return;
  work(async () => {
    const attempt = begin("reprint", id, {});
    try {
      await call("POST", path("/reprint"), attempt);
    } catch (error) {
      if (error instanceof Problem && error.sure) answered("reprint", id);
      throw error;
    }
    answered("reprint", id);
    page.toast(t("reprint_wanted"));
  });
}
