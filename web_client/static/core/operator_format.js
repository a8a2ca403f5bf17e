// Figures of the operator's page in words and units.

/** @import {WordKey, Words} from "../strings/words.js" */

/** Upper bounds in seconds, with the unit used below each. @type {ReadonlyArray<readonly [number, number, WordKey]>} */
const UNITS = [
  [90, 1, "operator.s"],
  [90 * 60, 60, "operator.min"],
  [36 * 3600, 3600, "operator.h"],
  [Infinity, 24 * 3600, "operator.d"],
];

/**
 * A span of time in its largest sensible unit; what lies in the future counts as none.
 * @param {number} seconds
 * @param {Words} words
 */
export function spanText(seconds, words) {
  const whole = Math.max(0, Math.round(seconds));
  for (const [below, size, key] of UNITS) if (whole < below) return words(key, { n: Math.round(whole / size) });
  return "";
}

/** @param {number} bits Per second. */
export function rateText(bits) {
  return bits >= 999_500 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bits / 1000)} kbit/s`;
}

/** @param {number} bytes */
export function bytesText(bytes) {
  const gib = bytes / 2 ** 30;
  return gib >= 1 ? `${gib.toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** @param {number | null | undefined} ms */
export function msText(ms) {
  if (ms === null || ms === undefined) return "–";
  return ms >= 99.95 ? String(Math.round(ms)) : ms.toFixed(1);
}

/** The random part of an id, short enough to tell rows apart. @param {string} id */
export function shortId(id) {
  return id.slice(id.indexOf("_") + 1).slice(0, 8);
}

/** @param {Readonly<Record<string, string>>} names @param {string} language @param {string} fallback */
export function nameIn(names, language, fallback) {
  return names[language] ?? names["en"] ?? fallback;
}
