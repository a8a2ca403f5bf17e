// The part of the page's state machine for what comes over the socket and the peer, each of which may be lost alone.

import { backoffMs } from "./backoff.js";
import { askForPeer, finish, initialState, isServed, PEER_TIMEOUT_MS, proceed, refused, retry, seatedAt, tellQuality, waitingPhase } from "./session_state.js";
import { PROTOCOL_MAX, PROTOCOL_MIN, Reason } from "../wire/constants.js";

/** @import {FailureReason, PeerNews, SessionStateLabel, StateNews, TableNews, ToTab, Welcome} from "../types.js" */
/** @import {PageEvent} from "./session_machine.js" */
/** @import {PageState, Step} from "./session_state.js" */

export const CLOSE_REFUSED = 4000;
export const CLOSE_TAKEN_OVER = 4001;
export const CLOSE_ENDED = 4002;

/** Peer failures that a new attempt cannot mend. @type {ReadonlySet<string>} */
const HOPELESS = new Set([Reason.NO_COMMON_CODEC, Reason.FORBIDDEN, "no_webrtc"]);

/** Attempts for a first picture before the page says that it cannot be had. */
export const FIRST_PEER_ATTEMPTS = 4;

/**
 * @param {PageState} state
 * @param {PageEvent} event
 * @param {number} random
 * @returns {Step}
 */
export function linkStep(state, event, random) {
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
      return [
        { ...state, phase: "playing", hasPlayed: true, beginsAnew: false, peerFailures: 0, failure: null },
        state.beginsAnew ? [{ do: "say", words: "anew.said" }] : [],
      ];
    case "peer_lost":
      return state.peer?.id === event.peerId ? peerLost(state, event.reason, event.detail, random) : [state, []];
    default:
      return [state, []];
  }
}

/**
 * Time to ask for a peer again, or one that was asked for did not come.
 * @param {PageState} state
 * @param {number} random
 * @returns {Step}
 */
export function peerTimer(state, random) {
  if (state.peer === null) return askForPeer(state);
  if (state.peer.stage === "connected") return [state, []];
  const waits = state.peer.stage === "asked" && !isServed(state);
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
  if (code === CLOSE_REFUSED) return refused(state, state.refusal ?? { reason: Reason.INTERNAL, detail: "" }, random);
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
      return tableNews(state, news);
    case "peer_state":
      return peerNews(state, news, random);
    case "taken_over":
      return finish(state, "taken_over", null);
    case "closing":
      return [state, [{ do: "closing", inMs: news.in_ms }]];
    case "error":
      return [{ ...state, refusal: { reason: news.reason, detail: news.detail } }, []];
  }
}

/**
 * @param {PageState} state
 * @param {TableNews} news
 * @returns {Step}
 */
function tableNews(state, news) {
  const next = seatedAt(state, news);
  return [next, next.role === state.role ? [] : tellQuality(next)];
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
  const [asked, effects] = askForPeer(next);
  // Whether its machine closes follows if it holds: it may have been decided otherwise while there was no socket.
  return [asked, [{ do: "closing", inMs: null }, ...tellQuality(next), ...effects]];
}

/**
 * The game's developer changed it: play what it is now, without a word.
 * @param {PageState} state
 * @returns {Step}
 */
function startAnew(state) {
  const [ended, effects] = finish(state, "ended", { reason: Reason.TITLE_CHANGED, detail: "" });
  if (state.titleId === null) return [ended, effects];
  const visit = /** @type {const} */ ({ kind: "play", titleId: state.titleId, ask: false, token: null });
  const { title, titleName, videoMaxBps } = state;
  const [next, more] = proceed({ ...initialState(visit, state.codecs), title, titleName, videoMaxBps });
  return [next, [...effects, ...more]];
}

/**
 * @param {PageState} state
 * @param {StateNews} news
 * @returns {Step}
 */
function stateNews(state, news) {
  if (news.state === "ended" || news.state === "ending") {
    const next = { ...state, sessionState: news.state };
    if (news.reason === Reason.TITLE_CHANGED && state.role === "player") return startAnew(next);
    return finish(next, "ended", { reason: news.reason ?? Reason.UNKNOWN_SESSION, detail: news.detail });
  }
  const next = { ...state, sessionState: news.state, place: news.place, coming: news.coming, region: news.region };
  if (news.reason !== null && !state.hasPlayed) next.failure = { reason: news.reason, detail: news.detail };
  else if (state.socket === "welcomed") next.failure = null;
  if (news.state === "queued") return waitsAgain(next, news, state.sessionState);
  const [asked, effects] = askForPeer(next);
  return [asked.phase === "playing" ? asked : { ...asked, phase: waitingPhase(asked) }, effects];
}

/**
 * No machine has the game: whatever connection there was led to one that is gone.
 * @param {PageState} state
 * @param {StateNews} news
 * @param {SessionStateLabel | null} before What it did until now.
 * @returns {Step}
 */
function waitsAgain(state, news, before) {
  const next = { ...state, peer: null, beginsAnew: state.beginsAnew || news.reason === Reason.NODE_LOST };
  next.phase = waitingPhase(next);
  /** @type {Step[1]} */
  const effects = [];
  // A machine that was to close is not the game's any more.
  if (before !== null && before !== "queued") effects.push({ do: "closing", inMs: null });
  if (state.peer !== null) effects.push({ do: "close_peer" }, { do: "timer", name: "peer", ms: null });
  return [next, effects];
}

/**
 * @param {PageState} state
 * @param {PeerNews} news
 * @param {number} random
 * @returns {Step}
 */
function peerNews(state, news, random) {
  const gone = news.state === "lost" || news.state === "left";
  // A peer that cannot be had at all is refused before its offer names it.
  const refusedAtOnce = state.peer?.stage === "asked" && HOPELESS.has(news.reason ?? "");
  const ours = news.peer_id === state.peer?.id || refusedAtOnce;
  if (!gone || !ours || news.reason === Reason.REPLACED) return [state, []];
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
