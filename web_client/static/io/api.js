// The broker's HTTP API: JSON in, JSON or problem+json out, every failure with a reason.

import { Reason } from "../wire/constants.js";

/** @import {
 *   FailureReason, InvitationKindLabel, PlayedTitle, ReasonLabel, RoleLabel, SessionStateLabel, Title
 * } from "../types.js" */

/** @typedef {{session_id: string, title_id: string, title_name?: string, state: SessionStateLabel,
 *    reason?: ReasonLabel | null, detail?: string}} SessionView */

/** @typedef {{traceparent: string, asked_ms: number, shown_ms: number}} FirstPicture Milliseconds since the click. */
/** @typedef {{player_id: string, roles: string[], guest_of: string | null}} Me A guest takes part in one session. */
/** @typedef {{device_id: string, browser: string, system: string, seen_s_ago: number, current: boolean}} DeviceView */
/** @typedef {{text: string, qr: string[]}} Code A text and its QR code's modules, row by row, `1` for dark. */
/** @typedef {{link_id: string, url: string, qr: string[], expires_in_s: number}} DeviceLink */
/** @import {CheckPlan, OperatorHistory, OperatorOverview, OperatorPool, Region} from "../types.js" */
/** @typedef {{invitation_id: string, kind: InvitationKindLabel, expires_in_s: number, used: boolean}} Invitation */
/** @typedef {Invitation & {path: string, code: Code | null}} NewInvitation No code where no other device gets here. */
/** @typedef {{title_id: string, title_names: Record<string, string>, host_name: string | null,
 *    kind: InvitationKindLabel, free_seat: number | null}} InvitationSeen */

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
 * @param {"GET" | "POST" | "PUT" | "DELETE"} method
 * @param {string} path
 * @param {object} [body]
 * @param {RequestCache} [cache] `no-cache` asks whether the last answer still holds.
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>} The answer's JSON, null if it has none.
 * @throws {ApiError} `unreachable` if no answer came, else the answer's reason.
 */
