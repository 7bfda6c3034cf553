// The list of open receipts.

import { h } from "./dom.js";
import { button, items, money, notice, origin, trouble } from "./parts.js";
import { age, setup, t } from "./setup.js";
import { state } from "./state.js";

/** Returns the view. */
export function listView() {
  return [
    h(
      "div",
      { class: "list-head", "data-key": "list-head" },
      h("h1", {}, t("open_receipts")),
      h("div", { class: "list-actions" }, registers(), settle(), newReceipt()),
    ),
    notice(),
    trouble(),
    receipts(),
    recent(),
  ].filter(Boolean);
}

function newReceipt() {
  return button("new-receipt", t("new_receipt"), {
    class: "primary",
    disabled: state.busy > 0 || !state.online,
  });
}

function settle() {
  if (setup.settling.vendors.length === 0) return null;
  return button("ask-settle", t("settle"), { disabled: state.busy > 0 || !state.online });
}

function registers() {
  if (setup.registers.length < 2) return null;
  return h(
    "label",
    { class: "register-choice" },
    h("span", {}, t("register")),
    h(
      "select",
      { "data-change": "register" },
      setup.registers.map(({ id }) =>
        h("option", { value: id, selected: id === state.register }, id),
      ),
    ),
  );
}

function receipts() {
  if (state.open === null) {
    return h("p", { class: "loading", "data-key": "loading" }, t("loading"));
  }
  if (state.open.length === 0) {
    return h(
      "div",
      { class: "card empty", "data-key": "empty" },
      h("h2", {}, t("empty_title")),
      h("p", {}, t("empty_text")),
    );
  }
  return h("ul", { class: "receipts", "data-key": "receipts" }, state.open.map(card));
}

function card(receipt) {
  const fresh = state.fresh.has(receipt.id);
  return h(
    "li",
    { "data-key": receipt.id },
    h(
      "a",
      { class: fresh ? "card receipt-card fresh" : "card receipt-card", href: `#receipt/${receipt.id}` },
      h(
        "span",
        { class: "receipt-from" },
        h("span", { class: "badge" }, origin(receipt)),
        fresh && h("span", { class: "badge new" }, t("new_mark")),
        receipt.state === "paying" && h("span", { class: "badge paying" }, t("being_paid")),
        setup.registers.length > 1 &&
          h("span", { class: "badge plain" }, `${t("register")} ${receipt.register}`),
      ),
      h("span", { class: "receipt-name" }, nameOf(receipt)),
      h("span", { class: "receipt-facts" }, `${items(receipt.line_count)} · ${age(receipt.opened)}`),
      h("span", { class: "receipt-total" }, money(receipt.total)),
    ),
  );
}

function nameOf(receipt) {
  const none = receipt.origin === "operator" ? "receipt" : "no_reference";
  return receipt.reference ?? receipt.note ?? t(none);
}

function recent() {
  if (state.recent.length === 0) return null;
  return h(
    "section",
    { class: "recent", "data-key": "recent", "aria-label": t("recent") },
    h("h2", {}, t("recent")),
    h(
      "ul",
      {},
      state.recent.map((receipt) =>
        h(
          "li",
          { "data-key": receipt.id },
          h(
            "a",
            { class: "recent-row", href: `#receipt/${receipt.id}` },
            h("span", {}, `${t("receipt")} ${receipt.belegnummer}`),
            h("span", { class: "recent-name" }, receipt.reference ?? origin(receipt)),
            h("span", { class: "recent-total" }, money(receipt.total)),
          ),
        ),
      ),
    ),
  );
}
