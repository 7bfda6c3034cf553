// Changes of a receipt: one after another, each for the state that the one before has left.

import { Offline, Problem, call } from "./api.js";
import { t } from "./setup.js";
import { changed, registerNamed, state } from "./state.js";

/** What the page offers: `toast(text)`, `soon()` refreshes, `lost()` looks for the box. */
export const page = { toast: null, soon: null, lost: null };

/** Where the receipt that is shown is found. */
export const path = (rest = "") => `/v1/receipts/${state.route.id}${rest}`;

export const isOpen = (receipt) => receipt.state === "open" || receipt.state === "paying";

let queue = Promise.resolve();
let inDoubt = false; // nobody knows whether the last change arrived

/** Runs changes one after another; problems are shown, never thrown. What was meant for a receipt
 *  that is not shown any more is left undone, unless it is an `end`. */
export function work(change, end = false) {
  const { id } = state.route;
  state.busy += 1;
  state.trouble = null;
  changed();
  queue = queue.then(async () => {
    try {
      if (end || state.route.id === id) await change();
    } catch (error) {
      await failed(error);
    } finally {
      state.busy -= 1;
      changed();
      // What others did meanwhile was not looked at.
      if (state.busy === 0) page.soon();
    }
  });
  return queue;
}

async function failed(error) {
  state.targets.clear();
  if (error instanceof Offline) {
    inDoubt = true;
    page.lost();
  } else if (error instanceof Problem) {
    if (error.code !== "receipt_changed" && error.code !== "receipt_not_open") {
      state.trouble = error;
      return;
    }
    try {
      await reload(true);
    } catch {
      page.lost();
    }
  } else {
    console.error(error);
    state.trouble = new Problem(0, {});
  }
}

/** Takes a receipt as the box has answered it, unless something newer is known. */
export function take(receipt) {
  if (receipt.id !== state.route.id) return;
  if (state.receipt !== null && receipt.rev < state.receipt.rev) return;
  state.receipt = receipt;
}

/** Reads the receipt anew. Says so when it was not this page that has changed it. */
export async function reload(refused = false) {
  const { id } = state.route;
  if (id === null || (state.busy > 0 && !refused)) return;
  let receipt;
  try {
    receipt = await call("GET", path());
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    state.unknown = error;
    changed();
    return;
  }
  if (id !== state.route.id || (state.busy > 0 && !refused)) return;
  const before = state.receipt;
  take(receipt);
  state.unknown = null;
  state.pad ??= freshPad(receipt.register);
  if (before !== null && state.receipt.rev !== before.rev) told(before, state.receipt);
  changed();
}

function told(before, receipt) {
  // Nobody shall complete what was changed under his finger.
  state.panel = null;
  state.targets.clear();
  const ended = isOpen(before) && !isOpen(receipt);
  const change = inDoubt ? "changed_in_doubt" : "changed_elsewhere";
  state.notice = t(ended ? "ended_elsewhere" : change);
  inDoubt = false;
}

/** Sends a change of the open receipt. */
export async function change(method, rest, body = {}) {
  take(await call(method, path(rest), { body: { rev: state.receipt.rev, ...body } }));
  state.notice = null;
  inDoubt = false;
}

/** What the amount pad begins with. */
export function freshPad(register) {
  return { amount: "", text: "", rate: registerNamed(register).rates[0].name, wrong: null };
}

/** Forgets what belonged to the view before. */
export function entered() {
  Object.assign(state, {
    receipt: null,
    unknown: null,
    trouble: null,
    notice: null,
    panel: null,
    draft: {},
    pad: null,
    waiting: false,
  });
  state.targets.clear();
  state.fresh.delete(state.route.id);
  inDoubt = false;
}
