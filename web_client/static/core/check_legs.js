// The legs of the way to a game, in order; what is found on each becomes a verdict with words.

import { delayOf } from "./round_trips.js";

/** @import {WordKey, Words} from "../strings/words.js" */

/** @typedef {"http" | "sign_in" | "socket" | "regions" | "webrtc" | "codecs" | "udp" | "delay" | "sound" | "gamepad" | "features"} Leg */
/** @typedef {"ok" | "note" | "fails"} Verdict `note`: works, with something to know. */
/**
 * @typedef {object} Finding
 * @property {Verdict} verdict
 * @property {WordKey} words
 * @property {Readonly<Record<string, string | number>>} [values]
 * @property {WordKey} [advice] What to do about it.
 */
/** @typedef {{leg: Leg, state: "waiting" | "running" | "skipped" | Verdict, finding: Finding | null}} LegResult */

/** Each leg with those without which it cannot be tried. @type {ReadonlyArray<readonly [Leg, readonly Leg[]]>} */
export const LEGS = [
  ["http", []],
  ["sign_in", ["http"]],
  ["socket", ["sign_in"]],
  ["regions", ["sign_in"]],
  ["webrtc", []],
  ["codecs", ["webrtc"]],
  ["udp", ["sign_in", "webrtc"]],
  ["delay", ["udp"]],
  ["sound", []],
  ["gamepad", []],
  ["features", []],
];

/** Beyond these, games feel the way. */
const RTT_NOTE_MS = 50;
const JITTER_NOTE_MS = 12;

/** Fewer round trips say nothing of how steady they are. */
const JITTER_SAMPLES = 3;

/** @returns {LegResult[]} */
export function untried() {
  return LEGS.map(([leg]) => ({ leg, state: "waiting", finding: null }));
}

/**
 * Whether a leg can be tried after what the ones before gave.
 * @param {Leg} leg
 * @param {readonly LegResult[]} results
 */
export function canTry(leg, results) {
  const needs = LEGS.find(([name]) => name === leg)?.[1] ?? [];
  return needs.every((name) => results.some((each) => each.leg === name && (each.state === "ok" || each.state === "note")));
}

/** @param {readonly string[]} names SDP names of codecs that the browser decodes. @returns {Finding} */
export function judgeCodecs(names) {
  const upper = names.map((name) => name.toUpperCase());
  const [h264, vp8] = [upper.includes("H264"), upper.includes("VP8")];
  if (h264 && vp8) return { verdict: "ok", words: "check.codecs.ok" };
  if (h264) return { verdict: "ok", words: "check.codecs.h264" };
  if (vp8) return { verdict: "note", words: "check.codecs.vp8", advice: "check.codecs.vp8_advice" };
  return { verdict: "fails", words: "check.codecs.none", advice: "check.codecs.none_advice" };
}

/**
 * @param {number} nodesReady Machines that take games.
 * @param {number} tried Of these, machines that answer checks.
 * @param {number} reached Of these, machines whose answers came.
 * @returns {Finding}
 */
export function judgeUdp(nodesReady, tried, reached) {
  if (nodesReady === 0) return { verdict: "fails", words: "check.udp.no_node", advice: "check.udp.no_node_advice" };
  if (tried === 0) return { verdict: "note", words: "check.udp.no_port", advice: "check.udp.no_port_advice" };
  if (reached === 0) return { verdict: "fails", words: "check.udp.blocked", advice: "check.udp.blocked_advice" };
  if (reached < tried) {
    return { verdict: "note", words: "check.udp.some", values: { reached, tried }, advice: "check.udp.blocked_advice" };
  }
  return { verdict: "ok", words: "check.udp.ok" };
}

