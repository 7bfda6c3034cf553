// What the box told the page when it was loaded: language, texts, registers.

export const setup = JSON.parse(document.body.dataset.setup);

/** Returns a text of the page's language; `{name}` is replaced by what `values` says. */
export function t(name, values = {}) {
  const text = setup.texts[name];
  if (text === undefined) throw new Error(`no text ${name}`);
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

const skew = setup.now === undefined ? 0 : setup.now - Date.now();

/** Returns the box's clock, UTC milliseconds: tablets are often minutes off. */
export function now() {
  return Date.now() + skew;
}

/** Returns how long ago something was, in words. */
export function age(utcMs) {
  const minutes = Math.max(0, Math.trunc((now() - utcMs) / 60000));
  if (minutes < 1) return t("age_now");
  if (minutes < 60) return t("age_minutes", { count: minutes });
  const hours = Math.trunc(minutes / 60);
  if (hours < 24) return t("age_hours", { count: hours });
  const days = Math.trunc(hours / 24);
  return days === 1 ? t("age_day") : t("age_days", { count: days });
}
