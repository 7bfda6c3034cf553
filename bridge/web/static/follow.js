// What pages have that the box renders and a script keeps fresh.

import { call } from "./api.js";
import { h, morph, show } from "./dom.js";
import { Live } from "./live.js";
import { t } from "./setup.js";

const TOAST_MS = 8_000;

/** Shows a text for a moment. */
export function toast(text) {
  const made = h("div", { class: "toast" }, text);
  document.getElementById("toasts").append(made);
  setTimeout(() => made.remove(), TOAST_MS);
}

/** Keeps `#board` as the box renders it at `address()`, and tells when the box is gone. Of events
 *  only those named `kind` matter, if it is given. */
export function follow(address, kind) {
  const board = document.getElementById("board");
  const banner = document.getElementById("banner");

  async function refresh(kinds) {
    if (kind !== undefined && kinds !== null && !kinds.has(kind)) return;
    show(board, await call("GET", address()));
  }

  function state(online) {
    const lost = h(
      "div",
      { class: "lost", role: "alert" },
      h("div", {}, h("strong", {}, t("connection_lost")), " ", t("connection_retry")),
      h("button", { type: "button", class: "secondary", "data-action": "retry-now" }, t("retry_now")),
    );
    morph(banner, online ? [] : [lost]);
  }

  const live = new Live({ refresh, state });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-action=retry-now]")) live.now();
  });
  return live;
}
