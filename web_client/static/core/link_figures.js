// Rates from two readings of getStats. Sans-IO: the reports are arguments.

import { Route } from "../wire/constants.js";

/** @import {LinkFigures, RouteLabel} from "../types.js" */

/** @typedef {ReadonlyMap<string, Record<string, any>>} StatsReport */

/** Frames from which on it is told which share of them was decoded. */
const SHARE_MIN_FRAMES = 15;

/** How the worker is reached, by the kind of its address. @type {ReadonlyMap<unknown, RouteLabel>} */
const ROUTES = new Map([["host", Route.DIRECT], ["srflx", Route.NAT], ["prflx", Route.NAT], ["relay", Route.RELAY]]);

/**
 * What the overlay shows, from this reading and the one before.
 * @param {StatsReport} report
 * @param {StatsReport | null} before
 * @returns {LinkFigures | null} null while no video is received.
 */
export function linkFigures(report, before) {
  const now = inboundVideo(report);
  if (now === null) return null;
  const then = before === null ? null : inboundVideo(before);
  const earlier = then !== null && then["ssrc"] === now["ssrc"] ? then : {};
  /** @param {string} name */
  const change = (name) => Number(now[name] ?? 0) - Number(earlier[name] ?? 0);
  const seconds = then === null || earlier !== then ? NaN : change("timestamp") / 1000;
  const [received, lost] = [change("packetsReceived"), change("packetsLost")];
  return {
    fps: rate(change("framesDecoded"), seconds),
    bitrate_bps: rate(change("bytesReceived") * 8, seconds),
    packets_lost: Number(now["packetsLost"] ?? 0),
    loss_share: rate(Math.max(0, lost), received + Math.max(0, lost)),
    jitter_buffer_ms: 1000 * rate(change("jitterBufferDelay"), change("jitterBufferEmittedCount")),
    decode_ms: 1000 * rate(change("totalDecodeTime"), change("framesDecoded")),
    width: Number(now["frameWidth"] ?? 0),
    height: Number(now["frameHeight"] ?? 0),
    codec: String(report.get(now["codecId"])?.["mimeType"] ?? "").replace("video/", ""),
    frames_decoded: Number(now["framesDecoded"] ?? 0),
    // Of too few frames, or from one reading, no share can be told.
    decoded_share: seconds > 0 && change("framesReceived") >= SHARE_MIN_FRAMES
      ? Math.min(1, change("framesDecoded") / change("framesReceived")) : null,
    frames_dropped: Number(now["framesDropped"] ?? 0),
    freezes: Number(now["freezeCount"] ?? 0),
    nacks: Number(now["nackCount"] ?? 0),
    plis: Number(now["pliCount"] ?? 0),
    ...wayOf(report),
  };
}

/**
 * @param {StatsReport} report
 * @returns {Record<string, any> | null}
 */
function inboundVideo(report) {
  for (const entry of report.values()) {
    if (entry["type"] === "inbound-rtp" && entry["kind"] === "video") return entry;
  }
  return null;
}

/**
 * The pair of addresses that is used: its round trip, and what kind of address the worker has in it.
 * @param {StatsReport} report
 * @returns {{rtt_ms: number | null, route: RouteLabel | null}}
 */
function wayOf(report) {
  const pair = selectedPair(report);
  const seconds = pair?.["currentRoundTripTime"];
  const kind = report.get(pair?.["remoteCandidateId"])?.["candidateType"];
  return {
    rtt_ms: seconds === undefined ? null : 1000 * Number(seconds),
    route: ROUTES.get(kind) ?? null,
  };
}

/**
 * @param {StatsReport} report
 * @returns {Record<string, any> | null}
 */
function selectedPair(report) {
  let nominated = null;
  for (const entry of report.values()) {
    if (entry["type"] === "transport" && report.has(entry["selectedCandidatePairId"])) {
      return report.get(entry["selectedCandidatePairId"]) ?? null;
    }
    if (entry["type"] === "candidate-pair" && entry["nominated"]) nominated ??= entry;
  }
  return nominated;
}

/**
 * @param {number} amount
 * @param {number} over
 */
function rate(amount, over) {
  return over > 0 ? amount / over : 0;
}
