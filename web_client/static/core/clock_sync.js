// The worker's clock as seen from the page: four timestamps per exchange (RFC 5905 §8), of which the one with the
// least round trip in the last ten seconds is trusted; half of that round trip is the uncertainty.

/** How long an exchange counts: clocks drift by up to 50 µs/s, so older ones are no better than a longer round trip. */
const WINDOW_US = 10_000_000;

const SAMPLES_MAX = 64;

/** @typedef {{atUs: number, roundTripUs: number, offsetUs: number}} Exchange */

export class ClockSync {
  /** @type {Exchange[]} */
  #exchanges = [];

  /**
   * Take an answered exchange.
   * @param {number} sentUs Page: the question left.
   * @param {number} workerReceivedUs Worker: it came.
   * @param {number} workerSentUs Worker: the answer left.
   * @param {number} nowUs Page: the answer came.
   */
  add(sentUs, workerReceivedUs, workerSentUs, nowUs) {
    const roundTripUs = nowUs - sentUs - (workerSentUs - workerReceivedUs);
    if (sentUs > nowUs || workerSentUs < workerReceivedUs || roundTripUs < 0) return;
    const offsetUs = (workerReceivedUs - sentUs + (workerSentUs - nowUs)) / 2;
    this.#exchanges = this.#exchanges.filter(({ atUs }) => nowUs - atUs <= WINDOW_US).slice(1 - SAMPLES_MAX);
    this.#exchanges.push({ atUs: nowUs, roundTripUs, offsetUs });
  }

  /** Forget everything: another worker answers from now on. */
  reset() {
    this.#exchanges = [];
  }

  /** @returns {Exchange | null} */
  get #best() {
    let best = null;
    for (const exchange of this.#exchanges) {
      if (best === null || exchange.roundTripUs <= best.roundTripUs) best = exchange;
    }
    return best;
  }

  /** Worker's clock minus page's, µs; null before the first exchange. */
  get offsetUs() {
    return this.#best?.offsetUs ?? null;
  }

  /** Least round trip, µs; null before the first exchange. */
  get roundTripUs() {
    return this.#best?.roundTripUs ?? null;
  }

  /** The offset is right to within this many µs either way. */
  get uncertaintyUs() {
    const roundTripUs = this.roundTripUs;
    return roundTripUs === null ? null : roundTripUs / 2;
  }

  /**
   * A time of the worker on the page's clock.
   * @param {number} workerUs
   * @returns {number | null}
   */
  toPageUs(workerUs) {
    const offsetUs = this.offsetUs;
    return offsetUs === null ? null : workerUs - offsetUs;
  }
}
