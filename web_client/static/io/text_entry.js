// Text from a phone's keyboard or an input method, by a field that nobody sees. Only while the title takes text.

import { EventType, INPUT_TEXT_MAX_BYTES } from "../wire/constants.js";

/** @import {DeviceEvent} from "../types.js" */

const KEYBOARD = 0;
const BACKSPACE = 42;
const ENTER = 40;

export class TextEntry {
  #field;
  #push;
  #abort = new AbortController();

  /**
   * @param {HTMLTextAreaElement} field
   * @param {(event: DeviceEvent, stampMs: number) => void} push
   */
  constructor(field, push) {
    this.#field = field;
    this.#push = push;
    const { signal } = this.#abort;
    field.addEventListener("beforeinput", (event) => this.#edit(event), { signal });
    field.addEventListener("compositionend", (event) => this.#text(event.data, event.timeStamp), { signal });
    field.addEventListener("input", () => {
      field.value = "";
    }, { signal });
  }

  /** Show or hide the system's keyboard; must come from a click. */
  toggle() {
    if (document.activeElement === this.#field) this.#field.blur();
    else this.#field.focus({ preventScroll: true });
  }

  stop() {
    this.#abort.abort();
  }

  /** @param {InputEvent} event */
  #edit(event) {
    if (event.inputType === "insertText" && event.data !== null && !event.isComposing) {
      this.#text(event.data, event.timeStamp);
    }
    if (event.inputType === "deleteContentBackward") this.#tap(BACKSPACE, event.timeStamp);
    if (event.inputType === "insertLineBreak" || event.inputType === "insertParagraph") this.#tap(ENTER, event.timeStamp);
  }

  /**
   * @param {string} text
   * @param {number} stampMs
   */
  #text(text, stampMs) {
    for (const part of split(text)) this.#push({ type: EventType.TEXT, device: KEYBOARD, text: part }, stampMs);
  }

  /**
   * @param {number} usage
   * @param {number} stampMs
   */
  #tap(usage, stampMs) {
    for (const down of [true, false]) this.#push({ type: EventType.KEY, device: KEYBOARD, usage, down }, stampMs);
  }
}

/**
 * Pieces that each fit one event, cut between characters.
 * @param {string} text
 */
function split(text) {
  const utf8 = new TextEncoder();
  /** @type {string[]} */
  const parts = [];
  let part = "";
  for (const character of text) {
    if (utf8.encode(part + character).length > INPUT_TEXT_MAX_BYTES) {
      parts.push(part);
      part = "";
    }
    part += character;
  }
  return part === "" ? parts : [...parts, part];
}
