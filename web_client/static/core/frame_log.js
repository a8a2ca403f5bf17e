// Joins each shown frame with its story by RTP timestamp, and keeps how long each stage took.
//
// Stages of a frame that is the first to show an input go from the event in the page to the picture on the screen;
// all other frames add their own stages only. Worker times come over ClockSync, so the two stages that cross the
// network carry its uncertainty; they may come out a little negative on a very short link and are kept so.

import { NO_INPUT_US } from "../wire/constants.js";
import { seqDelta } from "../wire/input_events.js";
import { Window } from "./spread.js";

/** @import {FrameStory, ShownFrame, Spread} from "../types.js" */

/** Stages in the order in which time passes; each ends where the next begins. */
export const STAGES = /** @type {const} */ ([
  "input_to_worker", "worker_to_tick", "tick_to_captured", "captured_to_encoded", "encoded_to_sent",
  "sent_to_received", "received_to_presented",
]);

/** Sums of stages that are judged as a whole. */
const SUMS = ["captured_to_sent", "input_to_photon", "tick_to_photon"];

/** Frames over which percentiles are taken: ten seconds at 60 fps. */
const WINDOW_FRAMES = 600;

/** Stories and frames that wait for each other: a second at 60 fps. */
const WAITING_MAX = 64;

const SHOWN_KEPT = 32;

/**
 * @typedef {{rtpTs: number, receivedMs: number | null, presentedMs: number}} Presented When a frame was received and
 *   shown.
 */
/**
 * @typedef {{toPageUs(workerUs: number): number | null, eventUs(seq: number): number | null}} Clocks Where times of
 *   the worker and of this page's events are found.
 */

export class FrameLog {
  /** @type {Map<number, FrameStory>} */
  #stories = new Map();
  /** @type {Map<number, Presented>} */
  #waiting = new Map();
  #windows = new Map([...STAGES, ...SUMS].map((name) => [name, new Window(WINDOW_FRAMES)]));
  /** @type {ShownFrame[]} */
  #shown = [];
  #shownSeq = 0;
  #clocks;

  /** @param {Clocks} clocks */
  constructor(clocks) {
    this.#clocks = clocks;
  }

  /** Another peer: its RTP timestamps have nothing to do with the last one's. */
  reset() {
    this.#stories.clear();
    this.#waiting.clear();
  }

  /** @param {FrameStory} story */
  addStory(story) {
    const presented = this.#waiting.get(story.rtp_ts);
    if (presented === undefined) keep(this.#stories, story.rtp_ts, story);
    else {
      this.#waiting.delete(story.rtp_ts);
      this.#join(story, presented);
    }
  }

  /** @param {Presented} presented */
  addPresented(presented) {
    const story = this.#stories.get(presented.rtpTs);
    if (story === undefined) keep(this.#waiting, presented.rtpTs, presented);
    else {
      this.#stories.delete(presented.rtpTs);
      this.#join(story, presented);
    }
  }

  /** The newest frames, oldest first. @returns {readonly ShownFrame[]} */
  get shown() {
    return this.#shown;
  }

  /** Percentiles by stage. @returns {Record<string, Spread>} */
  stages() {
    return Object.fromEntries([...this.#windows].map(([name, values]) => [name, values.spread()]));
  }

  /** Percentiles of one stage. @param {string} name */
  stage(name) {
    return this.#windows.get(name)?.spread();
  }

  /**
   * @param {FrameStory} story
   * @param {Presented} presented
   */
  #join(story, presented) {
    const stages = this.#measure(story, presented);
    for (const [name, ms] of Object.entries(stages)) this.#windows.get(name)?.add(ms);
    this.#shown.push({
      rtp_ts: story.rtp_ts,
      frame_id: story.frame_id,
      input_seq: story.input_seq,
      size_bytes: story.size_bytes,
      keyframe: story.keyframe,
      received_ms: presented.receivedMs,
      presented_ms: presented.presentedMs,
      stages_ms: stages,
    });
    if (this.#shown.length > SHOWN_KEPT) this.#shown.shift();
  }

  /**
   * @param {FrameStory} story
   * @param {Presented} presented
   */
  #measure(story, presented) {
    /** @type {Record<string, number>} */
    const ms = {
      tick_to_captured: story.capture_dus / 1000,
      captured_to_encoded: (story.encoded_dus - story.capture_dus) / 1000,
      encoded_to_sent: (story.sent_dus - story.encoded_dus) / 1000,
      captured_to_sent: (story.sent_dus - story.capture_dus) / 1000,
    };
    const tickUs = this.#clocks.toPageUs(story.tick_us);
    if (tickUs === null) return ms;
    ms["tick_to_photon"] = presented.presentedMs - tickUs / 1000;
    if (presented.receivedMs !== null) {
      ms["sent_to_received"] = presented.receivedMs - (tickUs + story.sent_dus) / 1000;
      ms["received_to_presented"] = presented.presentedMs - presented.receivedMs;
    }
    if (story.input_seq !== 0 && seqDelta(story.input_seq, this.#shownSeq) > 0) {
      this.#shownSeq = story.input_seq;
      this.#measureInput(story, presented, tickUs, ms);
    }
    return ms;
  }

  /**
   * @param {FrameStory} story
   * @param {Presented} presented
   * @param {number} tickUs
   * @param {Record<string, number>} ms
   */
  #measureInput(story, presented, tickUs, ms) {
    const eventUs = this.#clocks.eventUs(story.input_seq);
    if (eventUs === null || story.input_received_dus === NO_INPUT_US) return;
    const receivedUs = tickUs + story.input_received_dus;
    ms["input_to_worker"] = (receivedUs - eventUs) / 1000;
    ms["worker_to_tick"] = -story.input_received_dus / 1000;
    ms["input_to_photon"] = presented.presentedMs - eventUs / 1000;
  }
}

/**
 * @template T
 * @param {Map<number, T>} map
 * @param {number} key
 * @param {T} value
 */
function keep(map, key, value) {
  map.set(key, value);
  if (map.size > WAITING_MAX) map.delete(/** @type {number} */ (map.keys().next().value));
}
