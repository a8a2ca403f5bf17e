// What a player chose on this device, as the page keeps it: read from text that anybody may have written, so that
// everything unknown, of another version or out of bounds gives way to the default.

import { isPadMap } from "./pad_map.js";
import { PARTS, SCALE_MAX, SCALE_MIN } from "./touch_layout.js";

/** @import {Quality} from "./quality.js" */
/** @import {PartName, Placing} from "./touch_layout.js" */

/** Written into the text; a change of meaning gets another number, and older texts are forgotten. */
export const SETTINGS_VERSION = 1;
const TEXT_MAX_CHARS = 64 * 1024;
/** Pads, and titles, of which something is kept. */
const ENTRIES_MAX = 16;
const ID_MAX_CHARS = 160;

export const QUALITIES = /** @type {const} */ (["auto", "saver", "12", "8", "4", "2"]);
export const FIGURES = /** @type {const} */ (["off", "dot", "full"]);
export const TOUCH_MODES = /** @type {const} */ (["pointer", "pad"]);
export const ORIENTATIONS = /** @type {const} */ (["landscape", "portrait"]);

/** @typedef {(typeof FIGURES)[number]} FiguresDepth */
/** @typedef {(typeof TOUCH_MODES)[number]} TouchMode */
/** @typedef {(typeof ORIENTATIONS)[number]} Orientation */
/** @typedef {Readonly<Partial<Record<PartName, Placing>>>} Placings Parts that the player moved. */

/**
 * @typedef {object} TouchChoice How one title is played by touch.
 * @property {TouchMode | null} mode null as the title wishes.
 * @property {Readonly<Record<Orientation, Placings>>} placings
 */
/**
 * @typedef {object} Settings
 * @property {number} volume 0 to 1.
 * @property {boolean} muted
 * @property {Quality} quality
 * @property {FiguresDepth} figures
 * @property {boolean} haptics Whether a finger feels the buttons on the screen.
 * @property {ReadonlyMap<string, readonly number[]>} padMaps By the pad's id.
 * @property {ReadonlyMap<string, TouchChoice>} touch By title id.
 */

/** @type {TouchChoice} */
export const NO_TOUCH_CHOICE = { mode: null, placings: { landscape: {}, portrait: {} } };

/** @type {Settings} */
export const DEFAULT_SETTINGS = {
  volume: 1, muted: false, quality: "auto", figures: "off", haptics: true, padMaps: new Map(), touch: new Map(),
};

/**
 * @param {string | null} text What was kept, null if nothing was.
 * @returns {Settings}
 */
export function readSettings(text) {
  const body = parse(text);
  if (body["version"] !== SETTINGS_VERSION) return DEFAULT_SETTINGS;
  return {
    volume: number(body["volume"], 0, 1, DEFAULT_SETTINGS.volume),
    muted: flag(body["muted"], DEFAULT_SETTINGS.muted),
    quality: choice(body["quality"], QUALITIES, DEFAULT_SETTINGS.quality),
    figures: choice(body["figures"], FIGURES, DEFAULT_SETTINGS.figures),
    haptics: flag(body["haptics"], DEFAULT_SETTINGS.haptics),
    padMaps: table(body["pad_maps"], (value) => (isPadMap(value) ? value : null)),
    touch: table(body["touch"], touchChoice),
  };
}

/** @param {Settings} settings @returns {string} */
export function writeSettings({ volume, muted, quality, figures, haptics, padMaps, touch }) {
  return JSON.stringify({
    version: SETTINGS_VERSION, volume, muted, quality, figures, haptics,
    pad_maps: Object.fromEntries(padMaps), touch: Object.fromEntries(touch),
  });
}

/**
 * A table with one entry changed, or taken out by null; the entries that were not changed for longest make room.
 * @template V
 * @param {ReadonlyMap<string, V>} before
 * @param {string} key
 * @param {V | null} value
 * @returns {ReadonlyMap<string, V>}
 */
export function withEntry(before, key, value) {
  const after = new Map(before);
  after.delete(key);
  if (value !== null && key.length > 0 && key.length <= ID_MAX_CHARS) after.set(key, value);
  for (const oldest of after.keys()) {
    if (after.size <= ENTRIES_MAX) break;
    after.delete(oldest);
  }
  return after;
}

/**
 * @param {string | null} text
 * @returns {Record<string, unknown>}
 */
function parse(text) {
  if (text === null || text.length > TEXT_MAX_CHARS) return {};
  try {
    return record(JSON.parse(text));
  } catch {
    return {};
  }
}

/** @param {unknown} value @returns {Record<string, unknown>} */
function record(value) {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? /** @type {Record<string, unknown>} */ (value) : {};
}

/**
 * @param {unknown} value
 * @param {number} min
 * @param {number} max
 * @param {number} otherwise
 */
function number(value, min, max, otherwise) {
  return typeof value === "number" && value >= min && value <= max ? value : otherwise;
}

/**
 * @param {unknown} value
 * @param {boolean} otherwise
 */
function flag(value, otherwise) {
  return typeof value === "boolean" ? value : otherwise;
}

/**
 * @template {string} C
 * @template O
 * @param {unknown} value
 * @param {readonly C[]} choices
 * @param {O} otherwise
 * @returns {C | O}
 */
function choice(value, choices, otherwise) {
  return choices.find((each) => each === value) ?? otherwise;
}

/**
 * @template V
 * @param {unknown} value
 * @param {(value: unknown) => V | null} read null leaves the entry out.
 * @returns {ReadonlyMap<string, V>}
 */
function table(value, read) {
  /** @type {Map<string, V>} */
  const entries = new Map();
  for (const [key, raw] of Object.entries(record(value)).slice(-ENTRIES_MAX)) {
    const entry = read(raw);
    if (entry !== null && key.length > 0 && key.length <= ID_MAX_CHARS) entries.set(key, entry);
  }
  return entries;
}

/** @param {unknown} value @returns {TouchChoice} */
function touchChoice(value) {
  const body = record(value);
  const placings = record(body["placings"]);
  return {
    mode: choice(body["mode"], TOUCH_MODES, null),
    placings: { landscape: placingsOf(placings["landscape"]), portrait: placingsOf(placings["portrait"]) },
  };
}

/** @param {unknown} value @returns {Placings} */
function placingsOf(value) {
  const body = record(value);
  /** @type {Partial<Record<PartName, Placing>>} */
  const placings = {};
  for (const part of PARTS) {
    if (!Object.hasOwn(body, part)) continue;
    const { x, y, scale } = /** @type {{x?: unknown, y?: unknown, scale?: unknown}} */ (record(body[part]));
    const [px, py, size] = [number(x, 0, 1, NaN), number(y, 0, 1, NaN), number(scale, SCALE_MIN, SCALE_MAX, NaN)];
    if (![px, py, size].some(Number.isNaN)) placings[part] = { x: px, y: py, scale: size };
  }
  return placings;
}
