// When a player is told that the operator will end the game with its machine: as soon as that is decided, and again
// when the time left is short.

/** @import {WordKey} from "../strings/words.js" */

/** How long the words stay, in milliseconds. */
export const SHOWN_MS = 12_000;

/** Times left at which they come again; in the last minute they stay. */
const AGAIN_MS = [5 * 60_000];
const LAST_MS = 60_000;

/** @typedef {{toldAtMs: number, endsAtMs: number}} Closing On the clock of `performance.now()`. */

/**
 * @param {Closing} closing
 * @param {number} nowMs On the same clock.
 * @returns {{words: WordKey, minutes: number} | null} What to show now, if anything; the minutes are whole.
 */
export function closingWords({ toldAtMs, endsAtMs }, nowMs) {
  const leftMs = Math.max(0, endsAtMs - nowMs);
  if (leftMs <= LAST_MS) return { words: "closing.last", minutes: 1 };
  const comes = [toldAtMs, ...AGAIN_MS.map((ms) => endsAtMs - ms).filter((atMs) => atMs > toldAtMs)];
  if (!comes.some((atMs) => nowMs >= atMs && nowMs < atMs + SHOWN_MS)) return null;
  return { words: "closing.minutes", minutes: Math.ceil(leftMs / 60_000) };
}
