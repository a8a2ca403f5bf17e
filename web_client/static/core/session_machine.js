// The page's state machine: from the address in the browser to a running picture, through every loss on the way.
//
// `step(state, event, random)` returns the next state and the effects that the shell must carry out. The socket and
// the peer live apart: without the broker the picture goes on, and a lost peer is asked for anew over the socket.

import { backoffMs } from "./backoff.js";
import { askForPeer, finish, isFinal, openSocket, proceed, PEER_TIMEOUT_MS, seatedAt, waitingPhase } from "./session_state.js";
import { PROTOCOL_MAX, PROTOCOL_MIN, Reason } from "../wire/constants.js";

/** @import {FailureReason, PeerNews, SessionStateLabel, StateNews, ToTab, Welcome} from "../types.js" */
/** @import {PageState, Step, TimerName} from "./session_state.js" */

export const CLOSE_REFUSED = 4000;
export const CLOSE_TAKEN_OVER = 4001;
export const CLOSE_ENDED = 4002;

/**
 * @typedef {{on: "start"}
 *   | {on: "redeemed"}
 *   | {on: "redeem_failed", reason: FailureReason, detail: string}
 *   | {on: "play_clicked"}
 *   | {on: "created", sessionId: string}
 *   | {on: "create_failed", reason: FailureReason, detail: string}
 *   | {on: "probed", state: SessionStateLabel, titleId: string, titleName: string, reason: FailureReason | null,
 *      detail: string}
 *   | {on: "probe_failed", reason: FailureReason, detail: string}
 *   | {on: "socket_opened"}
 *   | {on: "socket_closed", code: number}
 *   | {on: "message", message: ToTab}
 *   | {on: "answered", peerId: string, ticket: string, sdp: string}
 *   | {on: "peer_connected", peerId: string}
 *   | {on: "first_frame", peerId: string}
 *   | {on: "peer_lost", peerId: string, reason: FailureReason, detail: string}
 *   | {on: "timer", name: TimerName}
 *   | {on: "left", end: boolean}} PageEvent
 */

/** Peer failures that a new attempt cannot mend. @type {ReadonlySet<string>} */
const HOPELESS = new Set([Reason.NO_COMMON_CODEC, Reason.FORBIDDEN, "no_webrtc"]);

/** Attempts for a first picture before the page says that it cannot be had. */
export const FIRST_PEER_ATTEMPTS = 4;

/**
 * @param {PageState} state
 * @param {PageEvent} event
 * @param {number} random In [0, 1), for the back-off.
 * @returns {Step}
 */
export function step(state, event, random) {
  if (isFinal(state)) return [state, []];
  switch (event.on) {
    case "start":
      if (state.visit.token === null) return proceed(state);
      return [state, [{ do: "redeem", token: state.visit.token }]];
    case "redeemed":
      return proceed({ ...state, failure: null });
    case "redeem_failed":
      if (event.reason === "unreachable") return retry(state, "redeem", event, random);
      return proceed({ ...state, linkFailure: event.reason });
    case "play_clicked":
      return proceed({ ...state, visit: state.visit.kind === "play" ? { ...state.visit, ask: false } : state.visit });
    case "created":
      return created(state, event.sessionId);
    case "create_failed":
      if (event.reason === "unreachable") return retry(state, "create", event, random);
      return refused(state, event);
    case "probed":
      return probed(state, event, random);
    case "probe_failed":
      if (event.reason === "unreachable") return retry(state, "socket", event, random);
      return refused(state, event);
    case "left":
      return left(state, event.end);
    case "timer":
      return timer(state, event.name, random);
    default:
      return linkStep(state, event, random);
  }
}

/**
 * What comes over the socket and the peer.
 * @param {PageState} state
 * @param {PageEvent} event
 * @param {number} random
 * @returns {Step}
 */
