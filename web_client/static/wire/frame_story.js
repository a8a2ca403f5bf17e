// Twin of wire/frame_story.py: what a page is told beside each frame, and what it asks. Both pass
// wire/vectors/frame_story.json. Only what a page needs: it reads all kinds and writes its own.

import {
  CURSOR_MAX_PX, FLAG_KEYFRAME, FLAG_RELATIVE, FLAG_VISIBLE, PADS_MAX, PHASE_SHIFT_MAX_US, Presence, REFRESH_MAX_HZ,
  Reason, SEATS_MAX, STORY_MESSAGE_MAX_BYTES, StoryKind,
} from "./constants.js";
import { WireError } from "./errors.js";

/** @import {Story} from "../types.js" */

/** Bytes of the kinds whose size is fixed. @type {Readonly<Record<number, number>>} */
const SIZES = {
  [StoryKind.FRAME]: 46,
  [StoryKind.CLOCK_REQUEST]: 9,
  [StoryKind.CLOCK_REPLY]: 25,
  [StoryKind.ACK]: 5,
  [StoryKind.TEXT_INPUT]: 2,
  [StoryKind.ABSENCE]: 6,
  [StoryKind.DISPLAY_PHASE]: 5,
  [StoryKind.SEAT_RUMBLE]: 9,
  [StoryKind.FRAME_REPORT]: 5,
  [StoryKind.DISPLAY]: 4,
};
const CURSOR_HEAD_BYTES = 6;

/**
 * The question for the worker's clock.
 * @param {number} client_us
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeClockRequest(client_us) {
  const view = new DataView(new ArrayBuffer(9));
  view.setUint8(0, StoryKind.CLOCK_REQUEST);
  view.setBigUint64(1, BigInt(client_us));
  return new Uint8Array(view.buffer);
}

/**
 * The wish for frames so much later between two refreshes of the display.
 * @param {number} later_us Cut to what may be asked for at once.
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeDisplayPhase(later_us) {
  const view = new DataView(new ArrayBuffer(5));
  view.setUint8(0, StoryKind.DISPLAY_PHASE);
  view.setInt32(1, Math.round(Math.min(Math.max(later_us, -PHASE_SHIFT_MAX_US), PHASE_SHIFT_MAX_US)));
  return new Uint8Array(view.buffer);
}

/**
 * The news that a frame was decoded.
 * @param {number} rtp_ts
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeFrameReport(rtp_ts) {
  const view = new DataView(new ArrayBuffer(5));
  view.setUint8(0, StoryKind.FRAME_REPORT);
  view.setUint32(1, rtp_ts);
  return new Uint8Array(view.buffer);
}

/**
 * How many frames this page can show.
 * @param {number} refresh_hz Of the display.
 * @param {number} decoded_pct Of the frames that came whole lately, how many of 100 were decoded.
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeDisplay(refresh_hz, decoded_pct) {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint8(0, StoryKind.DISPLAY);
  view.setUint16(1, Math.round(Math.min(Math.max(refresh_hz, 1), REFRESH_MAX_HZ)));
  view.setUint8(3, Math.round(Math.min(Math.max(decoded_pct, 0), 100)));
  return new Uint8Array(view.buffer);
}

/**
 * Read a story message. Times above 2**53 - 1 µs are refused here, since a page cannot hold them.
 * @param {Uint8Array} data
 * @returns {Story}
 */
export function decodeStory(data) {
  if (data.length > STORY_MESSAGE_MAX_BYTES) {
    throw new WireError(Reason.TOO_LARGE, `story message of ${data.length} bytes`);
  }
  if (data.length === 0) throw new WireError(Reason.MALFORMED, "empty story message");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const kind = view.getUint8(0);
  if (kind === StoryKind.CURSOR) return decodeCursor(view, data);
  const size = SIZES[kind];
  if (size === undefined) throw new WireError(Reason.UNKNOWN_TYPE, `story kind ${kind}`);
  if (data.length !== size) throw new WireError(Reason.MALFORMED, `story kind ${kind} of ${data.length} bytes`);
  return decodeFixed(kind, view);
}

/**
 * @param {number} kind
 * @param {DataView} view
 * @returns {Story}
 */
