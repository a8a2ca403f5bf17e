// The player's side of wire/input_events.py: numbers events, sends them at once, repeats them until the worker has
// acknowledged them, and after 250 ms says instead what is held. Sans-IO: `now` is an argument (µs on the page's
// monotonic clock), datagrams are returned. Re-read `nextDueUs()` after every call.
//
// Sequence numbers go on across peers and tabs, so a new page sends nothing until the worker's first
// acknowledgement told it where to go on. Movements wait while many events are unacknowledged; edges never wait for
// anything but the 4 ms between batches and a free place among the 32 that may be unacknowledged.

import { INPUT_BATCH_MAX_BYTES, INPUT_REPEAT_MAX_EVENTS, INPUT_REPEAT_MAX_MS } from "../wire/constants.js";
import { encodeBatch, eventBytes, HEADER_BYTES, seqAdd, seqDelta } from "../wire/input_events.js";
import { append, isMove } from "./coalesce.js";
import { HeldState } from "./held_state.js";

/** @import {DeviceEvent, InputEvent} from "../types.js" */
/** @import {Timed} from "./coalesce.js" */

/** Least time between batches that carry something new. */
export const BATCH_GAP_US = 4_000;

/** Wait for an acknowledgement beyond the round trip before events are repeated: the worker's is up to a frame late. */
export const REPEAT_US = 20_000;
const REPEAT_MAX_US = 100_000;
const AGE_MAX_US = INPUT_REPEAT_MAX_MS * 1000;

/** How long a new page waits for the worker's first acknowledgement before it begins with number 1. */
export const SYNC_WAIT_US = 500_000;

/** Events that may wait to be sent; beyond it they are given up for a snapshot. */
const UNSENT_MAX = 256;

/** Unacknowledged events from which on movements wait longer, and how long. */
const MOVE_GAPS_US = /** @type {const} */ ([[8, BATCH_GAP_US], [16, 8_000], [24, 16_000]]);

/** Sent events whose times are remembered, to tell how long ago the event happened that a frame shows. */
const TIMES_KEPT = 1024;

/** @typedef {Timed & {sentUs: number}} Pending */
/** @typedef {{firstSeq: number, lastSeq: number, events: Timed[]}} Snapshot */

export class InputSender {
  #participant;
  #held = new HeldState();
  /** @type {Timed[]} */
  #unsent = [];
  /** @type {Pending[]} */
  #pending = [];
  #pendingBytes = 0;
  #pendingFirst = 1;
  /** @type {Snapshot | null} */
  #snapshot = null;
  #snapshotWanted = false;
  /** @type {number | null} Number of the next new event; null until the worker said where to go on. */
  #nextSeq = null;
  /** @type {number | null} When the channel opened; null while there is none. */
  #openedUs = null;
  #lastSendUs = -Infinity;
  #roundTripUs = 0;
  #repeats = 0;
  #times = new Float64Array(TIMES_KEPT).fill(NaN);
  #timedSeqs = new Float64Array(TIMES_KEPT).fill(NaN);
  /** What was done so far. */
  counts = { events: 0, batches: 0, repeats: 0, snapshots: 0 };
  ackSeq = 0;

  /** @param {number} participant The number that the broker gave this tab. */
  constructor(participant) {
    this.#participant = participant;
  }

  /** Whether anything is down, so that losing focus must release it. */
  get holdsAnything() {
    return this.#held.any;
  }

  /** Number of the newest event that was sent, 0 before any. */
  get lastSeq() {
    return this.#nextSeq === null ? 0 : seqAdd(this.#nextSeq, -1);
  }

  /** Events sent that the worker has not acknowledged. */
  get unacknowledged() {
    return this.#pending.length;
  }

  /**
   * A channel to the worker is open; what is held now goes first.
   * @param {number} nowUs
   */
  open(nowUs) {
    this.#openedUs = nowUs;
    this.#unsent = [];
    this.#snapshotWanted = true;
    this.#lastSendUs = -Infinity;
  }

