// One WebRTC connection to a session worker: receives picture and sound, carries input out and stories both ways.

import { withStereo } from "../core/sdp.js";
import { Reason } from "../wire/constants.js";
import { FrameReports } from "./frame_reports.js";

/** @import {FailureReason} from "../types.js" */

/** Unsent input above which a batch is skipped; what it held is repeated by the next one. */
const INPUT_BUFFER_MAX_BYTES = 8 * 1024;

/** How long an answer waits for a STUN server, which answers within a round trip or not at all. */
const OWN_ADDRESS_MS = 1000;

/** @type {RTCDataChannelInit} */
const LOSSY = { negotiated: true, ordered: false, maxRetransmits: 0 };

/**
 * @typedef {object} PeerHandlers
 * @property {(track: MediaStreamTrack) => void} onTrack
 * @property {() => void} onConnected
 * @property {(reason: FailureReason, detail: string) => void} onLost Called at most once.
 * @property {() => void} onInputOpen
 * @property {() => void} onStoryOpen
 * @property {(data: Uint8Array) => void} onStory
 */

export class PeerLink {
  #peer;
  #input;
  #story;
  #reports;
  #handlers;
  #asks;
  #over = false;

  /**
   * @param {string} peerId
   * @param {PeerHandlers} handlers
   * @param {readonly string[]} stunUris What to ask for our own address; none where the worker needs no help.
   * @param {(configuration: RTCConfiguration) => RTCPeerConnection} [createPeer]
   */
  constructor(peerId, handlers, stunUris, createPeer = (configuration) => new RTCPeerConnection(configuration)) {
    this.peerId = peerId;
    this.#handlers = handlers;
    this.#asks = stunUris.length > 0;
    this.#peer = createPeer({ bundlePolicy: "max-bundle", iceServers: this.#asks ? [{ urls: [...stunUris] }] : [] });
    this.#input = this.#peer.createDataChannel("input", { ...LOSSY, id: 0 });
    this.#story = this.#peer.createDataChannel("story", { ...LOSSY, id: 1 });
    this.#reports = FrameReports.over(this.#peer.createDataChannel("frames", { ...LOSSY, id: 2 }));
    this.#input.binaryType = "arraybuffer";
    this.#story.binaryType = "arraybuffer";
    this.#input.onopen = () => this.#over || handlers.onInputOpen();
    this.#story.onopen = () => this.#over || handlers.onStoryOpen();
    this.#story.onmessage = ({ data }) => {
      if (!this.#over && data instanceof ArrayBuffer) handlers.onStory(new Uint8Array(data));
    };
    this.#story.onclose = () => this.#lose(Reason.PEER_CLOSED, "the worker closed its channel");
    this.#peer.ontrack = ({ track, receiver }) => {
      if (this.#over) return;
      if (track.kind === "video") {
        playAtOnce(receiver);
        this.#reports?.read(track);
      }
      handlers.onTrack(track);
    };
    this.#peer.onconnectionstatechange = () => this.#connectionChanged();
  }

  /**
   * Take the worker's offer.
   * @param {string} offer
   * @returns {Promise<string>} Our answer. A worker learns our address from our packets; only one behind a NAT must be
   * told it before, so that they are let in.
   */
  async answer(offer) {
    await this.#peer.setRemoteDescription({ type: "offer", sdp: offer });
    const answer = await this.#peer.createAnswer();
    await this.#peer.setLocalDescription({ type: "answer", sdp: withStereo(answer.sdp ?? "") });
    if (this.#asks) await ownAddress(this.#peer);
    return this.#peer.localDescription?.sdp ?? "";
  }

  /** Whether the input channel is open. */
  get takesInput() {
    return this.#input.readyState === "open";
  }

  /** @param {Uint8Array<ArrayBuffer>} batch */
  sendInput(batch) {
    if (this.#input.readyState === "open" && this.#input.bufferedAmount < INPUT_BUFFER_MAX_BYTES) {
      this.#input.send(batch);
    }
  }

  /** @param {Uint8Array<ArrayBuffer>} data */
  sendStory(data) {
    if (this.#story.readyState === "open") this.#story.send(data);
  }

  /** @returns {Promise<RTCStatsReport>} */
  stats() {
    return this.#peer.getStats();
  }

  /** Close without a word to the handlers. */
  close() {
    this.#over = true;
    this.#reports?.close();
    this.#peer.close();
  }

  #connectionChanged() {
    const { connectionState } = this.#peer;
    if (this.#over) return;
    if (connectionState === "connected") this.#handlers.onConnected();
    if (connectionState === "failed" || connectionState === "closed") this.#lose(Reason.PEER_CLOSED, connectionState);
  }

  /**
   * @param {FailureReason} reason
   * @param {string} detail
   */
  #lose(reason, detail) {
    if (this.#over) return;
    this.#over = true;
    // The page is told first, and holds its last picture: what Chromium shows of a connection that closes is black.
    this.#handlers.onLost(reason, detail);
    this.close();
  }
}

/**
 * Ask the browser to hold no picture back. The playout-delay extension says the same where it is understood.
 * @param {RTCRtpReceiver} receiver
 */
function playAtOnce(receiver) {
  if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
  else /** @type {RTCRtpReceiver} */ (receiver).playoutDelayHint = 0;
}

/**
 * Wait until the description names our address as the outside sees it, or it is clear that it will not.
 * @param {RTCPeerConnection} peer
 * @returns {Promise<void>}
 */
function ownAddress(peer) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, OWN_ADDRESS_MS);
    const look = () => {
      const found = / typ srflx/.test(peer.localDescription?.sdp ?? "");
      if (!found && peer.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    };
    peer.addEventListener("icecandidate", look);
    peer.addEventListener("icegatheringstatechange", look);
    look();
  });
}

/** SDP names of the video codecs that this browser decodes, without repeats and helpers. @returns {string[]} */
export function videoCodecs() {
  const helpers = new Set(["rtx", "red", "ulpfec", "flexfec-03"]);
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.("video")?.codecs ?? [];
  const names = codecs.map(({ mimeType }) => mimeType.replace("video/", "")).filter((name) => !helpers.has(name));
  return [...new Set(names)].slice(0, 16);
}
