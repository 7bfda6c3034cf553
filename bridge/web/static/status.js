// The status page: the box renders it, the script keeps it fresh.

import { Problem, call } from "./api.js";
import { follow, toast } from "./follow.js";
import { t } from "./setup.js";

/** Starts the page. */
export function start() {
  follow(() => "/status/board");

  document.addEventListener("click", async (event) => {
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
}
