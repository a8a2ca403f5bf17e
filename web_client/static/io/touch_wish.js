// Which way one title is played by touch: its own wish, unless the player chose another, kept per title.

import { NO_TOUCH_CHOICE, withEntry } from "../core/settings.js";
import { DEFAULT_PARTS, PARTS } from "../core/touch_layout.js";
import { api } from "./api.js";

/** @import {TouchChoice, TouchMode} from "../core/settings.js" */
/** @import {PartName} from "../core/touch_layout.js" */
/** @import {SettingsStore} from "./settings_store.js" */

export class TouchWish {
  #store;
  #onKnown;
  #titleId = "";
  /** @type {TouchMode} */
  #mode = "pointer";
  /** @type {readonly PartName[]} */
  #parts = DEFAULT_PARTS;
  #byTouch = matchMedia("(pointer: coarse)").matches;

  /**
   * @param {SettingsStore} store
   * @param {() => void} onKnown The title's wish, or a first finger, was learnt.
   */
  constructor(store, onKnown) {
    this.#store = store;
    this.#onKnown = onKnown;
    window.addEventListener("pointerdown", ({ pointerType }) => {
      if (pointerType !== "touch" || this.#byTouch) return;
      this.#byTouch = true;
      onKnown();
    }, { capture: true });
  }

  /** @param {string} titleId */
  async learn(titleId) {
    if (titleId === this.#titleId) return;
    this.#titleId = titleId;
    // Without an answer the title is played by pointing, which every title bears.
    const { titles } = await api.titles().catch(() => ({ titles: [] }));
    const touch = titles.find(({ id }) => id === titleId)?.touch;
    if (touch === undefined || titleId !== this.#titleId) return;
    this.#mode = touch.mode;
    const parts = PARTS.filter((part) => touch.controls.includes(part));
    if (parts.length > 0) this.#parts = parts;
    this.#onKnown();
  }

  /** Whether fingers play on this device. */
  get isByTouch() {
    return this.#byTouch;
  }

  /** @returns {TouchMode} */
  get mode() {
    return this.#choice.mode ?? this.#mode;
  }

  get parts() {
    return this.#parts;
  }

  get placings() {
    return this.#choice.placings;
  }

  /** @param {Partial<TouchChoice>} change */
  choose(change) {
    if (this.#titleId === "") return;
    const touch = withEntry(this.#store.current.touch, this.#titleId, { ...this.#choice, ...change });
    this.#store.change({ touch });
  }

  get #choice() {
    return this.#store.current.touch.get(this.#titleId) ?? NO_TOUCH_CHOICE;
  }
}
