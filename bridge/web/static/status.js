// The status page: the box renders it, the script keeps it fresh.

import { Problem, call } from "./api.js";
import { h, morph, show } from "./dom.js";
import { Live } from "./live.js";
import { t } from "./setup.js";

const TOAST_MS = 8_000;

/** Starts the page. */
export function start() {
  const board = document.getElementById("board");
  const banner = document.getElementById("banner");
  const toasts = document.getElementById("toasts");
  let live = null;

  async function refresh() {
    show(board, await call("GET", "/status/board"));
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

  function toast(text) {
    const made = h("div", { class: "toast" }, text);
    toasts.append(made);
    setTimeout(() => made.remove(), TOAST_MS);
  }

  document.addEventListener("click", async (event) => {
    if (event.target.closest("[data-action=retry-now]")) live.now();
    const target = event.target.closest("[data-action=connect]");
    if (target === null) return;
    target.disabled = true;
    try {
      await call("POST", "/v1/links/connect");
      toast(t("connect_asked"));
    } catch (error) {
      toast(error instanceof Problem ? `${error.title}. ${error.advice}` : t("connection_lost"));
    } finally {
      target.disabled = false;
    }
  });

  live = new Live({ refresh, state });
}
