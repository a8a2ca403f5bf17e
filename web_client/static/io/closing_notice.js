// Tells whoever plays or watches that the game's machine is about to close.

import { closingWords } from "../core/closing.js";
import { setText } from "./kept_list.js";
import { byId } from "./screens.js";

/** @import {Closing} from "../core/closing.js" */
/** @import {Words} from "../strings/words.js" */

export class ClosingNotice {
  #words;
  #element = byId("closing", HTMLElement);
  /** @type {Closing | null} */
  #closing = null;

  /** @param {Words} words */
  constructor(words) {
    this.#words = words;
  }

  /** @param {number | null} inMs Milliseconds from now; null if the game goes on. */
  set(inMs) {
    const nowMs = performance.now();
    this.#closing = inMs === null ? null : { toldAtMs: nowMs, endsAtMs: nowMs + inMs };
    this.tick();
  }

  /** Call this every now and then. */
  tick() {
    const shown = this.#closing === null ? null : closingWords(this.#closing, performance.now());
    this.#element.hidden = shown === null;
    if (shown !== null) setText(this.#element, this.#words(shown.words, { n: shown.minutes }));
  }
}
