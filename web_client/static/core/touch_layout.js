// Where the parts of the pad lie that is drawn over the picture, so that two thumbs reach all of it.
//
// Everything is measured in units: a unit is the radius of an ordinary button. The defaults hold for any screen; what
// the player moved is kept as shares of the screen, for landscape and portrait apart.

/** @import {Placings} from "./settings.js" */

export const PARTS = /** @type {const} */ ([
  "left_stick", "right_stick", "dpad", "a", "b", "x", "y", "l1", "r1", "l2", "r2", "start", "select",
]);
export const DEFAULT_PARTS = /** @type {const} */ (["left_stick", "a", "b"]);
export const SCALE_MIN = 0.6;
export const SCALE_MAX = 1.8;

/** @typedef {(typeof PARTS)[number]} PartName */
/** @typedef {{x: number, y: number, scale: number}} Placing Centre in shares of the area, and size. */
/** @typedef {{left: number, top: number, width: number, height: number}} Area CSS pixels, without notches. */
/** @typedef {{name: PartName, x: number, y: number, radius: number, scale: number}} PlacedPart CSS pixels. */

const UNIT_SHARE = 0.082;
const UNIT_MIN_PX = 24;
const UNIT_MAX_PX = 46;

/** Height share of a tall screen that is left to the pad; the picture has the rest. */
export const PORTRAIT_SHARE = 0.46;

/**
 * The parts of a title's pad on this screen.
 * @param {readonly PartName[]} names
 * @param {Area} area
 * @param {Placings} placings What the player moved.
 * @returns {PlacedPart[]}
 */
export function placeParts(names, area, placings) {
  const tall = area.height > area.width;
  const unit = clamp(UNIT_SHARE * Math.min(area.width, area.height), UNIT_MIN_PX, UNIT_MAX_PX);
  const places = defaults(new Set(names), area.width / unit, area.height / unit, tall);
  return names.map((name) => {
    const [x, y, size] = places[name];
    const placing = placings[name];
    const scale = placing?.scale ?? 1;
    const place = placing === undefined
      ? { x: x * unit, y: y * unit }
      : { x: placing.x * area.width, y: placing.y * area.height };
    return inside({ name, ...place, radius: size * unit * scale, scale }, area);
  });
}

/**
 * How a part that was moved or resized is kept.
 * @param {PlacedPart} part
 * @param {Area} area
 * @returns {Placing}
 */
export function placingOf({ x, y, scale }, area) {
  return {
    x: clamp((x - area.left) / area.width, 0, 1), y: clamp((y - area.top) / area.height, 0, 1),
    scale: clamp(scale, SCALE_MIN, SCALE_MAX),
  };
}

/**
 * @param {PlacedPart} part Relative to the area.
 * @param {Area} area
 * @returns {PlacedPart} Relative to the page, and wholly on the screen.
 */
function inside({ name, x, y, radius, scale }, area) {
  return {
    name, radius, scale,
    x: area.left + clamp(x, radius, area.width - radius), y: area.top + clamp(y, radius, area.height - radius),
  };
}

/**
 * Centre and radius of every part, in units.
 * @param {ReadonlySet<PartName>} has
 * @param {number} width
 * @param {number} height
 * @param {boolean} tall
 * @returns {Record<PartName, [number, number, number]>}
 */
function defaults(has, width, height, tall) {
  const low = height - (tall ? 4.6 : 3);
  const top = tall ? height * (1 - PORTRAIT_SHARE) + 1.1 : 1.3;
  const hand = { left: 3, right: width - 3.2 };
  const upper = Math.max(low - 4.5, top + 3.1);
  const both = has.has("left_stick") && has.has("dpad");
  const diamond = has.has("x") || has.has("y");
  const wide = diamond || has.has("b");
  return {
    left_stick: [hand.left, low, 2],
    dpad: [hand.left, both ? upper : low, both ? 1.8 : 2.1],
    right_stick: [hand.right, wide || has.has("a") ? upper : low, 1.7],
    a: diamond ? [hand.right, low + 1.6, 1] : wide ? [hand.right - 0.9, low + 0.9, 1.25] : [hand.right, low, 1.6],
    b: diamond ? [hand.right + 1.6, low, 1] : [hand.right + 1.5, low - 0.8, 1.25],
    x: [hand.right - 1.6, low, 1],
    y: [hand.right, low - 1.6, 1],
    l1: [1.5, top, 0.9],
    l2: [3.6, top, 0.9],
    r1: [width - 1.5, top, 0.9],
    r2: [width - 3.6, top, 0.9],
    select: [width / 2 - 1.1, height - 0.9, 0.7],
    start: [width / 2 + 1.1, height - 0.9, 0.7],
  };
}

/**
 * @param {number} value
 * @param {number} min
 * @param {number} max
 */
function clamp(value, min, max) {
  return Math.max(min, Math.min(max, value));
}
