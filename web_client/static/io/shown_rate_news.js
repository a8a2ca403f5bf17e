// Tells the worker once a second how many frames this page can show.

import { ShownRate } from "../core/shown_rate.js";
import { encodeDisplay } from "../wire/frame_story.js";

/** @import {LinkFigures} from "../types.js" */

/** Refreshes that are looked at in a row. */
const REFRESHES = 24;

/** Readings after which the display is looked at again: a window may have moved to another one. */
const LOOK_EVERY = 10;

export class ShownRateNews {
  #rate = new ShownRate();
  #send;
  #readings = 0;

  /** @param {(story: Uint8Array<ArrayBuffer>) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /**
   * Once a second. A hidden page says nothing: it is not refreshed, and may not decode.
   * @param {LinkFigures} figures
   */
  tell(figures) {
    if (document.hidden) return;
    if (this.#readings % LOOK_EVERY === 0) void refreshes().then((timesMs) => this.#rate.addRefreshes(timesMs));
    this.#readings += 1;
    this.#rate.addDecoded(figures.decoded_share);
    const { report } = this.#rate;
    if (report !== null) this.#send(encodeDisplay(report.refreshHz, report.decodedPct));
  }
}

/** The times of refreshes in a row, milliseconds. @returns {Promise<number[]>} */
async function refreshes() {
  /** @type {number[]} */
  const timesMs = [];
  while (timesMs.length < REFRESHES) timesMs.push(await new Promise(requestAnimationFrame));
  return timesMs;
}
