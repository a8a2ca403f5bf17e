// Text from a phone's keyboard or an input method, by a field that nobody sees. Only while the title takes text.

import { textPieces } from "../core/text_pieces.js";
import { EventType } from "../wire/constants.js";

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
    field.addEventListener("compositionend", (event) => {
      this.#text(event.data, event.timeStamp);
      field.value = "";
    }, { signal });
    field.addEventListener("input", (event) => {
      // Emptying the field in the middle of a composition would end it.
      if (!(event instanceof InputEvent && event.isComposing)) field.value = "";
    }, { signal });
  }

  get isOpen() {
    return document.activeElement === this.#field;
  }

  /** Take text from now on. A phone shows its keyboard only if this comes from a click. */
  open() {
    this.#field.focus({ preventScroll: true });
  }

  close() {
    this.#field.blur();
  }

  stop() {
    this.close();
    this.#abort.abort();
  }

  /** Keys that reach here had no code of their own: the keyboard has taken the others. @param {InputEvent} event */
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
    for (const piece of textPieces(text)) this.#push({ type: EventType.TEXT, device: KEYBOARD, text: piece }, stampMs);
  }

  /**
   * @param {number} usage
   * @param {number} stampMs
   */
  #tap(usage, stampMs) {
    for (const down of [true, false]) this.#push({ type: EventType.KEY, device: KEYBOARD, usage, down }, stampMs);
  }
}
