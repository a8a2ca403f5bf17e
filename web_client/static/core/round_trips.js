// Single round trips of ICE checks out of readings of getStats, and what they say together.

/** @typedef {ReadonlyMap<string, Record<string, any>>} StatsReport */

export class RoundTrips {
  /** @type {number[]} Milliseconds, in the order in which they came. */
  samples = [];
  #responses = 0;
  #totalS = 0;

  /**
   * Take one reading; what was counted since the one before is a sample, and so is the first reading as a whole:
   * Firefox sends only one check in the first seconds.
   * @param {StatsReport} report
   */
  take(report) {
    for (const entry of report.values()) {
      if (entry["type"] !== "candidate-pair" || !entry["nominated"]) continue;
      const responses = Number(entry["responsesReceived"] ?? 0);
      const totalS = Number(entry["totalRoundTripTime"] ?? 0);
      if (responses > this.#responses) {
        this.samples.push((1000 * (totalS - this.#totalS)) / (responses - this.#responses));
      }
      this.#responses = responses;
      this.#totalS = totalS;
      return;
    }
  }
}

/**
 * Median, and the change from one to the next that three of four stay below: a single stall of a busy page, which
 * says nothing of the network, does not count.
 * @param {readonly number[]} samples
 * @returns {{rtt_ms: number, jitter_ms: number} | null}
 */
export function delayOf(samples) {
  if (samples.length === 0) return null;
  const changes = samples.slice(1).map((value, n) => Math.abs(value - /** @type {number} */ (samples[n])));
  return { rtt_ms: ranked(samples, 0.5), jitter_ms: ranked(changes, 0.75) };
}

/** @param {readonly number[]} values @param {number} share */
function ranked(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
