// What lives with the session's connection to the game: the peer, the clock, frame stories, input, and the watch over
// whether media still flows. It knows nothing of the broker; losses and first pictures are told to its owner.

import { ClockSync } from "../core/clock_sync.js";
import { DisplayPhase } from "../core/display_phase.js";
import { FrameLog } from "../core/frame_log.js";
import { InputSender } from "../core/input_sender.js";
import { linkFigures } from "../core/link_figures.js";
import { MediaWatch } from "../core/media_watch.js";
import { reportedDelays } from "../core/reported_delays.js";
import { isStunUri } from "../core/sdp.js";
import { Reason, StoryKind } from "../wire/constants.js";
import { WireError } from "../wire/errors.js";
import { decodeStory, encodeClockRequest, encodeDisplayPhase } from "../wire/frame_story.js";
import { InputLink } from "./input_link.js";
import { PeerLink } from "./peer_link.js";
import { ShownRateNews } from "./shown_rate_news.js";
import { Stage } from "./stage.js";

/** @import {Absence, Cursor, DeviceEvent, FailureReason, LinkFigures, Offer, Rumble, Story} from "../types.js" */
/** @import {StageFrame} from "./stage.js" */
/** @import {StatsReport} from "../core/link_figures.js" */

/**
 * @typedef {object} LiveHandlers
 * @property {(peerId: string) => void} onConnected
 * @property {(peerId: string) => void} onFirstFrame
 * @property {(peerId: string, reason: FailureReason, detail: string) => void} onLost
 * @property {(track: MediaStreamTrack) => void} onAudio
 * @property {(story: Cursor) => void} onCursor
 * @property {(story: Rumble) => void} onRumble
 * @property {(wanted: boolean) => void} onTextInput
 * @property {(absence: Absence) => void} onAbsence
 */

export class LivePeer {
  #handlers;
  #stage;
  #clock = new ClockSync();
  /** @type {PeerLink | null} */
  #peer = null;
  /** @type {InputLink | null} None for spectators. */
  #input = null;
  /** @type {MediaWatch | null} */
  #watch = null;
  #phase = new DisplayPhase();
  #shownRate = new ShownRateNews((story) => this.#peer?.sendStory(story));
  #seenFrame = false;
  /** @type {StatsReport | null} */
  #report = null;
  /** @type {number | null} */
  #participant = null;
  /** @type {LinkFigures | null} Rates over the last second. */
  figures = null;
  storiesRefused = 0;
  frames = new FrameLog({
    toPageUs: (us) => this.#clock.toPageUs(us),
    eventUs: (seq) => this.#input?.sender.eventUs(seq) ?? null,
  });

