// How long ago something was, in the largest unit that fits.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** @type {readonly (readonly [Intl.RelativeTimeFormatUnit, number])[]} */
const UNITS = [
  ["year", 365 * DAY_MS],
  ["month", 30 * DAY_MS],
  ["week", 7 * DAY_MS],
  ["day", DAY_MS],
  ["hour", HOUR_MS],
  ["minute", MINUTE_MS],
];

/**
 * What `Intl.RelativeTimeFormat` formats; null for less than a minute.
 * @param {number} elapsedMs
 * @returns {{value: number, unit: Intl.RelativeTimeFormatUnit} | null}
 */
export function ago(elapsedMs) {
  const found = UNITS.find(([, ms]) => elapsedMs >= ms);
  return found === undefined ? null : { value: -Math.floor(elapsedMs / found[1]), unit: found[0] };
}
