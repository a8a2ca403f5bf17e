// The broker's HTTP API: JSON in, JSON or problem+json out, every failure with a reason.

import { Reason } from "../wire/constants.js";

/** @import {FailureReason, ReasonLabel, SessionStateLabel} from "../types.js" */

/** @typedef {{id: string, kind: string, names: Record<string, string>, players: {max: number},
 *    touch: {mode: "pointer" | "pad", controls: string[]}}} Title */
/** @typedef {{session_id: string, title_id: string, title_name?: string, state: SessionStateLabel,
 *    reason?: ReasonLabel | null, detail?: string}} SessionView */

/** A request that did not bring what was asked for. */
export class ApiError extends Error {
  /**
   * @param {FailureReason} reason
   * @param {string} detail
   */
  constructor(reason, detail) {
    super(`${reason}: ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}

const TIMEOUT_MS = 8_000;
const REASONS = /** @type {ReadonlySet<string>} */ (new Set(Object.values(Reason)));

/**
 * @param {"GET" | "POST"} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>} The answer's JSON, null if it has none.
 * @throws {ApiError} `unreachable` if no answer came, else the answer's reason.
 */
async function ask(method, path, body) {
  /** @type {RequestInit} */
  const init = { method, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) };
  if (body !== undefined) {
    init.headers = { "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const response = await fetch(`/api/v1${path}`, init).catch((error) => {
    throw new ApiError("unreachable", String(error));
  });
  const text = await response.text().catch(() => "");
  if (response.ok) return text === "" ? null : JSON.parse(text);
  throw problem(response.status, text);
}

/**
 * @param {number} status
 * @param {string} text
 */
function problem(status, text) {
  try {
    const { reason, detail } = JSON.parse(text);
    if (REASONS.has(reason)) return new ApiError(reason, String(detail ?? ""));
  } catch {
    // Not from the broker itself: a proxy on the way answers in HTML.
  }
  if (status === 502 || status === 503 || status === 504) return new ApiError("unreachable", `HTTP ${status}`);
  if (status === 401) return new ApiError(Reason.NOT_SIGNED_IN, "");
  if (status === 404) return new ApiError(Reason.NOT_FOUND, "");
  return new ApiError(Reason.INTERNAL, `HTTP ${status}`);
}

export const api = {
  /** @param {string} token From the sign-in link. @returns {Promise<null>} */
  signIn: (token) => ask("POST", "/sign-in/link", { token }),
  /** @returns {Promise<{player_id: string, roles: string[]}>} */
  me: () => ask("GET", "/me"),
  /** @returns {Promise<{titles: Title[]}>} */
  titles: () => ask("GET", "/titles"),
  /** @param {string} titleId @returns {Promise<SessionView & {created: boolean}>} */
  createSession: (titleId) => ask("POST", "/sessions", { title_id: titleId }),
  /** @param {string} sessionId @returns {Promise<SessionView>} */
  session: (sessionId) => ask("GET", `/sessions/${encodeURIComponent(sessionId)}`),
};

/**
 * The reason of anything that a request may throw.
 * @param {unknown} error
 * @returns {{reason: FailureReason, detail: string}}
 */
export function failureOf(error) {
  if (error instanceof ApiError) return { reason: error.reason, detail: error.detail };
  return { reason: Reason.INTERNAL, detail: String(error) };
}