  /**
   * @param {HTMLVideoElement} video
   * @param {LiveHandlers} handlers
   */
  constructor(video, handlers) {
    this.#handlers = handlers;
    this.#stage = new Stage(video, (frame) => {
      if (frame !== null) this.#takeFrame(frame);
      this.#frameSeen();
    });
  }

  /** Least round trip to the worker over the story channel, milliseconds. */
  get roundTripMs() {
    return this.#clock.roundTripUs === null ? null : this.#clock.roundTripUs / 1000;
  }

  get clockUncertaintyMs() {
    return this.#clock.uncertaintyUs === null ? null : this.#clock.uncertaintyUs / 1000;
  }

  /** @returns {InputSender | null} */
  get sender() {
    return this.#input?.sender ?? null;
  }

  /**
   * The number that the broker gave this tab's participant; its event numbers go on over all peers.
   * @param {number} participant
   */
  playAs(participant) {
    if (this.#participant === participant) return;
    this.#participant = participant;
    this.#input = new InputLink(new InputSender(participant));
    if (this.#peer?.takesInput) this.#input.attach(this.#peer);
  }

  /** Without a seat nothing is sent; a seat that comes back goes on where the worker says. */
  playNoMore() {
    this.#input?.detach();
    this.#input = null;
    this.#participant = null;
  }

  /**
   * Connect anew; what was connected before ends.
   * @param {Offer} offer
   * @returns {Promise<string>} Our answer.
   */
  async answer({ peer_id, sdp, stun_uris }) {
    this.close();
    this.#clock.reset();
    this.frames.reset();
    this.#phase = new DisplayPhase();
    this.#seenFrame = false;
    const peer = new PeerLink(peer_id, {
      onTrack: (track) => {
        if (track.kind === "video") this.#stage.show(track);
        else this.#handlers.onAudio(track);
      },
      onConnected: () => {
        this.#watch = new MediaWatch(performance.now());
        this.#handlers.onConnected(peer_id);
      },
      onLost: (reason, detail) => this.#lose(peer, reason, detail),
      onInputOpen: () => this.#input?.attach(peer),
      onStoryOpen: () => this.tick(),
      onStory: (data) => this.#takeStory(data),
    }, stun_uris.filter(isStunUri));
    this.#peer = peer;
    return peer.answer(sdp);
  }

  /** End the connection; the last picture stays on the screen. */
  close() {
    this.#input?.detach();
    this.#stage.hold();
    this.#peer?.close();
    this.#peer = null;
    this.#watch = null;
    this.#report = null;
    this.figures = null;
  }

  /**
   * @param {DeviceEvent} event
   * @param {number} [stampMs]
   */
  push(event, stampMs) {
    this.#input?.push(event, stampMs);
  }

  /** Several times a second: the question for the clock is also what tells the worker that we are here. */
  tick() {
    this.#peer?.sendStory(encodeClockRequest(Math.round(performance.now() * 1000)));
    this.#input?.flush();
    if (this.#peer !== null && this.#watch?.isLost(performance.now())) {
      this.#lose(this.#peer, Reason.PEER_SILENT, "no pictures");
    }
  }

  /** Once a second: read the rates. @returns {Promise<void>} */
  async readFigures() {
    const peer = this.#peer;
    if (peer === null) return;
    const report = /** @type {StatsReport} */ (/** @type {unknown} */ (await peer.stats()));
    if (peer !== this.#peer) return;
    this.figures = linkFigures(report, this.#report);
    this.#report = report;
    if (this.figures === null) return;
    this.#shownRate.tell(this.figures);
    this.#watch?.decoded(performance.now(), this.figures.frames_decoded);
    if (this.figures.frames_decoded > 0) this.#frameSeen();
  }

  /** What the player's tab tells the broker once a second, null without a connection. */
  get report() {
    if (this.#peer === null || this.#watch === null) return null;
    const silent_ms = this.#watch.silentMs(performance.now());
    const delays = reportedDelays(this.frames.stage("input_to_photon"), this.roundTripMs);
    const route = this.figures?.route ?? null;
    return { peer_id: this.#peer.peerId, frames_decoded: this.#watch.framesDecoded, silent_ms, ...delays, route };
  }

  /** @param {StageFrame} frame */
  #takeFrame(frame) {
    this.frames.addPresented(frame);
    const laterMs = this.#phase.add(frame);
    if (laterMs !== null && this.#input !== null) this.#peer?.sendStory(encodeDisplayPhase(laterMs * 1000));
  }

  #frameSeen() {
    if (this.#seenFrame || this.#peer === null || this.#watch === null) return;
    this.#seenFrame = true;
    this.#handlers.onFirstFrame(this.#peer.peerId);
  }

  /**
   * @param {PeerLink} peer
   * @param {FailureReason} reason
   * @param {string} detail
   */
  #lose(peer, reason, detail) {
    if (peer !== this.#peer) return;
    this.close();
    this.#handlers.onLost(peer.peerId, reason, detail);
  }

  /** @param {Uint8Array} data */
  #takeStory(data) {
    /** @type {Story} */
    let story;
    try {
      story = decodeStory(data);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.storiesRefused += 1;
      return;
    }
    const nowMs = performance.now();
    this.#watch?.heard(nowMs, story.kind === StoryKind.FRAME);
    switch (story.kind) {
      case StoryKind.FRAME:
        this.frames.addStory(story);
        this.#input?.acknowledge(story.ack_seq);
        break;
      case StoryKind.ACK:
        this.#input?.acknowledge(story.ack_seq);
        break;
      case StoryKind.CLOCK_REPLY:
        this.#clock.add(story.client_us, story.received_us, story.sent_us, nowMs * 1000);
        this.#input?.sender.setRoundTrip(this.#clock.roundTripUs ?? 0);
        break;
      case StoryKind.CURSOR:
        this.#handlers.onCursor(story);
        break;
      case StoryKind.SEAT_RUMBLE:
        this.#handlers.onRumble(story);
        break;
      case StoryKind.TEXT_INPUT:
        this.#handlers.onTextInput(story.wanted);
        break;
      case StoryKind.ABSENCE:
        this.#handlers.onAbsence(story);
        break;
      default:
        this.storiesRefused += 1;
    }
  }
}
