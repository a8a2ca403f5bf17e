// The page's state machine: from the address in the browser to a running picture, through every loss on the way.
//
// `step(state, event, random)` returns the next state and the effects that the shell must carry out. The socket and
// the peer live apart: without the broker the picture goes on, and a lost peer is asked for anew over the socket.

import { linkStep, peerTimer } from "./link_machine.js";
import { finish, isFinal, openSocket, proceed, refused, retry, tellQuality } from "./session_state.js";
import { Reason } from "../wire/constants.js";

/** @import {FailureReason, PlayedTitle, SessionStateLabel, ToTab} from "../types.js" */
/** @import {PageState, Step, TimerName} from "./session_state.js" */

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
 *   | {on: "title_read", title: PlayedTitle}
 *   | {on: "socket_opened"}
 *   | {on: "socket_closed", code: number}
 *   | {on: "message", message: ToTab}
 *   | {on: "answered", peerId: string, ticket: string, sdp: string}
 *   | {on: "peer_connected", peerId: string}
 *   | {on: "first_frame", peerId: string}
 *   | {on: "peer_lost", peerId: string, reason: FailureReason, detail: string}
 *   | {on: "timer", name: TimerName}
 *   | {on: "quality_chosen", videoMaxBps: number | null}
 *   | {on: "left", end: boolean}} PageEvent
 */

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
      return refused(state, event, random);
    case "probed":
      return probed(state, event, random);
    case "probe_failed":
      if (event.reason === "unreachable") return retry(state, "socket", event, random);
      return refused(state, event, random);
    case "title_read":
      return [{ ...state, title: event.title }, []];
    case "left":
      return left(state, event.end);
    case "quality_chosen": {
      if (event.videoMaxBps === state.videoMaxBps) return [state, []];
      const next = { ...state, videoMaxBps: event.videoMaxBps };
      return [next, tellQuality(next)];
    }
    case "timer":
      return timer(state, event.name, random);
    default:
      return linkStep(state, event, random);
  }
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
