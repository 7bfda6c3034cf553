// Pieces that several views use.

import { h } from "./dom.js";
import { formatMoney } from "./money.js";
import { setup, t } from "./setup.js";
import { state } from "./state.js";

/** An amount in the language of the page; a dash while there is none. */
export const money = (cents) => (cents === null ? "–" : formatMoney(cents, setup.language));

/** Who asked for a receipt, in words. */
export function origin(receipt) {
  if (receipt.origin === "operator") return t("from_operator");
  return receipt.origin.startsWith("api:") ? receipt.origin.slice(4) : receipt.origin;
}

/** The title of a vendor whose invoices are paid here; its name if it is not any more. */
export function vendorTitle(name) {
  return setup.settling.vendors.find((each) => each.name === name)?.title ?? name;
}

/** The invoice that a line is the payment of, in words. */
export function settled({ vendor, invoice }) {
  return t("settle_line", { vendor: vendorTitle(vendor), invoice });
}

/** A number of items in words. */
export function items(count) {
  return count === 1 ? t("lines_one") : t("lines_many", { count });
}

/** A button that an action answers. `more` are further attributes. */
export function button(action, label, more = {}) {
  const { class: looks = "secondary", ...rest } = more;
  return h("button", { type: "button", class: looks, "data-action": action, ...rest }, label);
}

/** The problem of the last action, with what to do. */
export function trouble() {
  const found = state.trouble;
  if (found === null) return null;
  return h(
    "div",
    { class: "notice failed", role: "alert", "data-key": "trouble" },
    h("strong", {}, found.title),
    h("p", {}, found.advice),
    found.detail && h("p", { class: "detail", lang: "en" }, found.detail),
    button("dismiss", "×", { class: "close", "aria-label": t("dismiss") }),
  );
}

/** What happened elsewhere. */
export function notice() {
  if (state.notice === null) return null;
  return h(
    "div",
    { class: "notice told", role: "alert", "data-key": "notice" },
    h("strong", {}, state.notice),
    button("dismiss", "×", { class: "close", "aria-label": t("dismiss") }),
  );
}

/** An attempt to complete has no answer yet. */
export function waiting() {
  if (!state.waiting) return null;
  return h("p", { class: "notice told", role: "status", "data-key": "waiting" }, t("attempt_waits"));
}

const KEYS = ["7", "8", "9", "4", "5", "6", "1", "2", "3", ",", "0", "back"];

/** Digits for an input of a draft: `into` names it as `data-into` does. */
export function digits(into) {
  const separator = setup.language === "de" ? "," : ".";
  const keys = KEYS.map((key) => {
    if (key === "back") {
      return button("key", "⌫", {
        class: "key",
        "data-key": "key-back",
        "data-value": "back",
        "data-into": into,
        "aria-label": t("key_back"),
      });
    }
    const label = key === "," ? separator : key;
    return button("key", label, {
      class: "key",
      "data-key": `key-${key}`,
      "data-value": label,
      "data-into": into,
    });
  });
  return h("div", { class: "digits", role: "group", "aria-label": t("keys") }, keys);
}

/** A dialog. `foot` stays in sight; a form inside answers Enter. */
export function dialog(name, title, body, foot) {
  return h(
    "dialog",
    { class: `sheet sheet-${name}`, "data-key": `dialog-${name}`, "aria-labelledby": "dialog-title" },
    h(
      "form",
      { class: "sheet-form", "data-submit": name, novalidate: true },
      h(
        "header",
        { class: "sheet-head" },
        h("h2", { id: "dialog-title" }, title),
        button("close-panel", "×", { class: "close", "aria-label": t("cancel") }),
      ),
      h("div", { class: "sheet-body" }, body),
      h("footer", { class: "sheet-foot" }, foot),
    ),
  );
}

/** Radio buttons that look like keys. `choices` are pairs of value and label. */
export function choice(name, legend, choices, chosen, into = "draft") {
  return h(
    "fieldset",
    { class: "choice" },
    h("legend", {}, legend),
    h(
      "div",
      { class: "choices" },
      choices.map(([value, label]) =>
        h(
          "label",
          { class: "choice-key", "data-key": `${name}-${value}` },
          h("input", {
            type: "radio",
            name: `${into}-${name}`,
            value,
            "data-into": `${into}.${name}`,
            checked: value === chosen,
          }),
          h("span", {}, label),
        ),
      ),
    ),
  );
}

/** A labelled input of a draft. */
export function field(into, label, value, more = {}) {
  return labelled("field", into, label, value, more);
}

/** A labelled input for an amount or another number, large, for the digits below it. */
export function entry(into, label, value, more = {}) {
  return labelled("field entry", into, label, value, { inputmode: "none", ...more });
}

function labelled(looks, into, label, value, more) {
  const id = `field-${into.replace(".", "-")}`;
  return h(
    "div",
    { class: looks },
    h("label", { for: id }, label),
    h("input", { id, value, "data-into": into, autocomplete: "off", ...more }),
  );
}
