// How many frames this page can show: by its display, and by what its decoder keeps up with. Sans-IO: what was measured
// is an argument.

/** Readings of which the best counts: a decoder that starts, or a page that stood still for a moment, keeps up. */
const SHARES = 2;

export class ShownRate {
  /** @type {number | null} */
  #refreshHz = null;
  /** @type {number[]} */
  #shares = [];

  /**
   * Take the times of refreshes in a row.
   * @param {readonly number[]} timesMs
   */
  addRefreshes(timesMs) {
    const gaps = timesMs.slice(1).map((at, index) => at - (timesMs[index] ?? at)).sort((a, b) => a - b);
    // A page that is busy misses refreshes, which doubles some gaps; none are halved.
    const gapMs = gaps[gaps.length >> 2] ?? 0;
    if (gapMs > 0) this.#refreshHz = 1000 / gapMs;
  }

  /**
   * Take which share of the frames of about a second was decoded.
   * @param {number | null} share null where that cannot be told.
   */
  addDecoded(share) {
    if (share === null) return;
    this.#shares.push(share);
    if (this.#shares.length > SHARES) this.#shares.shift();
  }

  /** What the worker is told; null before the display is known. */
  get report() {
    if (this.#refreshHz === null) return null;
    const best = this.#shares.length < SHARES ? 1 : Math.max(...this.#shares);
    return { refreshHz: this.#refreshHz, decodedPct: 100 * best };
  }
}
