// Tries the way to one node: a peer connection whose ICE checks the node's check port answers.

import { checkAnswer } from "../core/check_sdp.js";
import { RoundTrips } from "../core/round_trips.js";

/** @import {CheckNode} from "../types.js" */
/** @import {StatsReport} from "../core/round_trips.js" */

/** Browsers find a way, if there is one, within a second or two. */
const CONNECT_MS = 6_000;

/** How long round trips are watched, and how many are enough. */
const WATCH_MS = 4_000;
const SAMPLES = 10;
const READ_MS = 60;

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A way that was found; close it when its round trips are known. */
export class NodeWay {
  #pc;

  /** @param {RTCPeerConnection} pc */
  constructor(pc) {
    this.#pc = pc;
  }

  /** Watch the checks that browsers repeat while a connection is new. @returns {Promise<number[]>} Milliseconds. */
  async roundTrips() {
    const trips = new RoundTrips();
    const until = performance.now() + WATCH_MS;
    while (performance.now() < until && trips.samples.length < SAMPLES) {
      trips.take(/** @type {StatsReport} */ (/** @type {unknown} */ (await this.#pc.getStats())));
      await pause(READ_MS);
    }
    return trips.samples;
  }

  close() {
    this.#pc.close();
  }
}

/**
 * @param {CheckNode} node
 * @param {() => RTCPeerConnection} [createPeer]
 * @returns {Promise<NodeWay | null>} null if no answer came.
 */
export async function tryNode(node, createPeer = () => new RTCPeerConnection()) {
  const pc = createPeer();
  try {
    pc.createDataChannel("check");
    await pc.setLocalDescription(await pc.createOffer());
    const answered = iceConnected(pc);
    await pc.setRemoteDescription({ type: "answer", sdp: checkAnswer(pc.localDescription?.sdp ?? "", node) });
    if (await answered) return new NodeWay(pc);
  } catch (error) {
    console.warn("farplay: the way to a node could not be tried:", error);
  }
  pc.close();
  return null;
}

/** @param {RTCPeerConnection} pc @returns {Promise<boolean>} */
function iceConnected(pc) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), CONNECT_MS);
    pc.addEventListener("iceconnectionstatechange", () => {
      const state = pc.iceConnectionState;
      if (state !== "connected" && state !== "completed" && state !== "failed") return;
      clearTimeout(timer);
      resolve(state !== "failed");
    });
  });
}
