// Keys by place, text by what the layout makes of them. Keys of an input method that composes are nobody else's.

import { isForBrowser, keyUsage } from "../core/key_codes.js";
import { pastePieces } from "../core/text_pieces.js";
import { EventType } from "../wire/constants.js";

/** @import {DeviceEvent} from "../types.js" */

const KEYBOARD = 0;

/** How long Escape is held to open the menu; the title gets the key as well. */
const MENU_HOLD_MS = 600;

/** What browsers give as `keyCode` of a press that an input method took. */
const COMPOSED = 229;

/**
 * @typedef {object} KeyboardHandlers
 * @property {(event: DeviceEvent, stampMs: number) => void} push
 * @property {() => void} onOverlayKey Ctrl+Alt+S was pressed.
 * @property {() => void} onMenu Escape was held.
 */

export class Keyboard {
  #textField;
  #handlers;
  /** @type {Map<string, number>} Codes that are down, and their usages. */
  #down = new Map();
  #forMenu = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #menuTimer;
  #abort = new AbortController();

  /**
   * @param {HTMLElement} textField Takes composed text itself; other keys in it are the title's.
   * @param {KeyboardHandlers} handlers
   */
  constructor(textField, handlers) {
    this.#textField = textField;
    this.#handlers = handlers;
    const options = { signal: this.#abort.signal, capture: true };
    window.addEventListener("keydown", (event) => this.#keyDown(event), options);
    window.addEventListener("keyup", (event) => this.#keyUp(event), options);
    window.addEventListener("paste", (event) => this.#paste(event), options);
  }

  /** Everything was released elsewhere. */
  forget() {
    this.#down.clear();
    clearTimeout(this.#menuTimer);
  }

  /** @param {boolean} forMenu Whether the keys are the menu's. */
  lend(forMenu) {
    this.#forMenu = forMenu;
  }

  stop() {
    this.forget();
    this.#abort.abort();
  }

  /** @param {KeyboardEvent} event */
  #keyDown(event) {
    if (event.ctrlKey && event.altKey && event.code === "KeyS") {
      event.preventDefault();
      if (!event.repeat) this.#handlers.onOverlayKey();
      return;
    }
    const composing = event.isComposing || event.keyCode === COMPOSED;
    if (this.#forMenu || composing || isForBrowser(event) && !isPaste(event) || this.#isForPage(event)) return;
    const isText = [...event.key].length === 1 && !event.ctrlKey && !event.metaKey;
    const inField = event.target === this.#textField;
    const usage = keyUsage(event.code);
    // The field makes text itself of what it is typed; a paste comes as an event of its own.
    const leave = isPaste(event) || (inField && (isText || usage === undefined));
    if (usage !== undefined) {
      if (!leave) event.preventDefault();
      if (!this.#down.has(event.code)) this.#press(event.code, usage, event.timeStamp);
    }
    if (isText && !inField) {
      this.#handlers.push({ type: EventType.TEXT, device: KEYBOARD, text: event.key }, event.timeStamp);
    }
  }

  /**
   * @param {string} code
   * @param {number} usage
   * @param {number} stampMs
   */
  #press(code, usage, stampMs) {
    this.#down.set(code, usage);
    this.#handlers.push({ type: EventType.KEY, device: KEYBOARD, usage, down: true }, stampMs);
    if (code === "Escape") this.#menuTimer = setTimeout(() => this.#handlers.onMenu(), MENU_HOLD_MS);
  }

  /** @param {KeyboardEvent} event */
  #keyUp(event) {
    if (event.code === "Escape") clearTimeout(this.#menuTimer);
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
    this.#handlers.push({ type: EventType.KEY, device: KEYBOARD, usage, down: false }, stampMs);
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    if (this.#forMenu) return;
    event.preventDefault();
    for (const text of pastePieces(event.clipboardData?.getData("text/plain") ?? "")) {
      this.#handlers.push({ type: EventType.TEXT, device: KEYBOARD, text }, event.timeStamp);
    }
  }

  /**
   * Keys that work a control of the page: its buttons and fields; all, while a dialog is open.
   * @param {KeyboardEvent} event
   */
  #isForPage(event) {
    const target = event.target;
    if (!(target instanceof HTMLElement) || target === this.#textField) return false;
    if (target.matches("input, textarea") || document.querySelector("dialog[open]") !== null) return true;
    return target.closest("button, a, summary") !== null && ["Enter", "Space", "Tab"].includes(event.code);
  }
}

/** @param {KeyboardEvent} event */
function isPaste(event) {
  return (event.ctrlKey || event.metaKey) && !event.altKey && event.code === "KeyV";
}
