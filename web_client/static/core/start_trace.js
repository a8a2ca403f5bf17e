// The page's part of a trace from the click to the first picture (W3C Trace Context). Whether a start is traced is for
// the broker to say; the ids are random and name nobody.

/** @import {FirstPicture} from "../io/api.js" */

/** What the ids of a trace and of its first span take. */
export const TRACE_RANDOM_BYTES = 24;

const SPAN_ID_BYTES = 8;

export class StartTrace {
  #traceparent;
  #clickedMs = 0;
  /** @type {number | null} */
  #askedMs = null;
  /** @type {string | null} */
  #sessionId = null;

  /** @param {Uint8Array} random `TRACE_RANDOM_BYTES`, of a secure source. */
  constructor(random) {
    const [span, trace] = [random.subarray(0, SPAN_ID_BYTES), random.subarray(SPAN_ID_BYTES)].map(hex);
    this.#traceparent = `00-${trace}-${span}-01`;
  }

  /** The click was not the one that opened the page, which is at 0. @param {number} nowMs Since the page was opened. */
  click(nowMs) {
    this.#clickedMs = nowMs;
  }

  /**
   * The session is asked for; the first time counts.
   * @param {number} nowMs
   * @returns {string} The header `traceparent`.
   */
  ask(nowMs) {
    this.#askedMs ??= nowMs;
    return this.#traceparent;
  }

  /** The start of this session is traced. @param {string} sessionId */
  follow(sessionId) {
    this.#sessionId = sessionId;
  }

  /**
   * A picture is shown.
   * @param {number} nowMs
   * @returns {{sessionId: string, picture: FirstPicture} | null} What the broker is to be told, once.
   */
  shown(nowMs) {
    const sessionId = this.#sessionId;
    this.#sessionId = null;
    if (sessionId === null || this.#askedMs === null) return null;
    const since = (/** @type {number} */ ms) => Math.max(0, Math.round((ms - this.#clickedMs) * 10) / 10);
    const picture = { traceparent: this.#traceparent, asked_ms: since(this.#askedMs), shown_ms: since(nowMs) };
    return { sessionId, picture };
  }
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
