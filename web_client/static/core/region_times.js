// How far this device is from each region: what was measured, for how long it holds, and what a request says of it.
// Read from text that anybody may have written, so that whatever is out of bounds is left out.

import { REGION_MAX_CHARS, REGIONS_MAX } from "../wire/constants.js";
import { delayOf } from "./round_trips.js";

/** @import {Region} from "../types.js" */

/** @typedef {{ms: number, at_ms: number}} Measured A round trip, and when it was measured on this device's clock. */
/** @typedef {ReadonlyMap<string, Measured>} RegionTimes By the region's name. */

/** The first request also opens the connection, so it says nothing. */
export const REQUESTS = 4;

/** A device moves, and so do networks: for how long a round trip is said, and after how long it is measured again. */
export const HOLDS_MS = 24 * 3600_000;
export const FRESH_MS = 10 * 60_000;

const TEXT_MAX_CHARS = 16 * 1024;
const ROUND_TRIP_MAX_MS = 10_000;

/** @param {string | null} text What was kept. @returns {RegionTimes} */
export function readTimes(text) {
  const kept = text === null || text.length > TEXT_MAX_CHARS ? null : parse(text);
  if (typeof kept !== "object" || kept === null || Array.isArray(kept)) return new Map();
  const entries = Object.entries(kept).filter(([name, entry]) => isName(name) && isMeasured(entry)).slice(-REGIONS_MAX);
  return new Map(entries.map(([name, { ms, at_ms }]) => [name, { ms, at_ms }]));
}

/** @param {RegionTimes} times */
export function writeTimes(times) {
  return JSON.stringify(Object.fromEntries(times));
}

/**
 * What there is to measure now.
 * @param {readonly Region[]} regions
 * @param {RegionTimes} times
 * @param {number} nowMs
 */
export function staleOf(regions, times, nowMs) {
  return regions.filter(({ name }) => !holds(times.get(name), nowMs, FRESH_MS));
}

/**
 * What is known after some regions were measured. One that did not answer is not known any more, nor is one that the
 * server no longer has.
 * @param {readonly Region[]} regions All that there are.
 * @param {RegionTimes} times
 * @param {ReadonlyMap<string, readonly number[]>} samples Milliseconds of each request, the first one included.
 * @param {number} nowMs
 * @returns {RegionTimes}
 */
export function withSamples(regions, times, samples, nowMs) {
  /** @type {Map<string, Measured>} */
  const next = new Map();
  for (const { name } of regions) {
    const measured = samples.get(name);
    const delay = measured === undefined ? null : delayOf(measured.slice(1));
    const known = measured === undefined ? times.get(name) : delay === null ? undefined : { ms: delay.rtt_ms, at_ms: nowMs };
    if (known !== undefined) next.set(name, known);
  }
  return next;
}

/**
 * What a request for a session says; empty if nothing is known.
 * @param {RegionTimes} times
 * @param {number} nowMs
 * @returns {Record<string, number>}
 */
export function roundTripsOf(times, nowMs) {
  const held = [...times].filter(([, measured]) => holds(measured, nowMs, HOLDS_MS));
  return Object.fromEntries(held.map(([name, { ms }]) => [name, Math.round(10 * ms) / 10]));
}

/**
 * @param {Measured | undefined} measured
 * @param {number} nowMs
 * @param {number} forMs
 */
function holds(measured, nowMs, forMs) {
  return measured !== undefined && measured.at_ms <= nowMs && nowMs - measured.at_ms < forMs;
}

/** @param {string} text @returns {unknown} */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {string} name */
function isName(name) {
  return name.length > 0 && name.length <= REGION_MAX_CHARS && name !== "__proto__";
}

/** @param {unknown} entry */
function isMeasured(entry) {
  const { ms, at_ms } = /** @type {{ms?: unknown, at_ms?: unknown}} */ (entry ?? {});
  return typeof ms === "number" && ms >= 0 && ms <= ROUND_TRIP_MAX_MS && typeof at_ms === "number" && at_ms >= 0;
}
