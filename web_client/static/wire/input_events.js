// Twin of wire/input_events.py: the input batch, a player's events on an unordered, unreliable data channel.
// Both pass wire/vectors/input_batch.json. Encoding writes into one preallocated buffer: no garbage per batch but
// the copy that the data channel takes.

import {
  EventType, FLAG_SNAPSHOT, INPUT_BATCH_MAX_BYTES, INPUT_BATCH_MAX_EVENTS, INPUT_TEXT_MAX_BYTES, INPUT_VERSION,
  PADS_MAX, Reason, SEQ_MODULUS, TouchPhase,
} from "./constants.js";
import { WireError } from "./errors.js";

/** @import {InputBatch, InputEvent} from "../types.js" */

export const HEADER_BYTES = 17;
export const EVENT_HEAD_BYTES = 4;
const AGE_MAX = 0xffff;

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const scratch = new DataView(new ArrayBuffer(INPUT_BATCH_MAX_BYTES + 128));

/** Payload bytes of the events whose size is fixed. @type {Readonly<Record<number, number>>} */
const PAYLOAD_BYTES = {
  [EventType.KEY]: 3,
  [EventType.MOUSE_ABS]: 4,
  [EventType.MOUSE_REL]: 4,
  [EventType.MOUSE_BUTTON]: 2,
  [EventType.WHEEL]: 4,
  [EventType.TOUCH]: 6,
  [EventType.PAD]: 17,
  [EventType.PAD_PRESENCE]: 2,
  [EventType.RELEASE_ALL]: 0,
};

/**
 * `newer - older` as a signed 32-bit difference (RFC 1982).
 * @param {number} newer
 * @param {number} older
 */
export function seqDelta(newer, older) {
  return (newer - older) | 0;
}

/**
 * The sequence number `steps` after `seq`.
 * @param {number} seq
 * @param {number} steps
 */
export function seqAdd(seq, steps) {
  return (((seq + steps) % SEQ_MODULUS) + SEQ_MODULUS) % SEQ_MODULUS;
}

/**
 * Bytes that one event takes in a batch.
 * @param {InputEvent} event
 */
export function eventBytes(event) {
  if (event.type === EventType.TEXT) return EVENT_HEAD_BYTES + 1 + utf8.encode(event.text).length;
  return EVENT_HEAD_BYTES + /** @type {number} */ (PAYLOAD_BYTES[event.type]);
}

/**
 * The batch as bytes, a copy that the caller owns. Numbers must be in their fields' range.
 * @param {InputBatch} batch
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeBatch(batch) {
  const { events } = batch;
  if (events.length > INPUT_BATCH_MAX_EVENTS) {
    throw new WireError(Reason.TOO_MANY, `a batch holds ${INPUT_BATCH_MAX_EVENTS} events`);
  }
  scratch.setUint8(0, INPUT_VERSION);
  scratch.setUint8(1, batch.snapshot ? FLAG_SNAPSHOT : 0);
  scratch.setUint16(2, batch.participant);
  scratch.setUint32(4, batch.first_seq);
  scratch.setBigUint64(8, BigInt(batch.client_time_us));
  scratch.setUint8(16, events.length);
  let offset = HEADER_BYTES;
  for (const event of events) {
    const end = offset + eventBytes(event);
    if (end > INPUT_BATCH_MAX_BYTES) {
      throw new WireError(Reason.TOO_LARGE, `a batch has ${INPUT_BATCH_MAX_BYTES} bytes`);
    }
    scratch.setUint8(offset, event.type);
    scratch.setUint8(offset + 1, event.device);
    scratch.setUint16(offset + 2, Math.min(AGE_MAX, event.age_100us));
    writePayload(offset + EVENT_HEAD_BYTES, event);
    offset = end;
  }
  return new Uint8Array(scratch.buffer.slice(0, offset));
}

/**
 * @param {number} at
 * @param {InputEvent} event
 */
function writePayload(at, event) {
  switch (event.type) {
    case EventType.KEY:
      scratch.setUint16(at, event.usage);
      scratch.setUint8(at + 2, event.down ? 1 : 0);
      break;
    case EventType.TEXT:
      writeText(at, event.text);
      break;
    case EventType.MOUSE_ABS:
      scratch.setUint16(at, event.x);
      scratch.setUint16(at + 2, event.y);
      break;
    case EventType.MOUSE_REL:
    case EventType.WHEEL:
      scratch.setInt16(at, event.dx);
      scratch.setInt16(at + 2, event.dy);
      break;
    case EventType.MOUSE_BUTTON:
      scratch.setUint8(at, event.button);
      scratch.setUint8(at + 1, event.down ? 1 : 0);
      break;
    case EventType.TOUCH:
      scratch.setUint8(at, event.finger);
      scratch.setUint8(at + 1, event.phase);
      scratch.setUint16(at + 2, event.x);
      scratch.setUint16(at + 4, event.y);
      break;
    case EventType.PAD:
      scratch.setUint8(at, event.index);
      scratch.setUint32(at + 1, event.buttons);
      event.axes.forEach((axis, n) => scratch.setInt16(at + 5 + 2 * n, axis));
      break;
    case EventType.PAD_PRESENCE:
      scratch.setUint8(at, event.index);
      scratch.setUint8(at + 1, event.connected ? 1 : 0);
      break;
    case EventType.RELEASE_ALL:
      break;
  }
}

/**
 * @param {number} at
 * @param {string} text
 */
