// What the player allows the picture to cost.

/** @typedef {(typeof import("./settings.js").QUALITIES)[number]} Quality */

/** Highest bitrate by choice, bits per second; null leaves it to the server. @type {Readonly<Record<Quality, number | null>>} */
const VIDEO_MAX_BPS = { auto: null, saver: 2_500_000, 12: 12_000_000, 8: 8_000_000, 4: 4_000_000, 2: 2_000_000 };

/** @param {Quality} quality */
export function videoMaxBps(quality) {
  return VIDEO_MAX_BPS[quality];
}
