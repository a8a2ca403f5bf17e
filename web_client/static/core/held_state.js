// What the player holds down now, so that a snapshot can say all of it in place of what was lost.

import { EventType, INPUT_BATCH_MAX_EVENTS, PADS_MAX, TouchPhase } from "../wire/constants.js";

/** @import {DeviceEvent} from "../types.js" */

const BUTTONS = 5;
const FINGERS_MAX = 10;

/** Keys in one snapshot: what is left beside buttons, fingers, the pointer and two events per pad. */
const KEYS_MAX = INPUT_BATCH_MAX_EVENTS - BUTTONS - FINGERS_MAX - 1 - 2 * PADS_MAX;

export class HeldState {
  /** @type {Map<string, DeviceEvent>} */
  #keys = new Map();
  /** @type {Map<number, DeviceEvent>} */
  #buttons = new Map();
  /** @type {Map<number, DeviceEvent>} */
  #fingers = new Map();
  /** @type {Map<number, DeviceEvent>} */
  #pads = new Map();
  /** @type {Map<number, DeviceEvent>} */
  #present = new Map();
  /** @type {DeviceEvent | null} */
  #pointer = null;

  /** Whether a key, button or finger is down, or a pad is away from rest. */
  get any() {
    return this.#keys.size + this.#buttons.size + this.#fingers.size + this.#pads.size > 0;
  }

  /** @param {DeviceEvent} event */
  apply(event) {
    switch (event.type) {
      case EventType.KEY:
        this.#press(this.#keys, `${event.device}:${event.usage}`, event, event.down && this.#keys.size < KEYS_MAX);
        break;
      case EventType.MOUSE_BUTTON:
        this.#press(this.#buttons, event.button, event, event.down);
        break;
      case EventType.TOUCH:
        this.#touch(event);
        break;
      case EventType.MOUSE_ABS:
        this.#pointer = event;
        break;
      case EventType.PAD:
        this.#press(this.#pads, event.index, event, event.buttons !== 0 || event.axes.some((axis) => axis !== 0));
        break;
      case EventType.PAD_PRESENCE:
        this.#press(this.#present, event.index, event, event.connected);
        if (!event.connected) this.#pads.delete(event.index);
        break;
      case EventType.RELEASE_ALL:
        for (const held of [this.#keys, this.#buttons, this.#fingers, this.#pads]) held.clear();
        break;
      default:
        break;
    }
  }

  /** Events that describe all that is held, at most one batch of them. @returns {DeviceEvent[]} */
  describe() {
    return [
      ...this.#present.values(),
      ...this.#pads.values(),
      ...(this.#pointer ? [this.#pointer] : []),
      ...this.#keys.values(),
      ...this.#buttons.values(),
      ...this.#fingers.values(),
    ];
  }

  /**
   * @template K
   * @param {Map<K, DeviceEvent>} held
   * @param {K} key
   * @param {DeviceEvent} event
   * @param {boolean} down
   */
  #press(held, key, event, down) {
    if (down) held.set(key, event);
    else held.delete(key);
  }

  /** @param {Extract<DeviceEvent, {finger: number}>} event */
  #touch(event) {
    const over = event.phase === TouchPhase.UP || event.phase === TouchPhase.CANCEL;
    const known = this.#fingers.has(event.finger);
    const begins = event.phase === TouchPhase.DOWN && this.#fingers.size < FINGERS_MAX;
    const moved = { ...event, phase: TouchPhase.DOWN };
    this.#press(this.#fingers, event.finger, moved, !over && (known || begins));
  }
}