function writeText(at, text) {
  const raw = utf8.encode(text);
  if (raw.length === 0 || raw.length > INPUT_TEXT_MAX_BYTES) {
    throw new WireError(Reason.MALFORMED, `text has 1..${INPUT_TEXT_MAX_BYTES} bytes`);
  }
  scratch.setUint8(at, raw.length);
  new Uint8Array(scratch.buffer, at + 1, raw.length).set(raw);
}

/**
 * Read a batch; every byte must be accounted for. A `client_time_us` above 2**53 - 1 is refused here, since a page
 * cannot hold it.
 * @param {Uint8Array} data
 * @returns {InputBatch}
 */
export function decodeBatch(data) {
  if (data.length > INPUT_BATCH_MAX_BYTES) throw new WireError(Reason.TOO_LARGE, `input batch of ${data.length} bytes`);
  if (data.length < HEADER_BYTES) throw new WireError(Reason.MALFORMED, "input batch is shorter than its header");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const flags = view.getUint8(1);
  const count = view.getUint8(16);
  if (view.getUint8(0) !== INPUT_VERSION) {
    throw new WireError(Reason.PROTOCOL_VERSION, `input version ${view.getUint8(0)}`);
  }
  if (flags & ~FLAG_SNAPSHOT) throw new WireError(Reason.MALFORMED, `input flags ${flags}`);
  if (count > INPUT_BATCH_MAX_EVENTS) throw new WireError(Reason.TOO_MANY, `${count} events in a batch`);
  const events = [];
  let offset = HEADER_BYTES;
  for (let n = 0; n < count; n += 1) {
    const [event, next] = decodeEvent(view, offset);
    events.push(event);
    offset = next;
  }
  if (offset !== data.length) throw new WireError(Reason.MALFORMED, "bytes after the last event");
  const client_time_us = Number(view.getBigUint64(8));
  if (!Number.isSafeInteger(client_time_us)) throw new WireError(Reason.MALFORMED, "client time beyond 2**53");
  return {
    participant: view.getUint16(2), first_seq: view.getUint32(4), client_time_us, events,
    snapshot: Boolean(flags & FLAG_SNAPSHOT),
  };
}

/**
 * Read one event at `offset`; return it and the offset behind it.
 * @param {DataView} view
 * @param {number} offset
 * @returns {[InputEvent, number]}
 */
function decodeEvent(view, offset) {
  if (offset + EVENT_HEAD_BYTES > view.byteLength) throw new WireError(Reason.MALFORMED, "input event is cut off");
  const type = view.getUint8(offset);
  const head = { device: view.getUint8(offset + 1), age_100us: view.getUint16(offset + 2) };
  const at = offset + EVENT_HEAD_BYTES;
  if (type === EventType.TEXT) {
    const length = at < view.byteLength ? view.getUint8(at) : 0;
    const end = at + 1 + length;
    if (length === 0 || length > INPUT_TEXT_MAX_BYTES || end > view.byteLength) {
      throw new WireError(Reason.MALFORMED, "bad text length");
    }
    return [{ type, ...head, text: decodeText(new Uint8Array(view.buffer, view.byteOffset + at + 1, length)) }, end];
  }
  const size = PAYLOAD_BYTES[type];
  if (size === undefined) throw new WireError(Reason.MALFORMED, `input event type ${type}`);
  if (at + size > view.byteLength) throw new WireError(Reason.MALFORMED, "input event is cut off");
  return [/** @type {InputEvent} */ ({ type, ...head, ...readPayload(view, at, type) }), at + size];
}

/** @param {Uint8Array} raw */
function decodeText(raw) {
  try {
    return strictUtf8.decode(raw);
  } catch {
    throw new WireError(Reason.MALFORMED, "text is not UTF-8");
  }
}

/**
 * @param {DataView} view
 * @param {number} at
 * @param {number} type
 */
function readPayload(view, at, type) {
  switch (type) {
    case EventType.KEY: {
      const usage = inRange(view.getUint16(at), 1, 511, "key usage");
      return { usage, down: flag(view.getUint8(at + 2)) };
    }
    case EventType.MOUSE_ABS:
      return { x: view.getUint16(at), y: view.getUint16(at + 2) };
    case EventType.MOUSE_REL:
    case EventType.WHEEL:
      return { dx: view.getInt16(at), dy: view.getInt16(at + 2) };
    case EventType.MOUSE_BUTTON:
      return { button: inRange(view.getUint8(at), 0, 4, "mouse button"), down: flag(view.getUint8(at + 1)) };
    case EventType.TOUCH: {
      const phase = inRange(view.getUint8(at + 1), TouchPhase.DOWN, TouchPhase.CANCEL, "touch phase");
      return { finger: view.getUint8(at), phase, x: view.getUint16(at + 2), y: view.getUint16(at + 4) };
    }
    case EventType.PAD: {
      const index = inRange(view.getUint8(at), 0, PADS_MAX - 1, "pad");
      const axes = Array.from({ length: 6 }, (_, n) => view.getInt16(at + 5 + 2 * n));
      return { index, buttons: view.getUint32(at + 1), axes };
    }
    case EventType.PAD_PRESENCE:
      return { index: inRange(view.getUint8(at), 0, PADS_MAX - 1, "pad"), connected: flag(view.getUint8(at + 1)) };
    default:
      return {};
  }
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 * @param {string} what
 */
function inRange(value, low, high, what) {
  if (value < low || value > high) throw new WireError(Reason.MALFORMED, `${what} ${value}`);
  return value;
}

/** @param {number} value */
function flag(value) {
  return inRange(value, 0, 1, "flag") === 1;
}