function linkStep(state, event, random) {
  switch (event.on) {
    case "socket_opened":
      return [
        { ...state, socket: "open" },
        [{ do: "send", message: { type: "hello", protocol: { min: PROTOCOL_MIN, max: PROTOCOL_MAX } } }],
      ];
    case "socket_closed":
      return socketClosed(state, event.code, random);
    case "message":
      return message(state, event.message, random);
    case "answered": {
      if (state.peer?.id !== event.peerId || state.socket !== "welcomed") return [state, []];
      const { peerId: peer_id, ticket, sdp } = event;
      return [
        { ...state, peer: { id: peer_id, stage: "answered" } },
        [{ do: "send", message: { type: "answer", peer_id, ticket, sdp } }],
      ];
    }
    case "peer_connected":
      if (state.peer?.id !== event.peerId) return [state, []];
      return [{ ...state, peer: { id: event.peerId, stage: "connected" } }, [{ do: "timer", name: "peer", ms: null }]];
    case "first_frame":
      if (state.peer?.id !== event.peerId) return [state, []];
      return [{ ...state, phase: "playing", hasPlayed: true, peerFailures: 0, failure: null }, []];
    case "peer_lost":
      return state.peer?.id === event.peerId ? peerLost(state, event.reason, event.detail, random) : [state, []];
    default:
      return [state, []];
  }
}

/**
 * @param {PageState} state
 * @param {"redeem" | "create" | "socket"} name
 * @param {{reason: FailureReason, detail: string}} failure
 * @param {number} random
 * @returns {Step}
 */
function retry(state, name, { reason, detail }, random) {
  const socketFailures = state.socketFailures + 1;
  const next = { ...state, socketFailures, failure: { reason, detail } };
  return [next, [{ do: "timer", name, ms: backoffMs(socketFailures, random) }]];
}

/**
 * @param {PageState} state
 * @param {{reason: FailureReason, detail: string}} event
 * @returns {Step}
 */
function refused(state, { reason, detail }) {
  const shown = reason === Reason.NOT_SIGNED_IN ? state.linkFailure ?? reason : reason;
  return finish(state, "failed", { reason: shown, detail });
}

/**
 * @param {PageState} state
 * @param {string} sessionId
 * @returns {Step}
 */
function created(state, sessionId) {
  const [next, effects] = openSocket({ ...state, phase: "joining", sessionId, socketFailures: 0, failure: null });
  return [next, [{ do: "show_address", sessionId }, ...effects]];
}

/**
 * @param {PageState} state
 * @param {Extract<PageEvent, {on: "probed"}>} event
 * @param {number} random
 * @returns {Step}
 */
function probed(state, event, random) {
  const { titleId, titleName, reason, detail } = event;
  const next = { ...state, titleId, titleName };
  if (event.state === "ended") return finish(next, "ended", { reason: reason ?? Reason.UNKNOWN_SESSION, detail });
  return retry(next, "socket", { reason: "unreachable", detail: "" }, random);
}

/**
 * @param {PageState} state
 * @param {boolean} end
 * @returns {Step}
 */
function left(state, end) {
  const reason = end ? Reason.ENDED_BY_PLAYER : Reason.LEFT;
  const [next, effects] = finish(state, "ended", { reason, detail: "" });
  if (state.socket !== "welcomed") return [next, effects];
  return [next, [{ do: "send", message: { type: "leave", end } }, ...effects]];
}

/**
 * @param {PageState} state
 * @param {TimerName} name
 * @param {number} random
 * @returns {Step}
 */
function timer(state, name, random) {
  switch (name) {
    case "redeem":
      return [state, state.visit.token === null ? [] : [{ do: "redeem", token: state.visit.token }]];
    case "create":
      return proceed(state);
    case "socket":
      return state.socket === "none" ? openSocket(state) : [state, []];
    case "peer":
      return peerTimer(state, random);
  }
}

/**
 * Time to ask for a peer again, or one that was asked for did not come.
 * @param {PageState} state
 * @param {number} random
 * @returns {Step}
 */
function peerTimer(state, random) {
  if (state.peer === null) return askForPeer(state);
  if (state.peer.stage === "connected") return [state, []];
  const waits = state.peer.stage === "asked" && state.sessionState !== "running";
  if (waits) return [state, [{ do: "timer", name: "peer", ms: PEER_TIMEOUT_MS }]];
  return peerLost(state, Reason.CONNECT_TIMEOUT, "", random);
}

/**
 * @param {PageState} state
 * @param {number} code
 * @param {number} random
 * @returns {Step}
 */
