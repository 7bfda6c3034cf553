// The dialog in which a vendor's open invoice is put on the receipt.

import { h } from "./dom.js";
import { parseCents } from "./money.js";
import { button, choice, dialog, digits, entry, field, money, trouble, vendorTitle } from "./parts.js";
import { setup, t } from "./setup.js";
import { state } from "./state.js";

const EURO = "EUR";

/** Returns what the dialog comes to: the `invoice` as the vendor names it, the amount in `cents`;
 *  `ready`: nothing has to be looked up any more; `closed` says why the invoice takes no payment
 *  here, `why` also what is wrong with the amount; null: nothing. */
export function decided(receipt) {
  const { vendor, invoice: typed, answer, value } = state.draft;
  const { look_up: lookUp } = setup.settling.vendors.find((each) => each.name === vendor);
  const invoice = answer?.found?.invoice || typed.trim();
  const ready = lookUp === null || answer !== null;
  const cents = parseCents(value);
  const closed = ready ? closedBy(vendor, invoice, answer, receipt) : null;
  const why = closed ?? (ready ? wrongAmount(cents, answer?.found) : null);
  return { invoice, cents, ready, closed, why };
}

function closedBy(vendor, invoice, answer, receipt) {
  const title = vendorTitle(vendor);
  if (answer?.unknown) return t("settle_why_unknown", { vendor: title, invoice });
  const twice = (each) => each.settles?.vendor === vendor && each.settles.invoice === invoice;
  if (receipt?.lines.some(twice)) return t("settle_why_twice");
  const found = answer?.found;
  if (!found) return null;
  if (found.state === "paid") return t("settle_why_paid");
  if (found.state === "cancelled") return t("settle_why_cancelled");
  if (found.locked) return t("settle_why_locked", { vendor: title });
  const { currency, open_cents: open } = found;
  if (currency && currency !== EURO) return t("settle_why_currency", { currency });
  return Number.isInteger(open) && open <= 0 ? t("settle_why_nothing") : null;
}

function wrongAmount(cents, found) {
  if (cents === null || cents <= 0) return t("amount_wrong");
  const open = found?.open_cents;
  return Number.isInteger(open) && cents > open ? t("settle_why_more", { amount: money(open) }) : null;
}

/** Returns the dialog; `receipt` is null where it will be a new one. */
export function settleDialog(receipt) {
  const { draft } = state;
  const { ready, closed, cents, why } = decided(receipt);
  const amount = ready && closed === null;
  const body = [
    vendors(),
    number(closed !== null),
    draft.wrong && h("p", { class: "wrong", role: "alert" }, draft.wrong),
    ...about(closed),
    amount && entry("draft.value", t("amount"), draft.value, { enterkeyhint: "done" }),
    amount && why !== null && h("p", { class: draft.value ? "wrong" : "hint", id: "settle-why" }, why),
    amount && why === null && rest(cents),
    trouble(),
    amount && digits("draft.value"),
  ].filter(Boolean);
  return dialog("settle", t("settle"), body, [next(ready, closed, why)]);
}

function vendors() {
  const all = setup.settling.vendors;
  if (all.length === 1) return h("p", { class: "about" }, `${t("settle_vendor")} ${all[0].title}`);
  const choices = all.map(({ name, title }) => [name, title]);
  return choice("vendor", t("settle_vendor"), choices, state.draft.vendor);
}

function number(wrong) {
  return field("draft.invoice", t("settle_number"), state.draft.invoice, {
    autofocus: true,
    maxlength: 64,
    placeholder: t("settle_number_hint"),
    autocapitalize: "off",
    autocorrect: "off",
    spellcheck: "false",
    enterkeyhint: "search",
    "aria-invalid": wrong || state.draft.wrong ? "true" : null,
  });
}

function about(closed) {
  const { vendor, answer } = state.draft;
  const title = vendorTitle(vendor);
  const { look_up: lookUp } = setup.settling.vendors.find((each) => each.name === vendor);
  const no = closed && h("p", { class: "notice failed", role: "alert", id: "settle-why" }, closed);
  if (answer?.found) return [invoiceCard(answer.found), no];
  if (closed !== null) return [no];
  if (answer !== null) return [notChecked(title, answer.problem)];
  return [lookUp === null && h("p", { class: "hint" }, t("settle_blind_hint", { vendor: title }))];
}

function invoiceCard({ invoice, customer, state: stands, total_cents: total, open_cents: open }) {
  const known = `settle_state.${stands}` in setup.texts;
  return h(
    "section",
    { class: "invoice", "data-key": "invoice", "aria-live": "polite" },
    h(
      "p",
      { class: "invoice-head" },
      h("strong", {}, t("settle_invoice", { invoice: invoice ?? state.draft.invoice.trim() })),
      known && h("span", { class: `badge invoice-${stands}` }, t(`settle_state.${stands}`)),
    ),
    h(
      "dl",
      { class: "pairs" },
      pair(t("settle_customer"), customer ?? t("settle_no_customer")),
      pair(t("settle_total"), money(total ?? null)),
      pair(t("settle_open"), money(open ?? null)),
    ),
  );
}

const pair = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

function notChecked(vendor, problem) {
  return h(
    "div",
    { class: "notice degraded", role: "alert", "data-key": "not-checked" },
    h("strong", {}, problem ? `${vendor}: ${problem.title}` : t("settle_silent", { vendor })),
    h("p", {}, t("settle_by_hand")),
    button("settle-again", t("settle_try_again"), { class: "secondary" }),
  );
}

function rest(cents) {
  const left = (state.draft.answer?.found?.open_cents ?? cents) - cents;
  return left > 0 && h("p", { class: "hint" }, t("settle_part", { amount: money(left) }));
}

/** While there is no amount yet, the button (and Enter, as a scanner sends it) leads to it. */
function next(ready, closed, why) {
  const looking = state.draft.asked !== null;
  const refused = closed !== null || (why !== null && state.draft.value !== "");
  const label = looking ? "settle_looking" : ready ? "settle_add" : "settle_look_up";
  return h(
    "button",
    {
      type: "submit",
      class: "primary wide",
      "data-key": "next",
      disabled: looking || refused || state.busy > 0 || !state.online,
      "aria-describedby": why === null ? null : "settle-why",
    },
    t(label),
  );
}
