// The whole place in five figures, and each session's delay over the last minutes.

/** @import {OperatorOverview, OperatorSession} from "../types.js" */

/** Polls kept: four minutes at one in two seconds. */
export const TREND_LENGTH = 120;

/** @param {OperatorOverview} overview */
export function totalsOf(overview) {
  const ready = overview.nodes.filter((node) => node.connected && node.state === "ready");
  const delays = overview.sessions.map((each) => each.delays?.input_ms_p50 ?? null).filter((ms) => ms !== null);
  return {
    sessions: overview.sessions_live,
    waiting: overview.sessions.filter((each) => each.state === "queued" || each.state === "placing").length,
    slots: ready.reduce((sum, node) => sum + node.slots, 0),
    slots_used: ready.reduce((sum, node) => sum + node.slots_used, 0),
    nodes_ready: ready.length,
    nodes: overview.nodes_known,
    delay_ms: median(delays),
    delays: delays.length,
    sent_bps: overview.sessions.reduce((sum, each) => sum + (each.figures?.sent_bps ?? 0), 0),
  };
}

/** @param {number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? null;
}

/** Delays of the sessions that live, newest last. */
export class Trends {
  /** @type {Map<string, number[]>} */
  #values = new Map();

  /** @param {readonly OperatorSession[]} sessions */
  add(sessions) {
    const live = new Map();
    for (const { session_id, delays } of sessions) {
      const values = this.#values.get(session_id) ?? [];
      if (delays !== null && delays.input_ms_p50 !== null) values.push(delays.input_ms_p50);
      live.set(session_id, values.slice(-TREND_LENGTH));
    }
    this.#values = live;
  }

  /**
   * Points of a polyline in a box, oldest left; the box's top is the greatest value, or `least` if that is more.
   * @param {string} sessionId
   * @param {{width: number, height: number, least: number}} box
   */
  points(sessionId, { width, height, least }) {
    const values = this.#values.get(sessionId) ?? [];
    if (values.length < 2) return "";
    const top = Math.max(least, ...values);
    const step = width / (values.length - 1);
    return values.map((value, n) => `${(n * step).toFixed(1)},${(height - (height * value) / top).toFixed(1)}`).join(" ");
  }
}
