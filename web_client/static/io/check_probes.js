// Tries each leg with the browser's real means. Every probe returns a finding; none throws.

import { judgeCodecs, judgeDelay, judgeFeatures, judgePads, judgeRegions, judgeSound, judgeUdp } from "../core/check_legs.js";
import { api, failureOf } from "./api.js";
import { tryNode } from "./node_check.js";
import { videoCodecs } from "./peer_link.js";
import { RegionProbe } from "./region_probe.js";

/** @import {Finding, Leg} from "../core/check_legs.js" */
/** @import {NodeWay} from "./node_check.js" */
/** @import {WordKey, Words} from "../strings/words.js" */

const SOCKET_MS = 6_000;
const SOCKET_ECHOES = 5;

/** What a secure page of a capable browser has, and whether this one has it. @type {ReadonlyArray<[WordKey, () => boolean]>} */
const FEATURES = [
  ["check.features.keyboard_lock", () => "keyboard" in navigator],
  ["check.features.wake_lock", () => "wakeLock" in navigator],
  ["check.features.clipboard", () => typeof navigator.clipboard?.readText === "function"],
  ["check.features.fullscreen", () => document.fullscreenEnabled === true],
  ["check.features.pointer_lock", () => "requestPointerLock" in document.documentElement],
];

export class CheckProbes {
  /** @type {NodeWay[]} */
  #ways = [];
  #words;

  /** @param {Words} words */
  constructor(words) {
    this.#words = words;
  }

  /**
   * Try one leg.
   * @param {Leg} leg
   * @returns {Promise<Finding>}
   */
  async try(leg) {
    try {
      return await this.#probes[leg]();
    } catch (error) {
      console.warn(`farplay: check of ${leg}:`, error);
      return { verdict: "fails", words: "check.broken", values: { error: String(error).slice(0, 200) } };
    }
  }

  /** Let go of connections. */
  close() {
    for (const way of this.#ways) way.close();
    this.#ways = [];
  }

  /** @type {Readonly<Record<Leg, () => Promise<Finding>>>} */
  #probes = {
    http: () => this.#http(),
    sign_in: () => this.#signIn(),
    socket: () => this.#socket(),
    regions: () => this.#regions(),
    webrtc: async () => this.#webrtc(),
    codecs: async () => judgeCodecs(videoCodecs()),
    udp: () => this.#udp(),
    delay: () => this.#delay(),
    sound: () => this.#sound(),
    gamepad: async () => judgePads(typeof navigator.getGamepads === "function" ? countPads() : null),
    features: async () => this.#features(),
  };

  /** @returns {Promise<Finding>} */
  async #http() {
    const began = performance.now();
    const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(SOCKET_MS) }).catch(() => null);
    const ms = Math.round(performance.now() - began);
    if (answer?.ok) return { verdict: "ok", words: "check.http.ok", values: { ms } };
    return { verdict: "fails", words: "check.http.fails", advice: "check.http.advice" };
  }

  /** @returns {Promise<Finding>} */
  async #signIn() {
    try {
      const { roles } = await api.me();
      return { verdict: "ok", words: roles.includes("guest") ? "check.sign_in.guest" : "check.sign_in.ok" };
    } catch (error) {
      return { verdict: "fails", words: reasonOf(error), advice: "check.sign_in.advice" };
    }
  }

  /** @returns {Promise<Finding>} */
  async #socket() {
    const ms = await echoMs();
    if (ms === null) return { verdict: "fails", words: "check.socket.fails", advice: "check.socket.advice" };
    return { verdict: "ok", words: "check.socket.ok", values: { ms: ms.toFixed(1) } };
  }

  /** @returns {Finding} */
  #webrtc() {
    if (typeof RTCPeerConnection === "undefined") {
      return { verdict: "fails", words: "reason.no_webrtc", advice: "check.webrtc.advice" };
    }
    new RTCPeerConnection().close();
    return { verdict: "ok", words: "check.webrtc.ok" };
  }

  async #udp() {
    let plan;
    try {
      plan = await api.checkPlan();
    } catch (error) {
      return /** @type {Finding} */ ({ verdict: "fails", words: reasonOf(error) });
    }
    const ways = await Promise.all(plan.nodes.map((node) => tryNode(node)));
    this.#ways = ways.filter((way) => way !== null);
    return judgeUdp(plan.nodes_ready, plan.nodes.length, this.#ways.length);
  }

  /** To the first node that answered: all of them are about as far away on one machine. */
  async #delay() {
    const samples = (await this.#ways[0]?.roundTrips()) ?? [];
    this.close();
    return judgeDelay(samples);
  }

  async #regions() {
    const probe = new RegionProbe();
    const regions = await probe.measure(true);
    return judgeRegions(regions.map(({ name }) => name), probe.roundTripsMs);
  }

  async #sound() {
    if (typeof AudioContext === "undefined") return judgeSound(null, false);
    const context = new AudioContext();
    const clicked = navigator.userActivation?.hasBeenActive ?? false;
    if (clicked) await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, 1000))]);
    const { state } = context;
    await context.close();
    return judgeSound(state, clicked);
  }

  #features() {
    const missing = FEATURES.filter(([, has]) => !has()).map(([name]) => this.#words(name));
    return judgeFeatures(window.isSecureContext, missing);
  }
}

/** @param {unknown} error @returns {WordKey} */
function reasonOf(error) {
  return `reason.${failureOf(error).reason}`;
}

function countPads() {
  return navigator.getGamepads().filter((pad) => pad !== null).length;
}

/** Median round trip of a WebSocket to the broker. @returns {Promise<number | null>} null if it does not work. */
function echoMs() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/api/v1/check/socket`);
  return new Promise((resolve) => {
    /** @type {number[]} */
    const times = [];
    let sentMs = 0;
    const send = () => {
      sentMs = performance.now();
      socket.send(`echo ${times.length}`);
    };
    /** @param {number | null} ms */
    const done = (ms) => {
      clearTimeout(timer);
      socket.close(1000);
      resolve(ms);
    };
    const timer = setTimeout(() => done(null), SOCKET_MS);
    socket.onopen = send;
    socket.onclose = () => done(null);
    socket.onmessage = ({ data }) => {
      if (data !== `echo ${times.length}`) return done(null);
      times.push(performance.now() - sentMs);
      if (times.length < SOCKET_ECHOES) return send();
      done([...times].sort((a, b) => a - b)[SOCKET_ECHOES >> 1] ?? null);
    };
  });
}
