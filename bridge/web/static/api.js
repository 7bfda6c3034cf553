// Calls of the local API. Whatever goes wrong is either a Problem, which the box answered, or
// Offline: nobody knows whether the call arrived.

import { setup, t } from "./setup.js";

const SLOW_MS = 30_000; // longer than the till may queue for a card and sign

/** What the box answered instead of doing it (RFC 9457), in the language of the page. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.title ?? t("unexpected"));
    this.status = status;
    this.code = body.code ?? "";
    this.title = body.title ?? t("unexpected");
    this.advice = body.advice ?? t("unexpected_advice");
    this.detail = body.detail ?? "";
    this.vendorStatus = body.vendor_status ?? null; // what a vendor answered the box
  }

  /** Whether the box says for sure that nothing happened. */
  get sure() {
    return this.code !== "" && this.status !== 500;
  }
}

/** No answer came. */
export class Offline extends Error {}

/** Calls the box and returns what it answered: JSON or a text. `patience` is how long to wait for
 *  it, in milliseconds. */
export async function call(method, path, { body, key, patience = SLOW_MS } = {}) {
  const headers = { "Accept-Language": setup.language };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key !== undefined) headers["Idempotency-Key"] = key;
  let response;
  let text;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(patience),
    });
    text = await response.text();
  } catch (error) {
    throw new Offline(error.message);
  }
  const answer = /json/.test(response.headers.get("Content-Type") ?? "") ? parsed(text) : text;
  if (!response.ok) {
    if (response.status === 401 && document.body.dataset.page !== "signin") location.reload();
    throw new Problem(response.status, answer);
  }
  return answer;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(0, {});
  }
}

/** Returns a new idempotency key. (`randomUUID` exists on https pages only.) */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