async function ask(method, path, body, cache = "no-store", headers = {}) {
  /** @type {RequestInit} */
  const init = { method, credentials: "same-origin", cache, headers, signal: AbortSignal.timeout(TIMEOUT_MS) };
  if (body !== undefined) {
    init.headers = { "Content-Type": "application/json", ...headers };
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
  // Before the reason: a broker whose database stalls answers 503, and a proxy on the way answers in HTML.
  if (status === 502 || status === 503 || status === 504) return new ApiError("unreachable", `HTTP ${status}`);
  try {
    const { reason, detail } = JSON.parse(text);
    if (REASONS.has(reason)) return new ApiError(reason, String(detail ?? ""));
  } catch {
    // Not a problem document.
  }
  if (status === 401) return new ApiError(Reason.NOT_SIGNED_IN, "");
  if (status === 404) return new ApiError(Reason.NOT_FOUND, "");
  return new ApiError(Reason.INTERNAL, `HTTP ${status}`);
}

export const api = {
  /** @param {string} token From the sign-in link. @returns {Promise<null>} */
  signIn: (token) => ask("POST", "/sign-in/link", { token }),
  /** @returns {Promise<Me>} */
  me: () => ask("GET", "/me"),
  /** @returns {Promise<{titles: Title[], now_ms: number}>} */
  titles: () => ask("GET", "/titles"),
  /**
   * @param {string} titleId
   * @param {Readonly<Record<string, number>>} roundTripsMs To regions, as far as they are known.
   * @param {string} traceparent
   * @returns {Promise<SessionView & {created: boolean, traced: boolean}>}
   */
  createSession: (titleId, roundTripsMs, traceparent) =>
    ask("POST", "/sessions", { title_id: titleId, round_trips_ms: roundTripsMs }, "no-store", { traceparent }),
  /** @returns {Promise<{regions: Region[]}>} */
  regions: () => ask("GET", "/regions"),
  /** @param {string} sessionId @param {FirstPicture} told @returns {Promise<null>} */
  firstPicture: (sessionId, told) => ask("POST", `/sessions/${encodeURIComponent(sessionId)}/first-picture`, told),
  /** @param {string} sessionId @returns {Promise<SessionView>} */
  session: (sessionId) => ask("GET", `/sessions/${encodeURIComponent(sessionId)}`),
  /** @param {string} sessionId @returns {Promise<PlayedTitle>} */
  titleOfSession: (sessionId) => ask("GET", `/sessions/${encodeURIComponent(sessionId)}/title`),
  /** @returns {Promise<{devices: DeviceView[], reachable: boolean, trust: Code | null}>} */
  devices: () => ask("GET", "/devices"),
  /** @param {string} deviceId @returns {Promise<null>} */
  signOutDevice: (deviceId) => ask("DELETE", `/devices/${encodeURIComponent(deviceId)}`),
  /** @returns {Promise<DeviceLink>} */
  addDeviceLink: () => ask("POST", "/device-links", {}),
  /** @param {string} linkId @returns {Promise<{state: "open" | "used" | "expired"}>} */
  deviceLink: (linkId) => ask("GET", `/device-links/${encodeURIComponent(linkId)}`),
  /** Also from a page that is going away, so nobody hears of the answer. @param {string} linkId */
  withdrawDeviceLink(linkId) {
    const init = /** @type {RequestInit} */ ({ method: "DELETE", credentials: "same-origin", keepalive: true });
    fetch(`/api/v1/device-links/${encodeURIComponent(linkId)}`, init).catch(() => {});
  },
  /** @returns {Promise<{https_url: string, sha256: string}>} */
  trust: () => ask("GET", "/trust"),
  /** @returns {Promise<CheckPlan>} */
  checkPlan: () => ask("GET", "/check"),
  /** @returns {Promise<OperatorOverview>} */
  overview: () => ask("GET", "/operator/overview", undefined, "no-cache"),
  /** @returns {Promise<OperatorPool[]>} The one to be used first in front. */
  pools: () => ask("GET", "/operator/pools").then(({ pools }) => pools),
  /** @param {string} sessionId @returns {Promise<OperatorHistory>} */
  history: (sessionId) => ask("GET", `/operator/sessions/${encodeURIComponent(sessionId)}`),
  /** @param {string} sessionId @returns {Promise<OperatorHistory>} */
  endAnySession: (sessionId) => ask("DELETE", `/operator/sessions/${encodeURIComponent(sessionId)}`),
  /** @param {string} code @returns {Promise<InvitationSeen>} */
  invitation: (code) => ask("GET", `/invitations/${encodeURIComponent(code)}`),
  /** @param {string} code @param {boolean} watch @returns {Promise<{session_id: string, role: RoleLabel}>} */
  redeemInvitation: (code, watch) => ask("POST", `/invitations/${encodeURIComponent(code)}/redemption`, { watch }),
};

/**
 * What the host of a session does with its table.
 * @param {string} sessionId
 */
export function tableApi(sessionId) {
  const base = `/sessions/${encodeURIComponent(sessionId)}`;
  return {
    /** @param {InvitationKindLabel} kind @returns {Promise<NewInvitation>} */
    invite: (kind) => ask("POST", `${base}/invitations`, { kind }),
    /** @returns {Promise<{invitations: Invitation[]}>} */
    invitations: () => ask("GET", `${base}/invitations`),
    /** @param {string} id @returns {Promise<null>} */
    revoke: (id) => ask("DELETE", `${base}/invitations/${encodeURIComponent(id)}`),
    /** @param {number} seat @param {string} participantId @returns {Promise<null>} */
    handOver: (seat, participantId) => ask("PUT", `${base}/seats/${seat}`, { participant_id: participantId }),
    /** @param {string} participantId @returns {Promise<null>} */
    sendAway: (participantId) => ask("DELETE", `${base}/participants/${encodeURIComponent(participantId)}`),
  };
}

/**
 * The reason of anything that a request may throw.
 * @param {unknown} error
 * @returns {{reason: FailureReason, detail: string}}
 */
export function failureOf(error) {
  if (error instanceof ApiError) return { reason: error.reason, detail: error.detail };
  return { reason: Reason.INTERNAL, detail: String(error) };
}