/** @param {readonly number[]} samples Round trips in milliseconds. @returns {Finding} */
export function judgeDelay(samples) {
  const delay = delayOf(samples);
  if (delay === null) return { verdict: "note", words: "check.delay.unknown" };
  const values = { rtt: delay.rtt_ms.toFixed(1), jitter: delay.jitter_ms.toFixed(1) };
  const words = samples.length < JITTER_SAMPLES ? "check.delay.once" : "check.delay.ok";
  if (delay.rtt_ms <= RTT_NOTE_MS && delay.jitter_ms <= JITTER_NOTE_MS) return { verdict: "ok", words, values };
  const far = delay.rtt_ms > RTT_NOTE_MS;
  return { verdict: "note", words, values, advice: far ? "check.delay.far_advice" : "check.delay.jitter_advice" };
}

/**
 * @param {readonly string[]} names Of all regions.
 * @param {Readonly<Record<string, number>>} roundTripsMs To those that answered.
 * @returns {Finding}
 */
export function judgeRegions(names, roundTripsMs) {
  if (names.length === 0) return { verdict: "ok", words: "check.regions.one" };
  const answered = Object.entries(roundTripsMs).sort(([, a], [, b]) => a - b);
  const silent = names.filter((name) => !answered.some(([known]) => known === name));
  if (answered.length === 0) return { verdict: "note", words: "check.regions.silent", advice: "check.regions.advice" };
  const values = { times: answered.map(([name, ms]) => `${name} ${ms.toFixed(0)} ms`).join(", "), silent: silent.join(", ") };
  if (silent.length === 0) return { verdict: "ok", words: "check.regions.ok", values };
  return { verdict: "note", words: "check.regions.some", values, advice: "check.regions.advice" };
}

/**
 * @param {string | null} state Of a fresh audio context; null if the browser has none.
 * @param {boolean} clicked Whether the player has touched the page, which browsers ask for before sound.
 * @returns {Finding}
 */
export function judgeSound(state, clicked) {
  if (state === null) return { verdict: "fails", words: "check.sound.none", advice: "check.sound.none_advice" };
  if (state === "running") return { verdict: "ok", words: "check.sound.ok" };
  if (!clicked) return { verdict: "ok", words: "check.sound.after_click" };
  return { verdict: "note", words: "check.sound.blocked", advice: "check.sound.blocked_advice" };
}

/** @param {number | null} pads Pads seen; null if the browser has no gamepad API here. @returns {Finding} */
export function judgePads(pads) {
  if (pads === null) return { verdict: "note", words: "check.gamepad.none", advice: "check.gamepad.none_advice" };
  if (pads === 0) return { verdict: "ok", words: "check.gamepad.ok" };
  return { verdict: "ok", words: "check.gamepad.seen", values: { pads } };
}

/**
 * @param {boolean} secure Whether the page is a secure context.
 * @param {readonly string[]} missing Names, in the page's language, of what this browser lacks here.
 * @returns {Finding}
 */
export function judgeFeatures(secure, missing) {
  const values = { missing: missing.join(", ") };
  if (!secure) return { verdict: "note", words: "check.features.insecure", values, advice: "check.features.insecure_advice" };
  if (missing.length > 0) return { verdict: "ok", words: "check.features.missing", values };
  return { verdict: "ok", words: "check.features.ok" };
}

/**
 * The whole in one: the first leg that fails, or that all is well.
 * @param {readonly LegResult[]} results
 * @returns {{state: "running" | "ok" | "note" | "fails", leg: Leg | null}}
 */
export function summarise(results) {
  const failing = results.find((each) => each.state === "fails");
  const running = results.some((each) => each.state === "waiting" || each.state === "running");
  if (failing !== undefined) return { state: "fails", leg: failing.leg };
  if (running) return { state: "running", leg: null };
  return { state: results.some((each) => each.state === "note") ? "note" : "ok", leg: null };
}

/**
 * The result as text for a bug report.
 * @param {readonly LegResult[]} results
 * @param {readonly string[]} about Lines on browser and address.
 * @param {Words} words
 */
export function reportText(results, about, words) {
  const lines = results.map(({ leg, state, finding }) => {
    const found = finding === null ? "" : `: ${words(finding.words, finding.values)}`;
    return `[${state}] ${words(`check.leg.${leg}`)}${found}`;
  });
  return ["Farplay", ...about, ...lines].join("\n");
}
