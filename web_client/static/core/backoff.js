// How long to wait before trying again: doubling, with half of it random so that tabs do not come back all at once.

const FIRST_MS = 250;
const LONGEST_MS = 4_000;

/**
 * @param {number} failures Failures in a row, at least 1.
 * @param {number} random In [0, 1).
 * @returns {number} Milliseconds.
 */
export function backoffMs(failures, random) {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return full / 2 + (full / 2) * random;
}
