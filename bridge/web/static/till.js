// The till page: where things are drawn, what taps do, what the box tells.

import * as actions from "./actions.js";
import { call } from "./api.js";
import { h, morph, openDialogs, show } from "./dom.js";
import { doneView } from "./done_view.js";
import { goOn } from "./ends.js";
import { listView } from "./list_view.js";
import { Live } from "./live.js";
import { panel } from "./panels.js";
import { button, origin } from "./parts.js";
import { onWidth, padBeside, receiptView } from "./receipt_view.js";
import { settleDialog } from "./settle_view.js";
import { setup, t } from "./setup.js";
import { changed, drawnBy, state } from "./state.js";
import { entered, isOpen, page, reload } from "./work.js";

const AGES_MS = 15_000;
const FRESH_MS = 20_000;
const TOAST_MS = 6_000;
const RECENT = 5;

const content = document.getElementById("content");
const banner = document.getElementById("banner");
const strip = document.getElementById("strip");
const toasts = document.getElementById("toasts");

let live = null;

function draw() {
  morph(banner, state.online ? [] : [lostBanner()]);
  if (state.route.view === "list") {
    morph(content, [...listView(), state.panel === "settle" && settleDialog(null)].filter(Boolean));
    openDialogs();
    document.title = title(t("open_receipts"), state.open?.length ?? 0);
    return;
  }
  const { receipt } = state;
  if (receipt === null) {
    morph(content, [state.unknown === null ? h("p", { class: "loading" }, t("loading")) : lost()]);
    return;
  }
  const open = isOpen(receipt);
  if (state.panel === "amount" && padBeside()) state.panel = null;
  const dialog = open ? panel(receipt) : null;
  morph(content, [...(open ? receiptView(receipt) : doneView(receipt)), dialog].filter(Boolean));
  openDialogs();
  document.title = title(receipt.belegnummer ?? receipt.reference ?? t("new_receipt"), 0);
}

const shop = document.title.split(" · ").slice(1).join(" · ");

function title(text, count) {
  return `${count ? `(${count}) ` : ""}${text} · ${shop}`;
}

function lostBanner() {
  return h(
    "div",
    { class: "lost", role: "alert", "data-key": "lost" },
    h("div", {}, h("strong", {}, t("connection_lost")), " ", t("connection_retry")),
    button("retry-now", t("retry_now"), { class: "secondary" }),
  );
}

function lost() {
  return h(
    "div",
    { class: "card empty" },
    h("h2", {}, state.unknown.title),
    h("p", {}, state.unknown.advice),
    h("a", { class: "primary button", href: "#" }, t("back_to_list")),
  );
}

/** Says something in passing. Where the page shows it anyway it is for screen readers only. */
function toast(text, { href = null, shown = false } = {}) {
  const looks = shown ? "silent" : "toast";
  const made = h("div", { class: looks }, h("span", {}, text), href && h("a", { href }, t("look")));
  toasts.append(made);
  made.addEventListener("click", () => made.remove());
  setTimeout(() => made.remove(), TOAST_MS);
}

/** Takes away what was said of receipts that can be seen now. */
function seen() {
  for (const link of toasts.querySelectorAll("a")) {
    const here = state.route.view === "list" || link.hash === location.hash;
    if (here) link.parentElement.remove();
  }
}

const unfolded = new WeakSet();

/** Shows the advice of notices where there is room for it: on the list, on a wide screen. */
function unfold(all) {
  for (const notice of strip.querySelectorAll("details")) {
    if (all || !unfolded.has(notice)) notice.open = state.route.view === "list" && padBeside();
    unfolded.add(notice);
  }
}

// What the box tells

async function refresh(kinds) {
  const recent = kinds === null || kinds.has("receipt.completed");
  const [html, open, ended] = await Promise.all([
    call("GET", document.hidden ? "/strip?away" : "/strip"),
    call("GET", "/v1/receipts?state=open"),
    recent ? call("GET", "/v1/receipts?state=completed&limit=20") : null,
    state.route.id === null ? null : reload(),
  ]);
  show(strip, html);
  // A new day has new tax rates, a new version new scripts: nothing is lost on the list.
  const { build } = strip.firstElementChild.dataset;
  const idle = state.route.view === "list" && state.panel === null;
  if (build !== setup.build && idle) location.reload();
  unfold(false);
  arrive(open.receipts);
  if (ended !== null) state.recent = ended.receipts.filter(sold).slice(0, RECENT);
  changed();
}

const sold = (receipt) => receipt.line_count > 0;

function arrive(receipts) {
  const known = state.open === null ? null : new Set(state.open.map((each) => each.id));
  state.open = receipts;
  if (known === null) return;
  for (const receipt of receipts) {
    if (known.has(receipt.id) || receipt.origin === "operator") continue;
    state.fresh.add(receipt.id);
    setTimeout(() => {
      state.fresh.delete(receipt.id);
      changed();
    }, FRESH_MS);
    const values = { origin: origin(receipt), reference: receipt.reference ?? t("no_reference") };
    const shown = state.route.id === null;
    toast(t("pushed", values), shown ? { shown } : { href: `#receipt/${receipt.id}` });
  }
}

function connection(online, first) {
  state.online = online;
  if (online) {
    if (!first) toast(t("connection_back"));
    goOn();
  }
  changed();
}

// Where we are

function route() {
  const found = /^#receipt\/([\w-]+)$/.exec(location.hash);
  state.route = found ? { view: "receipt", id: found[1] } : { view: "list", id: null };
  entered();
  unfold(true);
  seen();
  changed();
  live?.soon();
  if (live?.online) goOn();
  content.focus({ preventScroll: true });
  scrollTo(0, 0);
}

// What the person does

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-action]");
  if (target === null) return;
  const { action, ...data } = target.dataset;
  if (action === "retry-now") live.now();
  else actions.tapped(action, data);
});

document.addEventListener("submit", (event) => {
  const { submit } = event.target.dataset;
  if (submit === undefined) return;
  event.preventDefault();
  actions.submitted(submit);
});

document.addEventListener("input", (event) => {
  const { into } = event.target.dataset;
  if (into !== undefined) actions.typed(into, event.target.value);
});

document.addEventListener("change", (event) => {
  if (event.target.dataset.change === "register") actions.registerChosen(event.target.value);
});

// Escape closes a dialog by itself: what the page knows has to follow.
document.addEventListener("cancel", (event) => {
  if (event.target.nodeName !== "DIALOG") return;
  event.preventDefault();
  actions.tapped("close-panel", {});
}, true);

/** Starts the page. */
export function start() {
  drawnBy(draw);
  Object.assign(page, { toast, soon: () => live.soon(), lost: () => live.lost() });
  onWidth(changed);
  addEventListener("hashchange", route);
  route();
  live = new Live({ refresh, state: connection });
  setInterval(changed, AGES_MS);
}
