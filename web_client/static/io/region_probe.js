// Measures how far this device is from each region, beside everything else: nothing ever waits for it.

import { readTimes, REQUESTS, roundTripsOf, staleOf, withSamples, writeTimes } from "../core/region_times.js";
import { api } from "./api.js";

/** @import {Region} from "../types.js" */

const KEY = "farplay.regions";

/** For all requests to one region. */
const TRY_MS = 2_500;

export class RegionProbe {
  /** @type {import("../core/region_times.js").RegionTimes} */
  #times;
  #now;

  /** @param {() => number} [now] This device's clock. */
  constructor(now = Date.now) {
    this.#now = now;
    let text = null;
    try {
      text = localStorage.getItem(KEY);
    } catch {
      // Storage may be turned off; what is measured then lasts as long as the page.
    }
    this.#times = readTimes(text);
  }

  /** What is known now, in milliseconds by the region's name. */
  get roundTripsMs() {
    return roundTripsOf(this.#times, this.#now());
  }

  /**
   * Measure what is not known any more, all regions side by side; never fails.
   * @param {boolean} [anew] Also what is known.
   * @returns {Promise<readonly Region[]>} All that there are.
   */
  async measure(anew = false) {
    let regions;
    try {
      ({ regions } = await api.regions());
    } catch {
      return [];
    }
    const wanted = anew ? regions : staleOf(regions, this.#times, this.#now());
    const samples = await Promise.all(wanted.map(async ({ name, url }) => /** @type {const} */ ([name, await request(url)])));
    this.#times = withSamples(regions, this.#times, new Map(samples), this.#now());
    try {
      if (samples.length > 0) localStorage.setItem(KEY, writeTimes(this.#times));
    } catch {
      // Full or turned off: as above.
    }
    return regions;
  }
}

/**
 * Ask one region a few times over one connection.
 * @param {string} url
 * @returns {Promise<number[]>} Milliseconds until each answer began; empty unless all came in time.
 */
async function request(url) {
  /** @type {RequestInit} */
  const init = { mode: "cors", credentials: "omit", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(TRY_MS) };
  const samples = [];
  try {
    while (samples.length < REQUESTS) {
      const beganMs = performance.now();
      const answer = await fetch(url, init);
      samples.push(performance.now() - beganMs);
      if (!answer.ok) return [];
      await answer.text();  // Whatever is not read keeps the connection from being used again.
    }
  } catch {
    return [];
  }
  return samples;
}