function decodeFixed(kind, view) {
  switch (kind) {
    case StoryKind.FRAME:
      return decodeFrame(view);
    case StoryKind.CLOCK_REQUEST:
      return { kind, client_us: time(view, 1) };
    case StoryKind.CLOCK_REPLY:
      return { kind, client_us: time(view, 1), received_us: time(view, 9), sent_us: time(view, 17) };
    case StoryKind.ACK:
      return { kind, ack_seq: view.getUint32(1) };
    case StoryKind.SEAT_RUMBLE: {
      const seat = view.getUint8(1);
      if (seat >= SEATS_MAX) throw new WireError(Reason.MALFORMED, `seat ${seat} of ${SEATS_MAX}`);
      const pad = view.getUint8(2);
      if (pad >= PADS_MAX) throw new WireError(Reason.MALFORMED, `pad ${pad} of ${PADS_MAX}`);
      const [low, high, duration_ms] = [view.getUint16(3), view.getUint16(5), view.getUint16(7)];
      return { kind, seat, pad, low, high, duration_ms };
    }
    case StoryKind.ABSENCE: {
      const presence = Object.values(Presence).find((each) => each === view.getUint8(1));
      if (presence === undefined) throw new WireError(Reason.MALFORMED, `presence ${view.getUint8(1)}`);
      return { kind, presence, next_s: view.getUint32(2) };
    }
    case StoryKind.DISPLAY_PHASE: {
      const later_us = view.getInt32(1);
      if (Math.abs(later_us) > PHASE_SHIFT_MAX_US) throw new WireError(Reason.MALFORMED, `a shift of ${later_us} µs`);
      return { kind, later_us };
    }
    case StoryKind.FRAME_REPORT:
      return { kind, rtp_ts: view.getUint32(1) };
    case StoryKind.DISPLAY: {
      const [refresh_hz, decoded_pct] = [view.getUint16(1), view.getUint8(3)];
      if (refresh_hz < 1 || refresh_hz > REFRESH_MAX_HZ || decoded_pct > 100) {
        throw new WireError(Reason.MALFORMED, `${refresh_hz} Hz, ${decoded_pct}% decoded`);
      }
      return { kind, refresh_hz, decoded_pct };
    }
    default: {
      const wanted = view.getUint8(1);
      if (wanted > 1) throw new WireError(Reason.MALFORMED, `text input flag ${wanted}`);
      return { kind: StoryKind.TEXT_INPUT, wanted: wanted === 1 };
    }
  }
}

/**
 * @param {DataView} view
 * @returns {Story}
 */
function decodeFrame(view) {
  const flags = view.getUint8(1);
  if (flags & ~FLAG_KEYFRAME) throw new WireError(Reason.MALFORMED, `frame flags ${flags}`);
  return {
    kind: StoryKind.FRAME,
    rtp_ts: view.getUint32(2),
    frame_id: view.getUint32(6),
    input_seq: view.getUint32(10),
    ack_seq: view.getUint32(14),
    size_bytes: view.getUint32(18),
    tick_us: time(view, 22),
    capture_dus: view.getUint32(30),
    encoded_dus: view.getUint32(34),
    sent_dus: view.getUint32(38),
    input_received_dus: view.getInt32(42),
    keyframe: flags === FLAG_KEYFRAME,
  };
}

/**
 * @param {DataView} view
 * @param {Uint8Array} data
 * @returns {Story}
 */
function decodeCursor(view, data) {
  if (data.length < CURSOR_HEAD_BYTES) throw new WireError(Reason.MALFORMED, `cursor story of ${data.length} bytes`);
  const flags = view.getUint8(1);
  const [width, height] = [view.getUint8(2), view.getUint8(3)];
  if (flags & ~(FLAG_VISIBLE | FLAG_RELATIVE)) throw new WireError(Reason.MALFORMED, `cursor flags ${flags}`);
  if (Math.max(width, height) > CURSOR_MAX_PX) {
    throw new WireError(Reason.TOO_LARGE, `a cursor has at most ${CURSOR_MAX_PX}x${CURSOR_MAX_PX} pixels`);
  }
  const rgba = data.slice(CURSOR_HEAD_BYTES);
  if (rgba.length !== width * height * 4) {
    throw new WireError(Reason.MALFORMED, `cursor of ${width}x${height} with ${rgba.length} bytes`);
  }
  return {
    kind: StoryKind.CURSOR,
    visible: Boolean(flags & FLAG_VISIBLE),
    relative: Boolean(flags & FLAG_RELATIVE),
    width, height, hot_x: view.getUint8(4), hot_y: view.getUint8(5), rgba,
  };
}

/**
 * @param {DataView} view
 * @param {number} at
 */
function time(view, at) {
  const us = Number(view.getBigUint64(at));
  if (!Number.isSafeInteger(us)) throw new WireError(Reason.MALFORMED, "time beyond 2**53 µs");
  return us;
}
