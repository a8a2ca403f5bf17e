// What the page knows of its session, as one immutable record, and the small steps that several events share.

import { backoffMs } from "./backoff.js";
import { textOf } from "./title_texts.js";
import { Reason } from "../wire/constants.js";

/** @import {
 *   Coming, FailureReason, FromTab, Offer, PlayedTitle, Present, RoleLabel, SessionStateLabel, TableNews, Visit
 * } from "../types.js" */

/**
 * What the player is shown. `ended`, `taken_over` and `failed` are final.
 * @typedef {"signing_in" | "asking" | "creating" | "joining" | "waiting" | "connecting" | "playing" | "reconnecting"
 *   | "ended" | "taken_over" | "failed"} Phase
 */
/** @typedef {{id: string | null, stage: "asked" | "offered" | "answered" | "connected"}} PeerPart */
/** @typedef {{reason: FailureReason, detail: string}} Failure */
/**
 * @typedef {object} PageState
 * @property {Phase} phase
 * @property {Visit} visit
 * @property {readonly string[]} codecs SDP names of video codecs that this browser decodes.
 * @property {"none" | "opening" | "open" | "welcomed"} socket
 * @property {number} socketFailures In a row.
 * @property {number} peerFailures In a row.
 * @property {string | null} sessionId
 * @property {RoleLabel} role Whether this tab may play: it has a seat, or none.
 * @property {SessionStateLabel | null} sessionState
 * @property {number | null} place In the queue, 1 is next; null unless it waits for room.
 * @property {Coming | null} coming What is done about a wait for room: a machine starts, or there is none to be had.
 * @property {string | null} region Where the machine is on which it runs; null if nobody says.
 * @property {string | null} titleId
 * @property {string} titleName In English; the name that is shown is `shownName`.
 * @property {PlayedTitle | null} title How it is played; null until that was read.
 * @property {number | null} participantIndex
 * @property {TableNews | null} table Who takes part; null until the broker said so.
 * @property {PeerPart | null} peer
 * @property {number | null} videoMaxBps Highest bitrate that the player allows, null without a bound.
 * @property {boolean} hasPlayed A picture was seen once.
 * @property {boolean} beginsAnew Its machine was lost, and no picture from another one was seen yet.
 * @property {FailureReason | null} linkFailure Why the sign-in link in the address did not work.
 * @property {Failure | null} refusal The broker's last refusal; the reason if it closes the socket next.
 * @property {Failure | null} failure Why the phase is final, or why it waits.
 */
/** @typedef {"socket" | "peer" | "create" | "redeem"} TimerName */
/**
 * @typedef {{do: "redeem", token: string}
 *   | {do: "create", titleId: string}
 *   | {do: "show_address", sessionId: string}
 *   | {do: "open_socket", sessionId: string, role: RoleLabel}
 *   | {do: "close_socket"}
 *   | {do: "probe", sessionId: string}
 *   | {do: "read_title", sessionId: string}
 *   | {do: "send", message: FromTab}
 *   | {do: "make_answer", offer: Offer}
 *   | {do: "close_peer"}
 *   | {do: "say", words: "anew.said"}
 *   | {do: "closing", inMs: number | null}
 *   | {do: "timer", name: TimerName, ms: number | null}} Effect
 */
/** @typedef {[PageState, Effect[]]} Step */

/** From asking for a peer, or answering its offer, to having it. The broker gives up after about as long. */
export const PEER_TIMEOUT_MS = 6_000;

/** Session states in which a peer may be asked for; the broker keeps the wish until the game runs. */
const OPEN_STATES = new Set(["starting", "running", "paused"]);

/**
 * Whether the game runs on a machine, so that a peer comes as soon as it is asked for.
 * @param {PageState} state
 */
export function isServed({ sessionState }) {
  return sessionState === "running" || sessionState === "paused";
}

/** @param {PageState} state */
export function isFinal(state) {
  return state.phase === "ended" || state.phase === "taken_over" || state.phase === "failed";
}

/**
 * Whether the game starts by itself as soon as there is room; a wait for another reason needs an operator.
 * @param {PageState} state
 */
export function waitsForRoom({ sessionState, failure, coming }) {
  return sessionState === "queued" && (failure === null || failure.reason === Reason.NO_ROOM || coming !== null);
}

/**
 * How a wait for room is put into words, which take `{place}`.
 * @param {PageState} state
 * @returns {"waiting.queued" | "waiting.next" | "waiting.place" | "waiting.starting" | "waiting.starting_place"
 *   | "waiting.none_free" | "waiting.none_free_place"}
 */
export function queueWords({ place, coming }) {
  if (coming !== null) return place === null || place === 1 ? `waiting.${coming}` : `waiting.${coming}_place`;
  if (place === null) return "waiting.queued";
  return place === 1 ? "waiting.next" : "waiting.place";
}

/**
 * @param {Visit} visit
 * @param {readonly string[]} codecs
 * @returns {PageState}
 */
