// Dialogs over an open receipt: quantity, price, discount, invoice, cash, abort.

import { h } from "./dom.js";
import { parseCents } from "./money.js";
import { button, choice, dialog, digits, entry, field, money, trouble, waiting } from "./parts.js";
import { padDialog } from "./receipt_view.js";
import { settleDialog } from "./settle_view.js";
import { setup, t } from "./setup.js";
import { state } from "./state.js";

const NOTES = [5, 10, 20, 50, 100];

const note = (euros) => (setup.language === "de" ? `€\u00a0${euros}` : `€${euros}`);

export const REASONS = [
  "reason_left",
  "reason_mistake",
  "reason_elsewhere",
  "reason_unavailable",
  "reason_other",
];

/** Returns the dialog that is open, if any. */
export function panel(receipt) {
  const make = {
    amount: padDialog,
    quantity: () => number("quantity", t("quantity")),
    price: () => number("price", t("price")),
    discount,
    settle: settleDialog,
    cash,
    abort,
  }[state.panel];
  return make ? make(receipt) : null;
}

function wrong() {
  return state.draft.wrong && h("p", { class: "wrong", role: "alert" }, state.draft.wrong);
}

function submit(label, more = {}) {
  return h(
    "button",
    { type: "submit", class: "primary wide", disabled: state.busy > 0 || !state.online, ...more },
    label,
  );
}

function value(label) {
  return entry("draft.value", label, state.draft.value, {
    autofocus: true,
    "aria-invalid": state.draft.wrong ? "true" : null,
  });
}

function number(name, title) {
  const body = [
    h("p", { class: "about" }, state.draft.text),
    value(title),
    wrong(),
    trouble(),
    digits("draft.value"),
  ];
  return dialog(name, title, body, [submit(t("save"))]);
}

function discount(receipt) {
  const body = [
    choice(
      "kind",
      t("discount"),
      [
        ["percent", t("in_percent")],
        ["cents", t("in_euro")],
      ],
      state.draft.kind,
    ),
    value(t(state.draft.kind === "percent" ? "in_percent" : "in_euro")),
    wrong(),
    trouble(),
    digits("draft.value"),
  ];
  return dialog("discount", t("discount"), body, [
    receipt.discount && button("remove-discount", t("remove_discount"), { class: "secondary wide" }),
    submit(t("save")),
  ]);
}

/** What was given: cents, or null while it cannot be read. */
export function givenCents() {
  return state.draft.given === "" ? 0 : parseCents(state.draft.given);
}

/** What the cash panel comes to: the change, or why it cannot be completed yet. */
export function cashState(receipt) {
  if (receipt.due < 0) return { change: 0, why: null };
  const given = givenCents();
  if (given === null || given < 0) return { change: 0, why: t("amount_wrong") };
  if (given === 0) return { change: 0, why: t("why_given") };
  const change = given - receipt.due;
  return { change, why: change < 0 ? t("why_missing", { amount: money(-change) }) : null };
}

function cash(receipt) {
  const out = receipt.due < 0;
  const { change, why } = cashState(receipt);
  const completing = state.busy > 0 || state.waiting;
  const body = [
    h(
      "p",
      { class: "cash-due" },
      h("span", {}, t(out ? "to_pay_out" : "to_pay")),
      h("strong", {}, money(out ? -receipt.due : receipt.due)),
    ),
    !out && cashEntry(),
    trouble(),
    waiting(),
  ];
  const foot = [
    !out && h("div", { class: "cash-change", "aria-live": "polite" }, comesTo(change, why)),
    submit(completing ? t("completing") : t("complete"), {
      class: "primary wide pay",
      "data-key": "complete",
      disabled: why !== null || completing || !state.online,
      "aria-describedby": why === null ? null : "cash-why",
    }),
  ];
  return dialog("cash", t(out ? "pay_out_title" : "cash_title"), body, foot);
}

function comesTo(change, why) {
  if (why !== null) return h("p", { class: "cash-why", id: "cash-why" }, why);
  return h(
    "p",
    { class: "cash-back" },
    h("span", {}, t("change")),
    h("strong", { id: "change" }, money(change)),
  );
}

function cashEntry() {
  return [
    entry("draft.given", t("given"), state.draft.given, { autofocus: true }),
    h(
      "div",
      { class: "notes", role: "group", "aria-label": t("given") },
      button("given-exact", t("exact"), { class: "key note" }),
      NOTES.map((euros) =>
        button("given-note", note(euros), {
          class: "key note",
          "data-key": `note-${euros}`,
          "data-cents": euros * 100,
        }),
      ),
    ),
    digits("draft.given"),
  ];
}

function abort(receipt) {
  const other = state.draft.reason === "reason_other";
  const body = [
    h("p", { class: "about" }, t("abort_lead")),
    receipt.paid !== 0 &&
      h("p", { class: "notice failed" }, t("abort_money", { amount: money(receipt.paid) })),
    choice("reason", t("reason"), REASONS.map((name) => [name, t(name)]), state.draft.reason),
    other &&
      field("draft.other", t("reason_other"), state.draft.other, { maxlength: 500, autofocus: true }),
    wrong(),
    trouble(),
  ];
  return dialog("abort", t("abort_title"), body, [
    button("close-panel", t("keep"), { class: "secondary wide" }),
    submit(t("abort_now"), { class: "primary wide destructive" }),
  ]);
}
