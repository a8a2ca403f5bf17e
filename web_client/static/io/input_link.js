// Carries an InputSender's datagrams to whichever peer is open. Timers, not animation frames: a hidden tab has none.

/** @import {DeviceEvent} from "../types.js" */
/** @import {InputSender} from "../core/input_sender.js" */
/** @import {PeerLink} from "./peer_link.js" */

/** An event's own time stamp is believed if it is not older than this; scripted events may carry anything. */
const STAMP_MAX_AGE_MS = 1_000;

export class InputLink {
  /** @type {PeerLink | null} */
  #peer = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #flushing = false;

  /** @param {InputSender} sender */
  constructor(sender) {
    this.sender = sender;
  }

  /** @param {PeerLink} peer Its input channel is open. */
  attach(peer) {
    this.#peer = peer;
    this.sender.open(nowUs());
    this.flush();
  }

  detach() {
    this.#peer = null;
    clearTimeout(this.#timer);
    this.sender.close();
  }

  /**
   * Send an event, together with all others of this turn of the event loop.
   * @param {DeviceEvent} event
   * @param {number} [stampMs] `Event.timeStamp`.
   */
  push(event, stampMs) {
    const now = performance.now();
    const believed = stampMs !== undefined && stampMs <= now && now - stampMs < STAMP_MAX_AGE_MS;
    this.sender.push(event, 1000 * (believed ? stampMs : now));
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.flush();
    });
  }

  /** @param {number} seq */
  acknowledge(seq) {
    this.sender.acknowledge(seq);
    this.flush();
  }

  /** Send what is due and wake up for the next. */
  flush() {
    clearTimeout(this.#timer);
    if (this.#peer === null) return;
    for (const datagram of this.sender.poll(nowUs())) this.#peer.sendInput(datagram);
    const dueUs = this.sender.nextDueUs();
    if (dueUs !== null && dueUs !== Infinity) {
      this.#timer = setTimeout(() => this.flush(), Math.max(0, (dueUs - nowUs()) / 1000));
    }
  }
}

function nowUs() {
  return performance.now() * 1000;
}
