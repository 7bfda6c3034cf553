// What taps and forms do.

import { call } from "./api.js";
import { abort, complete, pay, reprint } from "./ends.js";
import {
  editCents,
  formatQuantity,
  parseCents,
  parsePercent,
  parseQuantity,
  percentText,
  quantityText,
} from "./money.js";
import { givenCents } from "./panels.js";
import { stepped } from "./receipt_view.js";
import * as settle from "./settle.js";
import { setup, t } from "./setup.js";
import { changed, chooseRegister, state } from "./state.js";
import { change, freshPad, work } from "./work.js";

// Taps

const TAPS = {
  dismiss: () => Object.assign(state, { trouble: null, notice: null }),
  "close-panel": () => close(),
  "new-receipt": newReceipt,
  "ask-amount": () => open("amount"),
  "ask-quantity": ({ n }) => {
    const line = lineOf(n);
    ask("quantity", line, formatQuantity(line.quantity, setup.language));
  },
  "ask-price": ({ n }) => {
    const line = lineOf(n);
    ask("price", line, editCents(line.unit_cents, setup.language));
  },
  "ask-discount": () => open("discount", { kind: "percent", value: "" }),
  "ask-settle": () => open("settle", settle.begin()),
  "settle-again": settle.lookUp,
  "ask-cash": () => open("cash", { given: "" }),
  "ask-abort": () => open("abort", { reason: "reason_left", other: "" }),
  step: ({ n, by }) => step(Number(n), Number(by)),
  "remove-line": ({ n }) => work(() => change("DELETE", `/lines/${n}`)),
  "remove-payment": ({ n }) => work(() => change("DELETE", `/payments/${n}`)),
  "remove-discount": () => saveDiscount({}),
  "given-exact": () => given(state.receipt.due),
  "given-note": ({ cents }) => given((givenCents() || 0) + Number(cents)),
  "complete-paid": () => complete([]),
  reprint,
  key: ({ value, into }) => key(value, into),
};

/** Does what a tap on an action means. */
export function tapped(action, data) {
  const tap = TAPS[action];
  if (tap === undefined) return;
  tap(data);
  changed();
}

/** A register was chosen for new receipts. */
export function registerChosen(id) {
  chooseRegister(id);
  changed();
}

function lineOf(n) {
  return state.receipt.lines.find((line) => line.n === Number(n));
}

function ask(name, { n, text }, value) {
  open(name, { n, text, value, fresh: true });
}

function open(name, draft = {}) {
  state.trouble = null;
  state.panel = name;
  state.draft = draft;
}

function close() {
  state.panel = null;
  state.draft = {};
}

// Typing

/** An input has changed. `into` is `pad.amount`, `draft.value` … */
export function typed(into, value) {
  const [where, name] = into.split(".");
  const entered = state[where];
  if (entered === null) return;
  entered[name] = value;
  entered.wrong = null;
  entered.fresh = false;
  if (name === "kind") entered.value = "";
  if (state.panel === "settle") settle.typed(name);
  changed();
}

function key(value, into) {
  const [where, name] = into.split(".");
  const before = state[where][name];
  // The first digit replaces what a dialog began with.
  const start = state[where].fresh ? "" : before;
  typed(into, value === "back" ? before.slice(0, -1) : start + value);
}

function given(cents) {
  typed("draft.given", editCents(cents, setup.language));
}

// Forms

const FORMS = {
  amount: addAmount,
  quantity: saveQuantity,
  price: savePrice,
  discount: readDiscount,
  settle: settle.submit,
  cash: pay,
  abort,
};

/** Does what a form is for. */
export function submitted(name) {
  if (!state.online) return;
  FORMS[name]();
  changed();
}

function addAmount() {
  const { pad } = state;
  const cents = parseCents(pad.amount);
  if (!cents) {
    pad.wrong = t("amount_wrong");
    return;
  }
  const text = pad.text.trim() || t("default_text");
  work(async () => {
    const line = { text, quantity: "1.000", unit_cents: cents, rate: pad.rate };
    await change("POST", "/lines", line);
    Object.assign(state.pad, freshPad(state.receipt.register), { rate: pad.rate });
    if (state.panel === "amount") close();
  });
}

function content(line, different) {
  const body = {
    text: line.text,
    quantity: quantityText(line.quantity),
    unit_cents: line.unit_cents,
    rate: line.rate,
    ...different,
  };
  if (line.discount) body.discount_percent = percentText(line.discount);
  if (line.article) body.article = line.article;
  return body;
}

async function changeLine(n, different) {
  const line = lineOf(n);
  if (line !== undefined) await change("PATCH", `/lines/${n}`, content(line, different));
}

/** Counts taps at once; one call after another carries the latest quantity to the box. */
function step(n, by) {
  const next = stepped(state.targets.get(n) ?? lineOf(n).quantity, by);
  if (next === null) return;
  const first = !state.targets.has(n);
  state.targets.set(n, next);
  if (first) work(() => settleQuantity(n));
}

async function settleQuantity(n) {
  while (state.targets.has(n)) {
    const quantity = state.targets.get(n);
    await changeLine(n, { quantity: quantityText(quantity) });
    if (state.targets.get(n) === quantity) state.targets.delete(n);
  }
}

function saveQuantity() {
  const quantity = parseQuantity(state.draft.value);
  if (quantity === null) {
    state.draft.wrong = t("quantity_wrong");
    return;
  }
  const { n } = state.draft;
  work(() => changeLine(n, { quantity: quantityText(quantity) }).then(close));
}

function savePrice() {
  const cents = parseCents(state.draft.value);
  if (cents === null) {
    state.draft.wrong = t("amount_wrong");
    return;
  }
  const { n } = state.draft;
  work(() => changeLine(n, { unit_cents: cents }).then(close));
}

function readDiscount() {
  const { kind, value } = state.draft;
  if (kind === "percent") {
    const percent = parsePercent(value);
    if (percent) saveDiscount({ percent: percentText(percent) });
    else state.draft.wrong = t("percent_wrong");
    return;
  }
  const cents = parseCents(value);
  if (cents > 0) saveDiscount({ cents });
  else state.draft.wrong = t("amount_wrong");
}

function saveDiscount(discount) {
  work(() => change("POST", "/discount", discount).then(close));
}

function newReceipt() {
  if (state.busy > 0) return;
  work(async () => {
    const receipt = await call("POST", "/v1/receipts", { body: { register_id: state.register } });
    location.hash = `#receipt/${receipt.id}`;
  });
}
