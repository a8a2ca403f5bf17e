// A picture for a title without artwork: the same for the same id, different for others.

/** Of the picture, in its own units: 16:9. */
export const ART_WIDTH = 320;
export const ART_HEIGHT = 180;

const DISCS = 5;
const RIDGES = 3;
const RIDGE_POINTS = 8;

/**
 * @typedef {object} FallbackArt
 * @property {string} top Colour of the sky above.
 * @property {string} bottom And below.
 * @property {readonly {x: number, y: number, radius: number, fill: string, opacity: number}[]} discs
 * @property {readonly {points: string, fill: string}[]} ridges From the back to the front.
 */

/**
 * @param {string} id
 * @returns {FallbackArt}
 */
export function fallbackArt(id) {
  const chance = chanceFrom(id);
  const hue = Math.floor(chance() * 360);
  const second = (hue + 40 + Math.floor(chance() * 80)) % 360;
  const discs = Array.from({ length: DISCS }, (_, n) => ({
    x: Math.round(chance() * ART_WIDTH),
    y: Math.round(chance() * ART_HEIGHT * 0.7),
    radius: Math.round(n === 0 ? 34 + chance() * 16 : 3 + chance() * 14),
    fill: `hsl(${second} 80% ${n === 0 ? 68 : 80}%)`,
    opacity: n === 0 ? 0.85 : 0.25,
  }));
  const ridges = Array.from({ length: RIDGES }, (_, n) => ({
    points: ridge(chance, ART_HEIGHT * (0.52 + n * 0.15)),
    fill: `hsl(${hue} ${48 - n * 6}% ${30 - n * 9}%)`,
  }));
  return { top: `hsl(${hue} 55% 26%)`, bottom: `hsl(${second} 60% 44%)`, discs, ridges };
}

/**
 * @param {() => number} chance
 * @param {number} height Of its middle.
 */
function ridge(chance, height) {
  const step = ART_WIDTH / (RIDGE_POINTS - 1);
  const tops = Array.from({ length: RIDGE_POINTS }, (_, n) => {
    return `${Math.round(n * step)},${Math.round(height + (chance() - 0.5) * 44)}`;
  });
  return `0,${ART_HEIGHT} ${tops.join(" ")} ${ART_WIDTH},${ART_HEIGHT}`;
}

/**
 * Numbers in [0, 1) that depend on the text alone: FNV-1a seeds mulberry32.
 * @param {string} text
 */
function chanceFrom(text) {
  let seed = 0x811c9dc5;
  for (const char of text) seed = Math.imul(seed ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
