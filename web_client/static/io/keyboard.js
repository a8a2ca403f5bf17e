// Keys by place, text by what the layout makes of them.

import { isForBrowser, keyUsage } from "../core/key_codes.js";
import { EventType } from "../wire/constants.js";

/** @import {DeviceEvent} from "../types.js" */

const KEYBOARD = 0;

export class Keyboard {
  #push;
  #onOverlayKey;
  /** @type {Map<string, number>} Codes that are down, and their usages. */
  #down = new Map();
  #abort = new AbortController();

  /**
   * @param {(event: DeviceEvent, stampMs: number) => void} push
   * @param {() => void} onOverlayKey Ctrl+Alt+S was pressed.
   */
  constructor(push, onOverlayKey) {
    this.#push = push;
    this.#onOverlayKey = onOverlayKey;
    const options = { signal: this.#abort.signal, capture: true };
    window.addEventListener("keydown", (event) => this.#keyDown(event), options);
    window.addEventListener("keyup", (event) => this.#keyUp(event), options);
  }

  /** Everything was released elsewhere. */
  forget() {
    this.#down.clear();
  }

  stop() {
    this.#abort.abort();
  }

  /** @param {KeyboardEvent} event */
  #keyDown(event) {
    if (event.ctrlKey && event.altKey && event.code === "KeyS") {
      event.preventDefault();
      if (!event.repeat) this.#onOverlayKey();
      return;
    }
    const usage = keyUsage(event.code);
    if (isForBrowser(event) || isForPage(event)) return;
    if (usage !== undefined) {
      event.preventDefault();
      if (!this.#down.has(event.code)) {
        this.#down.set(event.code, usage);
        this.#push({ type: EventType.KEY, device: KEYBOARD, usage, down: true }, event.timeStamp);
      }
    }
    const isText = [...event.key].length === 1 && !event.ctrlKey && !event.metaKey && !event.isComposing;
    if (isText) this.#push({ type: EventType.TEXT, device: KEYBOARD, text: event.key }, event.timeStamp);
  }

  /** @param {KeyboardEvent} event */
  #keyUp(event) {
    this.#release(event.code, event.timeStamp);
    // macOS sends no keyup for keys that were let go while Command was held.
    if (event.code.startsWith("Meta")) {
      for (const code of [...this.#down.keys()]) this.#release(code, event.timeStamp);
    }
  }

  /**
   * @param {string} code
   * @param {number} stampMs
   */
  #release(code, stampMs) {
    const usage = this.#down.get(code);
    if (usage === undefined) return;
    this.#down.delete(code);
    this.#push({ type: EventType.KEY, device: KEYBOARD, usage, down: false }, stampMs);
  }
}

/**
 * Keys that work a control of the page: its buttons, its field for text input; all, while a dialog is open.
 * @param {KeyboardEvent} event
 */
function isForPage(event) {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("input, textarea") || document.querySelector("dialog[open]") !== null) return true;
  return target.closest("button, a, summary") !== null && ["Enter", "Space", "Tab"].includes(event.code);
}
