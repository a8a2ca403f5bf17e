// The last values of a quantity and their percentiles.

/** @import {Spread} from "../types.js" */

export class Window {
  /** @type {number[]} */
  #values = [];
  #size;
  #next = 0;

  /** @param {number} size How many values count. */
  constructor(size) {
    this.#size = size;
  }

  /** @param {number} value */
  add(value) {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#size;
  }

  clear() {
    this.#values = [];
    this.#next = 0;
  }

  /** Nearest-rank percentiles; zeros while there is no value. @returns {Spread} */
  spread() {
    const sorted = [...this.#values].sort((a, b) => a - b);
    /** @param {number} share */
    const at = (share) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99), count: sorted.length };
  }
}
