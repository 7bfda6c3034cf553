// What every page has: the switch of the language, signing out.

import { call } from "./api.js";
import { setup } from "./setup.js";

const YEAR_S = 31_536_000;

/** Answers the buttons of the corner. `setup.cookie` names the cookie that the box reads. */
export function corner() {
  document.addEventListener("click", async (event) => {
    const action = event.target.closest("[data-action]")?.dataset.action;
    if (action === "language") {
      const other = setup.language === "de" ? "en" : "de";
      document.cookie = `${setup.cookie}=${other}; Path=/; Max-Age=${YEAR_S}; SameSite=Strict`;
      location.reload();
    } else if (action === "sign-out") {
      await call("DELETE", "/session");
      location.assign("/");
    }
  });
}
