// What the devices page says of a device and of a link: which words, with which values.

/** @import {WordKey} from "../strings/words.js" */

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;

/** A device counts as here while it was seen within this time; the server notes it once a minute. */
const NOW_S = 2 * MINUTE_S;

/** Systems by the shape of their picture. @type {ReadonlyMap<string, string>} */
const SHAPES = new Map([["android", "phone"], ["iphone", "phone"], ["ipad", "tablet"], ["tv", "tv"]]);

/**
 * @param {number} ago_s Seconds since a device was seen.
 * @returns {readonly [WordKey, Record<string, number>]}
 */
export function seenWords(ago_s) {
  if (ago_s < NOW_S) return ["devices.seen_now", {}];
  if (ago_s < HOUR_S) return ["devices.seen_minutes", { n: Math.floor(ago_s / MINUTE_S) }];
  if (ago_s < DAY_S) return ["devices.seen_hours", { n: Math.floor(ago_s / HOUR_S) }];
  return ["devices.seen_days", { n: Math.floor(ago_s / DAY_S) }];
}

/**
 * Time left, as a person reads it.
 * @param {number} left_ms
 */
export function countdown(left_ms) {
  const seconds = Math.max(0, Math.ceil(left_ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/**
 * The shape of the picture beside a device: `phone`, `tablet`, `tv` or `computer`.
 * @param {string} system
 */
export function shapeOf(system) {
  return SHAPES.get(system) ?? "computer";
}

/**
 * A QR code as the outline of its dark modules, for an SVG path.
 * @param {readonly string[]} rows Modules row by row, `1` for dark.
 * @param {number} margin Light modules around it.
 */
export function qrPath(rows, margin) {
  const runs = rows.flatMap((row, y) =>
    [...row.matchAll(/1+/g)].map(({ index, 0: { length } }) =>
      `M${index + margin} ${y + margin}h${length}v1h-${length}z`));
  return runs.join("");
}
