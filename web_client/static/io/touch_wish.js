// Which way one title is played by touch: its own wish, unless the player chose another, kept per title.

import { NO_TOUCH_CHOICE, withEntry } from "../core/settings.js";
import { DEFAULT_PARTS, PARTS } from "../core/touch_layout.js";

/** @import {TouchChoice, TouchMode} from "../core/settings.js" */
/** @import {PartName} from "../core/touch_layout.js" */
/** @import {PlayedTitle} from "../types.js" */
/** @import {SettingsStore} from "./settings_store.js" */

export class TouchWish {
  #store;
  #titleId = "";
  /** @type {PlayedTitle["touch"] | null} */
  #wished = null;
  #byTouch = matchMedia("(pointer: coarse)").matches;

  /**
   * @param {SettingsStore} store
   * @param {() => void} onFinger A first finger was seen.
   */
  constructor(store, onFinger) {
    this.#store = store;
    window.addEventListener("pointerdown", ({ pointerType }) => {
      if (pointerType !== "touch" || this.#byTouch) return;
      this.#byTouch = true;
      onFinger();
    }, { capture: true });
  }

  /**
   * @param {string} titleId
   * @param {PlayedTitle["touch"] | null} wished Null until it is known: by pointing, which every title bears.
   */
  learn(titleId, wished) {
    this.#titleId = titleId;
    this.#wished = wished;
  }

  /** Whether fingers play on this device. */
  get isByTouch() {
    return this.#byTouch;
  }

  /** @returns {TouchMode} */
  get mode() {
    return this.#choice.mode ?? this.#wished?.mode ?? "pointer";
  }

  /** @returns {readonly PartName[]} */
  get parts() {
    const parts = PARTS.filter((part) => this.#wished?.controls.includes(part));
    return parts.length > 0 ? parts : DEFAULT_PARTS;
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