export function initialState(visit, codecs) {
  return {
    phase: "signing_in", visit, codecs,
    socket: "none", socketFailures: 0, peerFailures: 0,
    sessionId: visit.kind === "session" ? visit.sessionId : null,
    role: visit.kind === "session" ? visit.role : "player",
    sessionState: null, place: null, coming: null, region: null,
    titleId: visit.kind === "play" ? visit.titleId : null,
    titleName: "", title: null, participantIndex: null, table: null, peer: null, videoMaxBps: null, hasPlayed: false,
    beginsAnew: false, linkFailure: null, refusal: null, failure: null,
  };
}

/**
 * Everything ends here; only the player can go on.
 * @param {PageState} state
 * @param {"ended" | "taken_over" | "failed"} phase
 * @param {Failure | null} failure
 * @returns {Step}
 */
export function finish(state, phase, failure) {
  const effects = /** @type {Effect[]} */ ([
    { do: "close_peer" },
    { do: "close_socket" },
    .../** @type {TimerName[]} */ (["socket", "peer", "create", "redeem"]).map((name) => ({ do: "timer", name, ms: null })),
  ]);
  return [{ ...state, phase, failure, peer: null, socket: "none" }, effects];
}

/**
 * Try again after a while.
 * @param {PageState} state
 * @param {"redeem" | "create" | "socket"} name
 * @param {{reason: FailureReason, detail: string}} failure
 * @param {number} random
 * @returns {Step}
 */
export function retry(state, name, { reason, detail }, random) {
  const socketFailures = state.socketFailures + 1;
  const next = { ...state, socketFailures, failure: { reason, detail } };
  return [next, [{ do: "timer", name, ms: backoffMs(socketFailures, random) }]];
}

/**
 * The broker said no for good; its own faults do not count while a picture plays, which needs no broker.
 * @param {PageState} state
 * @param {{reason: FailureReason, detail: string}} event
 * @param {number} random
 * @returns {Step}
 */
export function refused(state, { reason, detail }, random) {
  if (reason === Reason.INTERNAL && state.hasPlayed) {
    return retry({ ...state, socket: "none" }, "socket", { reason: "unreachable", detail }, random);
  }
  const shown = reason === Reason.NOT_SIGNED_IN ? state.linkFailure ?? reason : reason;
  return finish(state, "failed", { reason: shown, detail });
}

/**
 * Signed in as far as the page can tell: create or join.
 * @param {PageState} state
 * @returns {Step}
 */
export function proceed(state) {
  const { visit } = state;
  if (visit.kind === "play" && state.sessionId === null) {
    if (visit.ask) return [{ ...state, phase: "asking" }, []];
    return [{ ...state, phase: "creating" }, [{ do: "create", titleId: visit.titleId }]];
  }
  return openSocket({ ...state, phase: "joining" });
}

/**
 * @param {PageState} state
 * @returns {Step}
 */
export function openSocket(state) {
  const sessionId = /** @type {string} */ (state.sessionId);
  const role = state.visit.kind === "session" ? state.visit.role : "player";
  /** @type {Effect[]} */
  const effects = [{ do: "open_socket", sessionId, role }];
  if (state.title === null) effects.push({ do: "read_title", sessionId });
  return [{ ...state, socket: "opening", refusal: null }, effects];
}

/**
 * The title's name in the page's language, in English until that was read, empty before anything is known.
 * @param {PageState} state
 * @param {string} language
 */
export function shownName({ title, titleName }, language) {
  return title === null ? titleName : textOf(title.names, language);
}

/**
 * This tab's own participant, as the table's news name it.
 * @param {PageState} state
 * @returns {Present | null}
 */
export function myself(state) {
  return state.table?.participants.find(({ me }) => me) ?? null;
}

/**
 * News of the table: seats may be gained and lost while all else goes on.
 * @param {PageState} state
 * @param {TableNews} table
 * @returns {PageState}
 */
export function seatedAt(state, table) {
  const next = { ...state, table };
  const me = myself(next);
  return me === null ? next : { ...next, role: me.seats.length > 0 ? "player" : "spectator" };
}

/**
 * Tell the broker what the player allows.
 * @param {PageState} state
 * @returns {Effect[]}
 */
export function tellQuality({ socket, role, videoMaxBps }) {
  if (socket !== "welcomed" || role !== "player") return [];
  return [{ do: "send", message: { type: "set_quality", video_max_bps: videoMaxBps } }];
}

/**
 * Ask for a peer if one can be had and none is under way.
 * @param {PageState} state
 * @returns {Step}
 */
export function askForPeer(state) {
  const possible = state.socket === "welcomed" && OPEN_STATES.has(state.sessionState ?? "");
  if (!possible || state.peer !== null) return [state, []];
  return [
    { ...state, peer: { id: null, stage: "asked" } },
    [
      { do: "send", message: { type: "open_peer", video_codecs: [...state.codecs] } },
      { do: "timer", name: "peer", ms: PEER_TIMEOUT_MS },
    ],
  ];
}

/**
 * The phase in words, while no picture is there.
 * @param {PageState} state
 * @returns {Phase}
 */
export function waitingPhase(state) {
  if (state.hasPlayed) return "reconnecting";
  if (state.peer?.stage === "offered" || state.peer?.stage === "answered" || state.peer?.stage === "connected") {
    return "connecting";
  }
  return isServed(state) ? "connecting" : "waiting";
}
