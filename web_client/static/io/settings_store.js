// The player's settings on this device, in localStorage where the browser allows it.

import { readSettings, writeSettings } from "../core/settings.js";

/** @import {Settings} from "../core/settings.js" */

const KEY = "farplay.play";

export class SettingsStore {
  /** @type {Settings} */
  #settings;
  /** @type {((settings: Settings) => void)[]} */
  #listeners = [];

  constructor() {
    let text = null;
    try {
      text = localStorage.getItem(KEY);
    } catch {
      // Storage may be turned off; the settings then last as long as the page.
    }
    this.#settings = readSettings(text);
  }

  get current() {
    return this.#settings;
  }

  /** @param {(settings: Settings) => void} listener Called now and after every change. */
  follow(listener) {
    this.#listeners.push(listener);
    listener(this.#settings);
  }

  /** @param {Partial<Settings>} change */
  change(change) {
    this.#settings = { ...this.#settings, ...change };
    try {
      localStorage.setItem(KEY, writeSettings(this.#settings));
    } catch {
      // Full or turned off: as above.
    }
    for (const listener of this.#listeners) listener(this.#settings);
  }
}