function socketClosed(state, code, random) {
  if (code === CLOSE_TAKEN_OVER) return finish(state, "taken_over", null);
  if (code === CLOSE_ENDED) return finish(state, "ended", state.refusal ?? { reason: Reason.UNKNOWN_SESSION, detail: "" });
  if (code === CLOSE_REFUSED) return refused(state, state.refusal ?? { reason: Reason.INTERNAL, detail: "" });
  const next = /** @type {PageState} */ ({ ...state, socket: "none" });
  const unanswered = next.peer !== null && next.peer.stage !== "connected" && next.peer.stage !== "answered";
  if (unanswered) next.peer = null;
  if (state.socket !== "welcomed" && next.sessionId !== null) {
    return [next, [{ do: "probe", sessionId: next.sessionId }]];
  }
  return retry(next, "socket", { reason: "unreachable", detail: "" }, random);
}

/**
 * @param {PageState} state
 * @param {ToTab} news
 * @param {number} random
 * @returns {Step}
 */
function message(state, news, random) {
  switch (news.type) {
    case "welcome":
      return welcomed(state, news);
    case "state":
      return stateNews(state, news);
    case "offer": {
      const peer = /** @type {const} */ ({ id: news.peer_id, stage: "offered" });
      const next = { ...state, peer };
      return [
        { ...next, phase: waitingPhase(next) },
        [{ do: "make_answer", offer: news }, { do: "timer", name: "peer", ms: PEER_TIMEOUT_MS }],
      ];
    }
    case "table":
      return [seatedAt(state, news), []];
    case "peer_state":
      return peerNews(state, news, random);
    case "taken_over":
      return finish(state, "taken_over", null);
    case "error":
      return [{ ...state, refusal: { reason: news.reason, detail: news.detail } }, []];
  }
}

/**
 * @param {PageState} state
 * @param {Welcome} news
 * @returns {Step}
 */
function welcomed(state, news) {
  /** @type {PageState} */
  const next = {
    ...state, socket: "welcomed", socketFailures: 0, failure: null, refusal: null,
    titleId: news.title_id, titleName: news.title_name, role: news.seats.length > 0 ? "player" : "spectator",
    participantIndex: news.participant_index,
    phase: state.phase === "joining" ? "waiting" : state.phase,
  };
  return askForPeer(next);
}

/**
 * @param {PageState} state
 * @param {StateNews} news
 * @returns {Step}
 */
function stateNews(state, news) {
  if (news.state === "ended" || news.state === "ending") {
    const next = { ...state, sessionState: news.state };
    return finish(next, "ended", { reason: news.reason ?? Reason.UNKNOWN_SESSION, detail: news.detail });
  }
  const next = { ...state, sessionState: news.state };
  if (news.reason !== null && !state.hasPlayed) next.failure = { reason: news.reason, detail: news.detail };
  else if (state.socket === "welcomed") next.failure = null;
  const [asked, effects] = askForPeer(next);
  return [asked.phase === "playing" ? asked : { ...asked, phase: waitingPhase(asked) }, effects];
}

/**
 * @param {PageState} state
 * @param {PeerNews} news
 * @param {number} random
 * @returns {Step}
 */
function peerNews(state, news, random) {
  const gone = news.state === "lost" || news.state === "left";
  if (!gone || news.peer_id !== state.peer?.id || news.reason === Reason.REPLACED) return [state, []];
  if (news.reason === Reason.TAKEN_OVER) return finish(state, "taken_over", null);
  return peerLost(state, news.reason ?? Reason.PEER_CLOSED, "", random);
}

/**
 * The connection to the game is gone: ask for another, at once the first time.
 * @param {PageState} state
 * @param {FailureReason} reason
 * @param {string} detail
 * @param {number} random
 * @returns {Step}
 */
function peerLost(state, reason, detail, random) {
  const peerFailures = state.peerFailures + 1;
  const enough = !state.hasPlayed && peerFailures >= FIRST_PEER_ATTEMPTS;
  if (HOPELESS.has(reason) || enough) return finish(state, "failed", { reason, detail });
  const next = { ...state, peer: null, peerFailures, failure: { reason, detail } };
  next.phase = waitingPhase(next);
  if (peerFailures === 1) {
    const [asked, effects] = askForPeer(next);
    return [asked, [{ do: "close_peer" }, ...effects]];
  }
  return [next, [{ do: "close_peer" }, { do: "timer", name: "peer", ms: backoffMs(peerFailures, random) }]];
}
