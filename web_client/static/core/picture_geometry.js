// Where the picture lies inside its letterboxed element, and what that makes of a pointer's position.

const U16_MAX = 65535;

/** @typedef {{left: number, top: number, width: number, height: number}} Rect CSS pixels. */

/**
 * The picture's rectangle inside an element that shows it with `object-fit: contain`.
 * @param {Rect} element
 * @param {number} pictureWidth Pixels of the video; 0 while unknown.
 * @param {number} pictureHeight
 * @returns {Rect}
 */
export function pictureRect(element, pictureWidth, pictureHeight) {
  if (pictureWidth <= 0 || pictureHeight <= 0 || element.width <= 0 || element.height <= 0) return element;
  const scale = Math.min(element.width / pictureWidth, element.height / pictureHeight);
  const [width, height] = [pictureWidth * scale, pictureHeight * scale];
  return {
    left: element.left + (element.width - width) / 2, top: element.top + (element.height - height) / 2, width, height,
  };
}

/**
 * A position in 1/65535 of the picture, clamped to it.
 * @param {Rect} picture
 * @param {number} clientX
 * @param {number} clientY
 */
export function toPicture(picture, clientX, clientY) {
  return { x: toU16((clientX - picture.left) / picture.width), y: toU16((clientY - picture.top) / picture.height) };
}

/** @param {number} share */
function toU16(share) {
  return Number.isFinite(share) ? Math.round(Math.min(1, Math.max(0, share)) * U16_MAX) : 0;
}

/** Whole steps out of fractional movement; the rest is kept for the next one. */
export class Accumulator {
  #rest = 0;

  /** @param {number} amount */
  take(amount) {
    const sum = this.#rest + amount;
    const whole = Math.max(-32768, Math.min(32767, Math.trunc(sum)));
    this.#rest = sum - Math.trunc(sum);
    return whole === 0 ? 0 : whole;
  }
}

const LINE_NOTCHES = 1 / 3;
const PIXELS_PER_NOTCH = 100;
const STEPS_PER_NOTCH = 120;

/**
 * A wheel's delta in 1/120 of a notch, positive away from the player for `deltaY`'s sign turned round by the caller.
 * @param {number} delta
 * @param {number} mode `WheelEvent.deltaMode`: 0 pixels, 1 lines, 2 pages.
 */
export function wheelSteps(delta, mode) {
  if (mode === 1) return delta * LINE_NOTCHES * STEPS_PER_NOTCH;
  return mode === 2 ? delta * STEPS_PER_NOTCH : (delta / PIXELS_PER_NOTCH) * STEPS_PER_NOTCH;
}
