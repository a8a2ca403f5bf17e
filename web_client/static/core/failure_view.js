// How an end is shown: a heading that says what kind of trouble it is, a picture for it, and what the player can do.

import { Reason } from "../wire/constants.js";

/** @import {FailureReason} from "../types.js" */
/** @import {PageState} from "./session_state.js" */

/** @typedef {"left" | "over" | "busy" | "lost" | "crashed" | "video" | "network" | "access" | "fault"} FailureKind */
/** @typedef {"continue" | "play_again" | "try_again" | "play_here" | "reload"} MainAct */
/** @typedef {{kind: FailureKind, act: MainAct, check: boolean, wordsForDevelopers: boolean}} FailureView */

/** @type {Readonly<Record<Exclude<FailureKind, "fault">, readonly FailureReason[]>>} */
const REASONS = {
  left: [Reason.LEFT],
  over: [
    Reason.ENDED_BY_PLAYER, Reason.ENDED_BY_OPERATOR, Reason.ABANDONED, Reason.SESSION_LIMIT, Reason.TITLE_CHANGED,
    Reason.TITLE_QUIT, Reason.TAKEN_OVER, Reason.SUPERSEDED, Reason.REPLACED, Reason.UNKNOWN_SESSION,
  ],
  busy: [Reason.NO_ROOM, Reason.NO_NODE, Reason.TOO_MANY, Reason.TOO_MANY_SESSIONS, Reason.BAD_STATE],
  lost: [Reason.NODE_LOST, Reason.NODE_SHUTDOWN, Reason.WORKER_LOST],
  crashed: [
    Reason.TITLE_CRASHED, Reason.TITLE_HUNG, Reason.TITLE_NO_PICTURE, Reason.TITLE_VIOLATION, Reason.TITLE_MEMORY,
    Reason.TITLE_STORAGE, Reason.START_TIMEOUT,
  ],
  video: [Reason.NO_COMMON_CODEC, Reason.BAD_SDP, "no_webrtc"],
  network: [Reason.CONNECT_TIMEOUT, Reason.PEER_SILENT, Reason.PEER_CLOSED, "unreachable"],
  access: [
    Reason.NOT_SIGNED_IN, Reason.FORBIDDEN, Reason.LINK_USED, Reason.LINK_EXPIRED, Reason.BAD_HOST, Reason.BAD_ORIGIN,
  ],
};

/** @type {ReadonlyMap<string, FailureKind>} */
const KINDS = new Map(Object.entries(REASONS).flatMap(
  ([kind, reasons]) => reasons.map((reason) => [reason, /** @type {FailureKind} */ (kind)]),
));

/** @type {ReadonlySet<FailureReason>} A page that is older than the server. */
const STALE = new Set([Reason.PROTOCOL_VERSION, Reason.MALFORMED, Reason.TOO_LARGE, Reason.UNKNOWN_TYPE]);

/**
 * @param {PageState} state In a final phase.
 * @returns {FailureView}
 */
export function failureView({ phase, failure }) {
  const reason = failure?.reason ?? Reason.INTERNAL;
  const kind = phase === "taken_over" ? "over" : KINDS.get(reason) ?? "fault";
  return {
    kind, act: actOf(phase, kind, reason), check: kind === "network", wordsForDevelopers: kind === "crashed",
  };
}

/**
 * @param {PageState["phase"]} phase
 * @param {FailureKind} kind
 * @param {FailureReason} reason
 * @returns {MainAct}
 */
function actOf(phase, kind, reason) {
  if (phase === "taken_over") return "play_here";
  if (STALE.has(reason)) return "reload";
  if (kind === "left") return "continue";
  return kind === "over" || kind === "lost" || kind === "crashed" ? "play_again" : "try_again";
}
