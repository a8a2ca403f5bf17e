// A browser's gamepad as the wire has it, and what changed since it was last looked at.

import { EventType, PADS_MAX } from "../wire/constants.js";

/** @import {DeviceEvent, PadAxes, Rumble} from "../types.js" */

/** Device number of pad 0. */
export const PAD_DEVICE = 16;

const LEFT_TRIGGER = 6;
const RIGHT_TRIGGER = 7;
const BUTTONS_MAX = 32;
const I16_MAX = 32767;

/**
 * @typedef {{index: number, connected: boolean, buttons: readonly {pressed: boolean, value: number}[],
 *   axes: readonly number[]}} PadReading The parts of `Gamepad` that count.
 */

/**
 * One pad's state as an event.
 * @param {PadReading} pad
 * @returns {DeviceEvent & {type: 8, buttons: number, axes: PadAxes}}
 */
export function padEvent(pad) {
  let buttons = 0;
  pad.buttons.slice(0, BUTTONS_MAX).forEach(({ pressed }, n) => {
    if (pressed) buttons |= 1 << n;
  });
  /** @param {number} n */
  const stick = (n) => toI16(pad.axes[n] ?? 0);
  /** @param {number} n */
  const trigger = (n) => toI16(Math.max(0, pad.buttons[n]?.value ?? 0));
  return {
    type: EventType.PAD,
    device: PAD_DEVICE + pad.index,
    index: pad.index,
    buttons: buttons >>> 0,
    axes: [stick(0), stick(1), stick(2), stick(3), trigger(LEFT_TRIGGER), trigger(RIGHT_TRIGGER)],
  };
}

/**
 * Whether a rumble means a pad of this page: the worker maps pad n to the n-th of its player's seats, or to the first
 * where they have fewer.
 * @param {Rumble} rumble
 * @param {readonly number[]} seats That this page's player holds, in rising order.
 */
export function isForSeats(rumble, seats) {
  return (seats[rumble.pad] ?? seats[0]) === rumble.seat;
}

/** @param {number} value */
function toI16(value) {
  return Number.isFinite(value) ? Math.round(Math.min(1, Math.max(-1, value)) * I16_MAX) : 0;
}

/** Follows all pads and says what is new. */
export class PadTracker {
  /** @type {Map<number, string>} */
  #known = new Map();

  /** Whether any pad is plugged in. */
  get any() {
    return this.#known.size > 0;
  }

  /** The worker lets go of everything: what is pressed still must be said again. */
  forgetStates() {
    for (const index of this.#known.keys()) this.#known.set(index, "");
  }

  /**
   * @param {readonly (PadReading | null)[]} pads As `navigator.getGamepads()` returns them.
   * @returns {DeviceEvent[]}
   */
  look(pads) {
    /** @type {DeviceEvent[]} */
    const events = [];
    for (let index = 0; index < PADS_MAX; index += 1) {
      const pad = pads[index];
      const connected = pad?.connected === true;
      if (connected !== this.#known.has(index)) {
        events.push({ type: EventType.PAD_PRESENCE, device: PAD_DEVICE + index, index, connected });
        if (connected) this.#known.set(index, "");
        else this.#known.delete(index);
      }
      if (!pad || !connected) continue;
      const event = padEvent({ ...pick(pad), index });
      const state = `${event.buttons}:${event.axes.join()}`;
      if (state === this.#known.get(index)) continue;
      this.#known.set(index, state);
      events.push(event);
    }
    return events;
  }
}

/** @param {PadReading} pad `Gamepad`'s fields are getters, which spreading would miss. @returns {PadReading} */
function pick(pad) {
  return { index: pad.index, connected: pad.connected, buttons: pad.buttons, axes: pad.axes };
}
