// Paying a vendor's open invoice: its number is looked up where the vendor can, then the payment
// becomes a line of the receipt; on the list, the first line of a new one.

import { Problem, call } from "./api.js";
import { editCents } from "./money.js";
import { decided } from "./settle_view.js";
import { setup, t } from "./setup.js";
import { changed, state } from "./state.js";
import { change, work } from "./work.js";

const PATIENCE_MS = 10_000; // a customer waits
const WRONG_NUMBER = ["call_invalid", "vendor_record_unknown"];

let last = null; // the vendor that was chosen last

/** Returns what the dialog begins with. */
export function begin() {
  const { vendors } = setup.settling;
  const { name } = vendors.find((each) => each.name === last) ?? vendors[0];
  return { vendor: name, invoice: "", value: "", asked: null, answer: null };
}

/** Another number, or another vendor's: what was found does not count any more, nor its amount. */
export function typed(name) {
  if (name === "value") return;
  const { draft } = state;
  last = draft.vendor;
  if (draft.asked !== null || draft.answer !== null) draft.value = "";
  Object.assign(draft, { asked: null, answer: null });
  if (name === "vendor") queueMicrotask(() => mark("invoice")); // what is scanned next goes there
}

/** The form is for looking the number up, then for putting the payment on the receipt. */
export function submit() {
  const { draft } = state;
  const { why, ready } = decided(state.route.id === null ? null : state.receipt);
  if (draft.asked !== null || state.busy > 0) return;
  if (!/[\p{L}\p{N}]/u.test(draft.invoice)) draft.wrong = t("settle_number_wrong");
  else if (!ready) lookUp();
  else if (why === null) add();
  else goOnTyping();
}

/** Asks the vendor about the number. */
export async function lookUp() {
  const { draft } = state;
  const number = draft.invoice.trim();
  const { look_up: path } = setup.settling.vendors.find((each) => each.name === draft.vendor);
  const asked = Symbol(number);
  Object.assign(draft, { asked, answer: null });
  const answer = await answered(path.replace("{id}", () => encodeURIComponent(number)));
  if (state.draft !== draft || draft.asked !== asked) return;
  const { found } = answer;
  if (found) draft.value = found.open_cents > 0 ? editCents(found.open_cents, setup.language) : "";
  Object.assign(draft, { asked: null, answer, fresh: true });
  changed();
  queueMicrotask(goOnTyping);
}

async function answered(path) {
  try {
    return { found: await call("GET", `${path}?by=number`, { patience: PATIENCE_MS }) };
  } catch (error) {
    if (!(error instanceof Problem)) return { silent: true };
    if (error.vendorStatus === 404 || WRONG_NUMBER.includes(error.code)) return { unknown: true };
    return { problem: error };
  }
}

/** Where the amount is asked for, it comes next; else another number does. */
function goOnTyping() {
  mark(document.querySelector("#field-draft-value") === null ? "invoice" : "value");
}

function mark(name) {
  const input = document.querySelector(`#field-draft-${name}`);
  input?.focus();
  input?.select();
}

function add() {
  const { invoice, cents } = decided(null);
  const line = {
    text: setup.settling.text.replace("{invoice}", () => invoice),
    unit_cents: cents,
    settles: { vendor: state.draft.vendor, invoice },
  };
  work(async () => {
    if (state.route.id === null) {
      const body = { register_id: state.register, lines: [line] };
      const receipt = await call("POST", "/v1/receipts", { body });
      location.hash = `#receipt/${receipt.id}`;
    } else {
      await change("POST", "/lines", line);
    }
    Object.assign(state, { panel: null, draft: {} });
  });
}
