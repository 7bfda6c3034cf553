// One open receipt: its lines, the amount pad, the total.

import { h } from "./dom.js";
import { formatCents, formatPercent, formatQuantity } from "./money.js";
import {
  button,
  choice,
  dialog,
  digits,
  entry,
  field,
  items,
  money,
  notice,
  origin,
  settled,
  trouble,
  waiting,
} from "./parts.js";
import { age, setup, t } from "./setup.js";
import { registerNamed, state } from "./state.js";

const wide = matchMedia("(min-width: 960px)");

/** Calls back when the screen becomes wide or narrow: the pad then moves. */
export function onWidth(callback) {
  wide.addEventListener("change", callback);
}

/** Whether the amount pad stands beside the lines. */
export const padBeside = () => wide.matches;

/** Returns the view. */
export function receiptView(receipt) {
  return [
    h(
      "div",
      { class: "sale", "data-key": "sale" },
      h("div", { class: "sale-main" }, head(receipt), notice(), trouble(), waiting(), lines(receipt)),
      h(
        "div",
        { class: "sale-side" },
        foot(receipt),
        padBeside() && h("section", { class: "card pad", "aria-label": t("add_amount") }, padForm()),
      ),
    ),
  ];
}

function head(receipt) {
  const facts = [items(receipt.lines.length), age(receipt.opened)];
  if (setup.registers.length > 1) facts.unshift(`${t("register")} ${receipt.register}`);
  return h(
    "div",
    { class: "sale-head", "data-key": "sale-head" },
    h("a", { class: "back", href: "#", "aria-label": t("back_to_list") }, "←"),
    h(
      "div",
      { class: "sale-title" },
      h("span", { class: "badge" }, origin(receipt)),
      h("h1", {}, receipt.reference ?? t("new_receipt")),
      h("p", { class: "facts" }, facts.join(" · ")),
      receipt.customer && h("p", { class: "facts" }, `${t("customer")}: ${receipt.customer.name}`),
      receipt.note && h("p", { class: "facts" }, `${t("note")}: ${receipt.note}`),
    ),
  );
}

function lines(receipt) {
  const discount = discountRow(receipt);
  return h(
    "section",
    { class: "card lines", "data-key": "lines", "aria-label": t("items") },
    receipt.lines.length === 0
      ? h("p", { class: "no-lines" }, t("no_lines"))
      : h("ul", {}, receipt.lines.map(line)),
    discount,
    receipt.payments.map(paymentRow),
  );
}

function line(each) {
  const quantity = state.targets.get(each.n) ?? each.quantity;
  const pending = state.targets.has(each.n);
  const text = each.text;
  return h(
    "li",
    { class: pending ? "line pending" : "line", "data-key": `line-${each.n}` },
    h(
      "div",
      { class: "line-text" },
      h("span", { class: "line-name" }, text),
      each.settles && h("span", { class: "line-invoice" }, settled(each.settles)),
      h(
        "span",
        { class: "line-rate" },
        rateLabel(each.rate),
        each.discount ? ` · ${t("line_discount", { percent: formatPercent(each.discount, setup.language) })}` : "",
      ),
    ),
    h("span", { class: "line-cents" }, formatCents(each.cents, setup.language)),
    h(
      "div",
      { class: "line-tools" },
      // The payment of an invoice is one piece of what was agreed: it is removed, never changed.
      each.settles ? null : [stepper(each, quantity), price(each)],
      button("remove-line", "×", {
        class: "remove",
        "data-key": "remove",
        "data-n": each.n,
        "aria-label": t("remove_line", { text }),
      }),
    ),
  );
}

function stepper({ n, text }, quantity) {
  const shown = formatQuantity(quantity, setup.language);
  return h(
    "div",
    { class: "stepper", role: "group", "aria-label": t("quantity") },
    button("step", "−", {
      class: "step",
      "data-key": "less",
      "data-n": n,
      "data-by": -1,
      "aria-label": t("less", { text }),
      disabled: stepped(quantity, -1) === null,
    }),
    button("ask-quantity", shown, {
      class: "step count",
      "data-key": "count",
      "data-n": n,
      "aria-label": `${t("change_quantity", { text })} (${shown})`,
    }),
    button("step", "+", {
      class: "step",
      "data-key": "more",
      "data-n": n,
      "data-by": 1,
      "aria-label": t("more", { text }),
      disabled: stepped(quantity, 1) === null,
    }),
  );
}

function price({ n, text, unit_cents: cents }) {
  const shown = formatCents(cents, setup.language);
  return button("ask-price", `× ${shown}`, {
    class: "price",
    "data-key": "price",
    "data-n": n,
    "aria-label": `${t("change_price", { text })} (${shown})`,
  });
}

