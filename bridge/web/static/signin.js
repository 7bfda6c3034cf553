// The sign-in page.

import { Problem, call } from "./api.js";
import { h, morph } from "./dom.js";
import { t } from "./setup.js";

/** Starts the page. */
export function start() {
  const form = document.getElementById("signin");
  const input = document.getElementById("token");
  const place = document.getElementById("signin-error");
  const submit = form.querySelector("button[type=submit]");

  function tell(title, advice) {
    morph(place, [
      h("div", { class: "notice failed" }, h("strong", {}, title), advice && h("p", {}, advice)),
    ]);
    input.setAttribute("aria-invalid", "true");
    input.focus();
    input.select();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const token = input.value.trim();
    if (!token) {
      tell(t("token_missing"));
      return;
    }
    submit.disabled = true;
    try {
      await call("POST", "/session", { body: { token } });
      location.reload();
    } catch (error) {
      if (error instanceof Problem) tell(error.title, error.advice);
      else tell(t("connection_lost"), t("retry_now"));
    } finally {
      submit.disabled = false;
    }
  });
}
