// The pages about vendors: the box renders them, the script keeps them fresh and asks twice before
// a person's word counts.

import { Problem, call } from "./api.js";
import { h, morph, openDialogs } from "./dom.js";
import { follow, toast } from "./follow.js";
import { t } from "./setup.js";

const MOST_NOTE = 500;

/** Starts the page. */
export function start() {
  const { fragment } = document.getElementById("board").dataset;
  const sheet = document.getElementById("sheet");
  const live = follow(() => fragment + location.search, "health");

  function close() {
    morph(sheet, []);
  }

  /** Asks once more; `decide(note)` is what the answer brings about. */
  function ask({ run, title, lead, now, danger, noted, decide }) {
    const card = document.querySelector(`[data-question="${CSS.escape(run)}"]`);
    const what = card.querySelector(".question-what") ?? document.querySelector("h1");
    const about = card.querySelector(".pairs")?.cloneNode(true);
    const trouble = h("div", { role: "alert" });
    const note = h("input", { id: "note", maxlength: MOST_NOTE, autocomplete: "off" });
    const submit = h(
      "button",
      { type: "submit", class: `primary wide${danger ? " destructive" : ""}` },
      now,
    );
    const form = h(
      "form",
      { class: "sheet-form", novalidate: true },
      h(
        "header",
        { class: "sheet-head" },
        h("h2", { id: "dialog-title" }, title),
        h(
          "button",
          { type: "button", class: "close", "data-action": "close", "aria-label": t("cancel") },
          "×",
        ),
      ),
      h(
        "div",
        { class: "sheet-body" },
        h("p", {}, h("strong", {}, what.textContent)),
        about,
        h("p", {}, lead),
        noted && h(
          "div",
          { class: "field" },
          h("label", { for: "note" }, t("resolve_note")),
          note,
          h("p", { class: "hint" }, t("resolve_note_hint")),
        ),
        trouble,
      ),
      h("footer", { class: "sheet-foot" }, submit),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      submit.disabled = true;
      try {
        await decide(note.value.replace(/\s+/g, " ").trim());
        close();
      } catch (error) {
        morph(trouble, [told(error)]);
      } finally {
        submit.disabled = false;
      }
    });
    const dialog = h("dialog", { class: "sheet", "aria-labelledby": "dialog-title" }, form);
    dialog.addEventListener("close", close);
    sheet.replaceChildren(dialog);
    openDialogs();
  }

  function told(error) {
    const [title, advice] = error instanceof Problem
      ? [error.title, error.advice]
      : [t("connection_lost"), t("connection_retry")];
    return h("div", { class: "notice failed" }, h("strong", {}, title), h("p", {}, advice));
  }

  const actions = {
    close,
    resolve({ run, outcome }) {
      const done = outcome === "done";
      ask({
        run,
        title: t(done ? "resolve_done_title" : "resolve_not_done_title"),
        lead: t(done ? "resolve_done_lead" : "resolve_not_done_lead"),
        now: t(done ? "resolve_done_now" : "resolve_not_done_now"),
        danger: !done,
        noted: true,
        async decide(note) {
          const body = { outcome, note };
          await call("POST", `/v1/runs/${encodeURIComponent(run)}/resolve`, { body });
          toast(t("resolved_now"));
          live.soon();
        },
      });
    },
    withdraw({ run }) {
      ask({
        run,
        title: t("withdraw_title"),
        lead: t("withdraw_lead"),
        now: t("withdraw_now"),
        danger: true,
        async decide() {
          await call("DELETE", `/v1/runs/${encodeURIComponent(run)}`);
          location.assign("/vendors");
        },
      });
    },
  };

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-action]");
    actions[target?.dataset.action]?.(target.dataset);
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-filter]")?.form;
    if (!form) return;
    const chosen = [...new FormData(form)].filter(([, value]) => value);
    const query = new URLSearchParams(chosen).toString();
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
    live.soon();
  });
}
