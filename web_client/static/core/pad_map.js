// Which button of a pad stands for which button of the standard layout, and how a player says so by pressing it.

/** @import {PadReading} from "./pads.js" */

/** Buttons of the standard layout that can be mapped, in its order. */
export const PAD_BUTTONS = /** @type {const} */ ([
  "a", "b", "x", "y", "l1", "r1", "l2", "r2", "select", "start", "l3", "r3", "up", "down", "left", "right", "guide",
]);
const SOURCES_MAX = 32;

/** Every button stands for itself. @type {readonly number[]} */
export const PLAIN_MAP = PAD_BUTTONS.map((_, index) => index);

/**
 * @param {unknown} value
 * @returns {value is number[]}
 */
export function isPadMap(value) {
  return Array.isArray(value) && value.length === PLAIN_MAP.length
    && value.every((source) => Number.isInteger(source) && source >= 0 && source < SOURCES_MAX);
}

/**
 * The reading as if the pad had the standard layout.
 * @param {PadReading} pad
 * @param {readonly number[]} map
 * @returns {PadReading}
 */
export function mapped({ index, connected, buttons, axes }, map) {
  const released = { pressed: false, value: 0 };
  return { index, connected, axes, buttons: map.map((source) => buttons[source] ?? released) };
}

/**
 * The map with one button bound anew; the button that had this source gets the one that is free now.
 * @param {readonly number[]} map
 * @param {number} target Index in `PAD_BUTTONS`.
 * @param {number} source The pad's own number.
 * @returns {readonly number[]}
 */
export function bound(map, target, source) {
  const before = map[target] ?? target;
  return map.map((each, index) => (index === target ? source : each === source ? before : each));
}

/** Waits for a button: only one that was up counts, so that the press that began the binding does not end it. */
export class PadBinding {
  /** @type {Set<number> | null} Buttons that have been down since the beginning. */
  #stale = null;

  /** @param {PadReading} pad @returns {number | null} The button that was pressed. */
  look(pad) {
    const down = pad.buttons.slice(0, SOURCES_MAX).flatMap(({ pressed }, index) => (pressed ? [index] : []));
    if (this.#stale === null) this.#stale = new Set(down);
    for (const index of this.#stale) if (!down.includes(index)) this.#stale.delete(index);
    return down.find((index) => !this.#stale?.has(index)) ?? null;
  }
}
