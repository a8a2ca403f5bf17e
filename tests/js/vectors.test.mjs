// The JavaScript codecs against the vectors that the Python ones pass as well.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { EventType, PeerState, PROTOCOL_MAX, PROTOCOL_MIN, Reason, Role, SessionState, StoryKind } from "../../web_client/static/wire/constants.js";
import { WireError } from "../../web_client/static/wire/errors.js";
import {
  decodeStory, encodeClockRequest, encodeDisplay, encodeFrameReport,
} from "../../web_client/static/wire/frame_story.js";
import { decodeBatch, encodeBatch, eventBytes, HEADER_BYTES, seqDelta } from "../../web_client/static/wire/input_events.js";
import { decodeFromTab, decodeMessage, encodeMessage } from "../../web_client/static/wire/session_control.js";

const load = (name) => JSON.parse(readFileSync(new URL(`../../wire/vectors/${name}.json`, import.meta.url), "utf8"));
const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
const nameOf = (codes, code) => Object.keys(codes).find((name) => codes[name] === code);

function refuses(reason, act) {
  assert.throws(act, (error) => error instanceof WireError && error.reason === reason);
}

describe("input batch", () => {
  for (const { name, hex, fields, reason } of load("input_batch")) {
    it(name, () => {
      if (reason !== undefined) {
        refuses(reason, () => decodeBatch(bytes(hex)));
        return;
      }
      const batch = decodeBatch(bytes(hex));
      const events = batch.events.map((event) => ({ ...event, type: nameOf(EventType, event.type) }));
      assert.deepEqual({ ...batch, events }, fields);
      assert.equal(Buffer.from(encodeBatch(batch)).toString("hex"), hex);
      const size = batch.events.reduce((sum, event) => sum + eventBytes(event), HEADER_BYTES);
      assert.equal(size, hex.length / 2);
    });
  }

  it("is not written beyond its limits", () => {
    const batch = { participant: 1, first_seq: 1, client_time_us: 1, snapshot: false };
    const text = (length) => ({ type: EventType.TEXT, device: 0, age_100us: 0, text: "x".repeat(length) });
    refuses(Reason.TOO_MANY, () => encodeBatch({ ...batch, events: Array(65).fill(text(1)) }));
    refuses(Reason.TOO_LARGE, () => encodeBatch({ ...batch, events: Array(18).fill(text(64)) }));
    refuses(Reason.MALFORMED, () => encodeBatch({ ...batch, events: [text(0)] }));
    refuses(Reason.MALFORMED, () => encodeBatch({ ...batch, events: [text(65)] }));
  });

  it("is read from the middle of a larger buffer", () => {
    const [{ hex, fields }] = load("input_batch");
    const padded = bytes(`ffff${hex}ff`);
    assert.equal(decodeBatch(padded.subarray(2, padded.length - 1)).first_seq, fields.first_seq);
  });
});

it("compares sequence numbers across the wrap", () => {
  assert.equal(seqDelta(1, 2 ** 32 - 1), 2);
  assert.equal(seqDelta(2 ** 32 - 1, 1), -2);
  assert.equal(seqDelta(2 ** 31, 0), -(2 ** 31));
});

describe("frame story", () => {
  for (const { name, hex, fields, reason } of load("frame_story")) {
    it(name, () => {
      if (reason !== undefined) {
        refuses(reason, () => decodeStory(bytes(hex)));
        return;
      }
      const story = decodeStory(bytes(hex));
      const read = { ...story, kind: nameOf(StoryKind, story.kind) };
      if (read.rgba !== undefined) read.rgba = Buffer.from(read.rgba).toString("hex");
      assert.deepEqual(read, fields);
      const encode = {
        CLOCK_REQUEST: encodeClockRequest, FRAME_REPORT: encodeFrameReport, DISPLAY: encodeDisplay,
      }[fields.kind];
      const { kind, ...values } = fields;
      if (encode) assert.equal(Buffer.from(encode(...Object.values(values))).toString("hex"), hex);
    });
  }

  it("refuses times that a page cannot hold", () => {
    refuses(Reason.MALFORMED, () => decodeStory(bytes("02ffffffffffffffff")));
  });
});

describe("session control", () => {
  for (const { name, side, text, fields, reason } of load("session_control")) {
    it(name, () => {
      const decode = side === "to_tab" ? decodeMessage : decodeFromTab;
      if (reason !== undefined) {
        refuses(reason, () => decode(text));
        return;
      }
      assert.deepEqual(decode(text), fields);
      if (side === "from_tab") assert.deepEqual(decode(encodeMessage(decode(text))), fields);
    });
  }
});

it("has every label of the states that the page shows", () => {
  assert.equal(SessionState.RUNNING, "running");
  assert.equal(PeerState.LOST, "lost");
  assert.equal(Role.SPECTATOR, "spectator");
});

describe("brokers of earlier versions", () => {
  for (let version = PROTOCOL_MIN; version < PROTOCOL_MAX; version += 1) {
    for (const [label, { example }] of Object.entries(load(`protocol_${version}`).to_tab)) {
      it(`are understood: ${label} of version ${version}`, () => {
        const read = decodeMessage(JSON.stringify(example));
        for (const [name, value] of Object.entries(example)) assert.deepEqual(read[name], value);
      });
    }
  }
});
