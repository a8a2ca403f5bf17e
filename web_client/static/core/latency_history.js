// The last two minutes of latency, a sample a second, for the graph.

export const HISTORY_S = 120;

export class LatencyHistory {
  /** @type {(number | null)[]} Milliseconds, null where nothing was measured. */
  samples = [];

  /** @param {number | null} latencyMs */
  add(latencyMs) {
    this.samples.push(latencyMs);
    if (this.samples.length > HISTORY_S) this.samples.shift();
  }
}

/**
 * How good a connection feels.
 * @param {number | null} latencyMs From input to the picture, or the round trip before any input.
 * @param {number} lossShare
 * @returns {"good" | "fair" | "poor" | "unknown"}
 */
export function grade(latencyMs, lossShare) {
  if (latencyMs === null) return "unknown";
  if (latencyMs > 150 || lossShare > 0.05) return "poor";
  return latencyMs > 80 || lossShare > 0.01 ? "fair" : "good";
}

/**
 * Points of a line through the samples in a box of this size, newest at the right edge; gaps split it.
 * @param {readonly (number | null)[]} samples
 * @param {number} width
 * @param {number} height
 * @returns {{lines: [number, number][][], topMs: number}} `topMs` is the value at the upper edge.
 */
export function graphLines(samples, width, height) {
  const topMs = Math.max(50, ...samples.map((each) => each ?? 0)) * 1.15;
  /** @type {[number, number][][]} */
  const lines = [];
  let open = false;
  samples.forEach((latencyMs, index) => {
    if (latencyMs === null) {
      open = false;
      return;
    }
    if (!open) lines.push([]);
    open = true;
    const x = width - ((samples.length - 1 - index) * width) / (HISTORY_S - 1);
    lines.at(-1)?.push([x, height - (latencyMs / topMs) * height]);
  });
  return { lines, topMs };
}
