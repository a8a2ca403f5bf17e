// What a tab tells the operator of its delays, within the bounds of the message.

import { REPORTED_MS_MAX } from "../wire/constants.js";

/** @import {Spread} from "../types.js" */

/**
 * @param {Spread | undefined} input From input to picture, milliseconds.
 * @param {number | null} roundTripMs
 */
export function reportedDelays(input, roundTripMs) {
  const measured = input !== undefined && input.count > 0;
  return {
    input_ms_p50: measured ? bounded(input.p50) : null,
    input_ms_p95: measured ? bounded(input.p95) : null,
    rtt_ms: roundTripMs === null ? null : bounded(roundTripMs),
  };
}

/** Clocks that are aligned over a very short link may give a little less than nothing. @param {number} ms */
function bounded(ms) {
  return Number.isFinite(ms) ? Math.round(10 * Math.min(Math.max(ms, 0), REPORTED_MS_MAX)) / 10 : REPORTED_MS_MAX;
}