/** Returns a quantity one piece more or less; null where it would end or change its sign. */
export function stepped(quantity, by) {
  const next = quantity + by * 1000;
  return next === 0 || (next < 0) !== (quantity < 0) ? null : next;
}

function rateLabel(name) {
  const rates = setup.registers.flatMap((each) => each.rates);
  return rates.find((rate) => rate.name === name)?.label ?? name;
}

function discountRow(receipt) {
  if (!receipt.discount) return null;
  const { percent, off_cents: off } = receipt.discount;
  const label = percent
    ? t("discount_percent", { percent: formatPercent(percent, setup.language) })
    : t("discount");
  return h(
    "div",
    { class: "extra", "data-key": "discount" },
    h("span", {}, label),
    h("span", { class: "line-cents" }, off === null ? "–" : formatCents(-off, setup.language)),
  );
}

function paymentRow(payment) {
  return h(
    "div",
    { class: "extra", "data-key": `payment-${payment.n}` },
    h("span", {}, payment.kind === "card" ? t("paid_card") : t("paid_cash")),
    button("remove-payment", t("give_back"), { class: "quiet", "data-n": payment.n }),
    h("span", { class: "line-cents" }, formatCents(-payment.cents, setup.language)),
  );
}

/** The amount pad: a form of its own, beside the lines or in a dialog. */
function padForm() {
  return h(
    "form",
    { class: "pad-form", "data-submit": "amount", "data-key": "pad-form", novalidate: true },
    amountField(),
    digits("pad.amount"),
    rateChoice(),
    h("div", { class: "pad-last" }, textField(), padSubmit("secondary")),
  );
}

function amountField() {
  const { amount, wrong } = state.pad;
  return [
    entry("pad.amount", t("amount"), amount, {
      placeholder: formatCents(0, setup.language),
      enterkeyhint: "done",
      "aria-invalid": wrong ? "true" : null,
      "aria-describedby": wrong ? "pad-wrong" : null,
    }),
    wrong && h("p", { id: "pad-wrong", class: "wrong", role: "alert" }, wrong),
  ];
}

function rateChoice() {
  const { rates } = registerNamed(state.receipt.register);
  const choices = rates.map(({ name, label }) => [name, label]);
  return choice("rate", t("rate"), choices, state.pad.rate, "pad");
}

function textField() {
  const more = { maxlength: 200, placeholder: t("default_text") };
  return field("pad.text", t("text"), state.pad.text, more);
}

function padSubmit(looks) {
  return h("button", { type: "submit", class: looks, disabled: !state.online }, t("add"));
}

/** The amount pad as a dialog, on narrow screens. */
export function padDialog() {
  const body = [
    h("div", { class: "pad-form" }, amountField(), digits("pad.amount"), rateChoice(), textField()),
  ];
  return dialog("amount", t("add_amount"), body, [padSubmit("primary wide")]);
}

/** Why the receipt cannot be paid or completed now; null when it can. */
export function whyNot(receipt) {
  if (receipt.fault) return `${receipt.fault.title}. ${receipt.fault.advice}`;
  if (receipt.lines.length === 0) return t("why_empty");
  const overpaid = receipt.payments.length > 0 && (receipt.due < 0 || receipt.paid < 0);
  return overpaid ? t("why_overpaid") : null;
}

function foot(receipt) {
  const why = whyNot(receipt);
  const idle = state.busy === 0 && state.targets.size === 0 && state.online;
  const out = receipt.due < 0;
  const partly = receipt.payments.length > 0;
  const label = receipt.due === 0 && receipt.lines.length > 0
    ? t("complete")
    : t(out ? "pay_out_button" : "cash_button");
  return h(
    "div",
    { class: "card foot", "data-key": "foot" },
    partly &&
      h("p", { class: "foot-row" }, h("span", {}, t("total")), h("span", {}, money(receipt.total))),
    h(
      "p",
      { class: "foot-total" },
      h("span", {}, t(out ? "to_pay_out" : partly ? "to_pay" : "total")),
      h("strong", { id: "total" }, money(out ? -receipt.due : receipt.due)),
    ),
    why && h("p", { class: "why", id: "why" }, why),
    button(receipt.due === 0 ? "complete-paid" : "ask-cash", label, {
      class: "primary pay",
      disabled: why !== null || !idle,
      "aria-describedby": why ? "why" : null,
    }),
    h(
      "div",
      { class: "foot-tools" },
      !padBeside() && button("ask-amount", t("amount"), { class: "secondary" }),
      setup.settling.vendors.length > 0 && button("ask-settle", t("settle"), { class: "secondary" }),
      button("ask-discount", t("discount"), {
        class: "secondary",
        disabled: receipt.lines.every((each) => each.settles),
      }),
      button("ask-abort", t("abort_button"), { class: "secondary danger" }),
    ),
  );
}
