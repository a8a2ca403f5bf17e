// All input devices of a player's page, together with losing focus: then everything is let go.

import { EventType } from "../wire/constants.js";
import { Gamepads } from "./gamepads.js";
import { Keyboard } from "./keyboard.js";
import { Pointer } from "./pointer.js";
import { PointerLock } from "./pointer_lock.js";
import { TextEntry } from "./text_entry.js";

/** @import {Cursor, DeviceEvent, Rumble} from "../types.js" */
/** @import {PadReading} from "../core/pads.js" */
/** @import {PadHandlers} from "./gamepads.js" */

/**
 * @typedef {object} OwnHandlers
 * @property {(event: DeviceEvent, stampMs?: number) => void} push
 * @property {() => boolean} holdsAnything
 * @property {() => void} onOverlayKey
 * @property {(state: "off" | "wanted" | "locked") => void} onLock
 */
/** @typedef {OwnHandlers & PadHandlers} DeviceHandlers */

export class Devices {
  #handlers;
  #abort = new AbortController();
  #keyboard;
  #pointer;
  #lock;
  #pads;
  #text;
  #lent = false;

  /**
   * @param {HTMLVideoElement} stage
   * @param {HTMLTextAreaElement} textField
   * @param {DeviceHandlers} handlers
   */
  constructor(stage, textField, handlers) {
    this.#handlers = handlers;
    /** @type {OwnHandlers["push"]} */
    const push = (event, stampMs) => {
      if (!this.#lent) handlers.push(event, stampMs);
    };
    this.#keyboard = new Keyboard(textField, { push, onOverlayKey: handlers.onOverlayKey, onMenu: handlers.onMenu });
    this.#lock = new PointerLock(stage, handlers.onLock);
    this.#pointer = new Pointer(stage, push, () => this.#lock.isLocked);
    this.#pads = new Gamepads(push, handlers);
    this.#text = new TextEntry(textField, push);
    const { signal } = this.#abort;
    window.addEventListener("blur", () => this.releaseAll(), { signal });
    window.addEventListener("pagehide", () => this.releaseAll(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.releaseAll(), { signal });
  }

  releaseAll() {
    if (this.#handlers.holdsAnything()) this.#handlers.push({ type: EventType.RELEASE_ALL, device: 0 });
    this.#keyboard.forget();
    this.#pointer.forget();
    this.#pads.forget();
  }

  /** Nothing reaches the title while the devices work the page's menu. @param {boolean} toMenu */
  lend(toMenu) {
    if (toMenu) {
      this.releaseAll();
      this.#text.close();
      this.#lock.release();
    }
    this.#lent = toMenu;
    this.#keyboard.lend(toMenu);
    this.#pads.lend(toMenu);
  }

  /** Real pads that are plugged in. */
  get pads() {
    return this.#pads.plugged;
  }

  /** @param {PadReading | null} reading Of the pad that is drawn for fingers. */
  drawPad(reading) {
    this.#pads.draw(reading);
  }

  /** @param {Cursor} cursor */
  takeCursor(cursor) {
    this.#lock.want(cursor.relative);
  }

  /** @param {Rumble} motors */
  rumble(motors) {
    this.#pads.rumble(motors);
  }

  /** @param {boolean} wanted The title takes text, or no more; a keyboard with keys can type at once. */
  wantText(wanted) {
    if (!wanted) this.#text.close();
    else if (matchMedia("(pointer: fine)").matches && !this.#lent) this.#text.open();
  }

  toggleTextEntry() {
    if (this.#text.isOpen) this.#text.close();
    else this.#text.open();
  }

  stop() {
    this.releaseAll();
    this.#abort.abort();
    for (const device of [this.#keyboard, this.#pointer, this.#lock, this.#pads, this.#text]) device.stop();
  }
}
