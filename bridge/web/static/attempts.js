// Attempts that must have their effect once: each keeps its key until the box has answered, across
// double taps, lost answers and reloads of the page.

import { newKey } from "./api.js";

const place = (action, receipt) => `bonbridge.${action}.${receipt}`;

/** How long an attempt without answer is the same one when it is made again. */
export const LASTS_MS = 15 * 60_000;

/** Returns the attempt under way for this action and body, or a new one. */
export function begin(action, receipt, body) {
  const kept = pending(action, receipt);
  const same = kept !== null && JSON.stringify(kept.body) === JSON.stringify(body);
  if (same && Date.now() - kept.at <= LASTS_MS) return kept;
  const attempt = { key: newKey(), body, at: Date.now() };
  sessionStorage.setItem(place(action, receipt), JSON.stringify(attempt));
  return attempt;
}

/** Returns the attempt that has no answer yet, or null. */
export function pending(action, receipt) {
  const kept = sessionStorage.getItem(place(action, receipt));
  return kept === null ? null : JSON.parse(kept);
}

/** Forgets an attempt: the box has answered. */
export function answered(action, receipt) {
  sessionStorage.removeItem(place(action, receipt));
}
