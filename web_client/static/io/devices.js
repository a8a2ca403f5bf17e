// All input devices of a player's page, together with losing focus: then everything is let go.

import { EventType } from "../wire/constants.js";
import { Gamepads } from "./gamepads.js";
import { Keyboard } from "./keyboard.js";
import { Pointer } from "./pointer.js";
import { PointerLock } from "./pointer_lock.js";
import { TextEntry } from "./text_entry.js";

/** @import {Cursor, DeviceEvent, Rumble} from "../types.js" */

/**
 * @typedef {object} DeviceHandlers
 * @property {(event: DeviceEvent, stampMs?: number) => void} push
 * @property {() => boolean} holdsAnything
 * @property {() => void} onOverlayKey
 * @property {(state: "off" | "wanted" | "locked") => void} onLock
 */

export class Devices {
  #handlers;
  #abort = new AbortController();
  #keyboard;
  #pointer;
  #lock;
  #pads;
  #text;

  /**
   * @param {HTMLVideoElement} stage
   * @param {HTMLTextAreaElement} textField
   * @param {DeviceHandlers} handlers
   */
  constructor(stage, textField, handlers) {
    this.#handlers = handlers;
    const { push } = handlers;
    this.#keyboard = new Keyboard(push, handlers.onOverlayKey);
    this.#lock = new PointerLock(stage, handlers.onLock);
    this.#pointer = new Pointer(stage, push, () => this.#lock.isLocked);
    this.#pads = new Gamepads(push);
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

  /** @param {Cursor} cursor */
  takeCursor(cursor) {
    this.#lock.want(cursor.relative);
  }

  /** @param {Rumble} rumble */
  rumble(rumble) {
    this.#pads.rumble(rumble);
  }

  toggleTextEntry() {
    this.#text.toggle();
  }

  stop() {
    this.releaseAll();
    this.#abort.abort();
    for (const device of [this.#keyboard, this.#pointer, this.#lock, this.#pads, this.#text]) device.stop();
  }
}
