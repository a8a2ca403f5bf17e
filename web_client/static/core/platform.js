// Which system a page runs on, for instructions that differ; a guess that the reader can correct.

/** Systems that have instructions of their own. */
export const PLATFORMS = /** @type {const} */ (["ios", "android", "windows", "macos", "linux"]);

/** @typedef {typeof PLATFORMS[number]} Platform */

/**
 * @param {string} userAgent
 * @param {number} touchPoints As `navigator.maxTouchPoints`: an iPad calls itself a Mac.
 * @returns {Platform}
 */
export function platformOf(userAgent, touchPoints) {
  if (/iPhone|iPad|iPod/.test(userAgent)) return "ios";
  if (/Macintosh/.test(userAgent)) return touchPoints > 1 ? "ios" : "macos";
  if (/Android/.test(userAgent)) return "android";
  if (/Windows/.test(userAgent)) return "windows";
  return "linux";
}