  /** The channel is gone; until the next one only what is held is followed. */
  close() {
    this.#openedUs = null;
    this.#unsent = [];
  }

  /** @param {number} us Least round trip to the worker. */
  setRoundTrip(us) {
    this.#roundTripUs = us;
  }

  /**
   * Take an event; follow with `poll`.
   * @param {DeviceEvent} event
   * @param {number} us When it happened.
   */
  push(event, us) {
    this.#held.apply(event);
    if (this.#openedUs === null) return;
    append(this.#unsent, { event, us });
    if (this.#unsent.length > UNSENT_MAX) {
      this.#unsent = [];
      this.#snapshotWanted = true;
    }
  }

  /**
   * The worker has received everything up to `seq`. One ahead of ours comes from an earlier tab of this player.
   * @param {number} seq
   */
  acknowledge(seq) {
    if (this.#nextSeq === null || seqDelta(seq, this.lastSeq) > 0) {
      this.#goOnAfter(seq);
      return;
    }
    const count = Math.min(this.#pending.length, seqDelta(seq, this.#pendingFirst) + 1);
    if (count > 0) {
      for (const { event } of this.#pending.splice(0, count)) this.#pendingBytes -= bytesOf(event);
      this.#pendingFirst = seqAdd(this.#pendingFirst, count);
    }
    if (this.#snapshot !== null && seqDelta(seq, this.#snapshot.lastSeq) >= 0) this.#snapshot = null;
    if (seqDelta(seq, this.ackSeq) > 0) this.ackSeq = seq;
    this.#repeats = 0;
  }

  /**
   * The datagrams to send now, in order.
   * @param {number} nowUs
   * @returns {Uint8Array<ArrayBuffer>[]}
   */
  poll(nowUs) {
    if (this.#openedUs === null) return [];
    if (this.#nextSeq === null) {
      if (nowUs < this.#openedUs + SYNC_WAIT_US) return [];
      this.#goOnAfter(0);
    }
    const oldest = this.#pending[0];
    if (this.#snapshotWanted || (oldest !== undefined && nowUs - oldest.sentUs > AGE_MAX_US)) this.#makeSnapshot(nowUs);
    const fresh = nowUs - this.#lastSendUs >= this.#gapUs() && this.#takeUnsent(nowUs);
    const unanswered = this.#pending.length > 0 || this.#snapshot !== null;
    const repeat = unanswered && nowUs - this.#lastSendUs >= this.#repeatUs();
    if (!fresh && !repeat) return [];
    if (!fresh) {
      this.#repeats += 1;
      this.counts.repeats += 1;
    }
    this.#lastSendUs = nowUs;
    return this.#datagrams(Math.round(nowUs));
  }

  /** When `poll` has something to do next; null if not before the next call. @returns {number | null} */
  nextDueUs() {
    if (this.#openedUs === null) return null;
    if (this.#nextSeq === null) return this.#openedUs + SYNC_WAIT_US;
    const due = [];
    if (this.#snapshotWanted) due.push(this.#lastSendUs + BATCH_GAP_US);
    if (this.#unsent.length > 0 && this.#hasRoom()) due.push(this.#lastSendUs + this.#gapUs());
    if (this.#pending.length > 0 || this.#snapshot !== null) due.push(this.#lastSendUs + this.#repeatUs());
    return due.length > 0 ? Math.min(...due) : null;
  }

  /**
   * When the event with this number happened, or null if it is not remembered.
   * @param {number} seq
   */
  eventUs(seq) {
    const slot = seq % TIMES_KEPT;
    return this.#timedSeqs[slot] === seq ? /** @type {number} */ (this.#times[slot]) : null;
  }

  /** @param {number} seq */
  #goOnAfter(seq) {
    this.#unsent.unshift(...this.#pending.map(({ event, us }) => ({ event, us })));
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#snapshotWanted ||= this.#snapshot !== null;
    this.#snapshot = null;
    this.#nextSeq = seqAdd(seq, 1);
    this.#pendingFirst = this.#nextSeq;
    this.ackSeq = seq;
  }

  #gapUs() {
    if (!this.#unsent.every(({ event }) => isMove(event))) return BATCH_GAP_US;
    for (const [below, gapUs] of MOVE_GAPS_US) if (this.#pending.length < below) return gapUs;
    return Infinity;
  }

  #repeatUs() {
    const patience = Math.min(REPEAT_MAX_US, this.#roundTripUs + REPEAT_US);
    return this.#snapshot === null ? patience : Math.min(REPEAT_MAX_US * 2, patience * 2 ** Math.min(this.#repeats, 4));
  }

  #hasRoom() {
    const first = this.#unsent[0];
    return (
      first !== undefined &&
      this.#pending.length < INPUT_REPEAT_MAX_EVENTS &&
      HEADER_BYTES + this.#pendingBytes + bytesOf(first.event) <= INPUT_BATCH_MAX_BYTES
    );
  }

  /** @param {number} nowUs */
  #takeUnsent(nowUs) {
    let taken = this.#snapshot !== null && this.#lastSendUs === -Infinity;
    while (this.#hasRoom()) {
      const { event, us } = /** @type {Timed} */ (this.#unsent.shift());
      this.#remember(/** @type {number} */ (this.#nextSeq), us);
      this.#pending.push({ event, us, sentUs: nowUs });
      this.#pendingBytes += bytesOf(event);
      this.#nextSeq = seqAdd(/** @type {number} */ (this.#nextSeq), 1);
      this.counts.events += 1;
      taken = true;
    }
    return taken;
  }

  /** @param {number} nowUs */
  #makeSnapshot(nowUs) {
    this.#snapshotWanted = false;
    const superseded = this.#pending.length > 0 || this.#snapshot !== null;
    const events = this.#held.describe().map((event) => ({ event, us: nowUs }));
    this.#pending = [];
    this.#pendingBytes = 0;
    if (events.length === 0 && !superseded) return;
    const firstSeq = /** @type {number} */ (this.#nextSeq);
    const lastSeq = seqAdd(firstSeq, events.length - 1);
    this.#snapshot = { firstSeq, lastSeq, events };
    events.forEach((_, n) => this.#remember(seqAdd(firstSeq, n), nowUs));
    this.#nextSeq = seqAdd(lastSeq, 1);
    this.#pendingFirst = this.#nextSeq;
    this.#repeats = 0;
    this.#lastSendUs = -Infinity;
    this.counts.snapshots += 1;
  }

  /**
   * @param {number} clientUs
   * @returns {Uint8Array<ArrayBuffer>[]}
   */
  #datagrams(clientUs) {
    const out = [];
    if (this.#snapshot !== null) out.push(this.#encode(this.#snapshot.firstSeq, this.#snapshot.events, clientUs, true));
    if (this.#pending.length > 0) out.push(this.#encode(this.#pendingFirst, this.#pending, clientUs, false));
    this.counts.batches += out.length;
    return out;
  }

  /**
   * @param {number} firstSeq
   * @param {readonly Timed[]} timed
   * @param {number} clientUs
   * @param {boolean} snapshot
   */
  #encode(firstSeq, timed, clientUs, snapshot) {
    const events = timed.map(({ event, us }) => (/** @type {InputEvent} */ ({
      ...event, age_100us: Math.max(0, Math.round((clientUs - us) / 100)),
    })));
    return encodeBatch({
      participant: this.#participant, first_seq: firstSeq, client_time_us: clientUs, events, snapshot,
    });
  }

  /**
   * @param {number} seq
   * @param {number} us
   */
  #remember(seq, us) {
    this.#times[seq % TIMES_KEPT] = us;
    this.#timedSeqs[seq % TIMES_KEPT] = seq;
  }
}

/** @param {DeviceEvent} event */
function bytesOf(event) {
  return eventBytes(/** @type {InputEvent} */ (event));
}
