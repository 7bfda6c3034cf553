// A receipt after its end.

import { h } from "./dom.js";
import { button, money, notice, origin, settled, trouble, vendorTitle } from "./parts.js";
import { t } from "./setup.js";
import { registerNamed, state } from "./state.js";

const NOT_ON_PAPER = ["collective", "month"];

/** Returns the view. */
export function doneView(receipt) {
  const content = receipt.state === "completed" ? completed(receipt) : discarded(receipt);
  return [
    h(
      "div",
      { class: "done", "data-key": "done" },
      notice(),
      trouble(),
      h("section", { class: `card result ${receipt.state}` }, content),
      h(
        "div",
        { class: "done-actions" },
        h("a", { class: "primary button wide", href: "#" }, t("back_to_list")),
        receipt.state === "completed" &&
          registerNamed(receipt.register).printer &&
          button("reprint", t("reprint"), {
            class: "secondary wide",
            disabled: state.busy > 0 || !state.online,
          }),
      ),
    ),
  ];
}

function discarded(receipt) {
  return [
    h("h1", {}, t(`${receipt.state}_title`)),
    h("p", { class: "lead" }, receipt.reference ?? origin(receipt)),
    h("p", {}, t(`${receipt.state}_text`)),
  ];
}

function completed(receipt) {
  return [
    h("h1", {}, t("done_title")),
    h(
      "p",
      { class: "result-number" },
      h("span", {}, t("number")),
      h("strong", { id: "number" }, receipt.belegnummer),
    ),
    change(receipt),
    h(
      "dl",
      { class: "result-facts" },
      fact(t("total"), money(receipt.total)),
      receipt.reference && fact(t("reference"), receipt.reference),
      paidInvoices(receipt).map((each) => fact(settled(each.settles), money(each.cents), "paid-invoice")),
    ),
    reported(receipt),
    h(
      "p",
      { class: receipt.signed ? "mark ok" : "mark failed", id: "seal" },
      t(receipt.signed ? "signed" : "not_signed"),
    ),
    !receipt.signed && h("p", { class: "hint" }, t("not_signed_advice")),
    papers(receipt),
  ];
}

function change(receipt) {
  const back = receipt.payments.reduce((sum, each) => sum + (each.change_cents ?? 0), 0);
  const out = receipt.total < 0 ? -receipt.total : 0;
  if (back === 0 && out === 0) return h("p", { class: "result-change none" }, t("no_change"));
  return h(
    "p",
    { class: "result-change" },
    h("span", {}, t(out ? "paid_out" : "change_to_give")),
    h("strong", { id: "change" }, money(out || back)),
  );
}

const paidInvoices = (receipt) => receipt.lines.filter((each) => each.settles);

const TOLD = ["sale", "reentry"]; // by these money changed hands

function reported(receipt) {
  if (!TOLD.includes(receipt.kind)) return null;
  const vendors = new Set(paidInvoices(receipt).map((each) => vendorTitle(each.settles.vendor)));
  return [...vendors].map((vendor) => h("p", { class: "hint" }, t("settle_reported", { vendor })));
}

const fact = (name, value, looks = null) =>
  h("div", { class: looks }, h("dt", {}, name), h("dd", {}, value));

function papers(receipt) {
  if (NOT_ON_PAPER.includes(receipt.kind)) return h("p", { class: "hint" }, t("paper.none"));
  if (!registerNamed(receipt.register).printer) {
    return h("p", { class: "hint" }, t("paper_no_printer"));
  }
  return h("ul", { class: "papers", id: "papers" }, receipt.papers.map((each) => paper(each, receipt)));
}

const ADVICE = {
  due: "paper_due_advice",
  not_printed: "paper_not_printed_advice",
  unknown: "paper_unknown_advice",
};

/** The first paper bears the receipt's id; every other one was wanted as a copy. */
function paper(each, receipt) {
  const advice = ADVICE[each.state];
  const name = t(each.paper === receipt.id ? "paper" : "paper.copy");
  return h(
    "li",
    { class: `paper ${each.state}`, "data-key": each.paper },
    h("strong", {}, `${name}: ${t(`paper.${each.state}`)}`),
    advice && h("p", {}, t(advice)),
  );
}
