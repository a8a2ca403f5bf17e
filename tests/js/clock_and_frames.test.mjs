import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ClockSync } from "../../web_client/static/core/clock_sync.js";
import { FrameLog, STAGES } from "../../web_client/static/core/frame_log.js";
import { linkFigures } from "../../web_client/static/core/link_figures.js";
import { FIRST_FRAME_MS, MediaWatch, SILENT_MS, UNDECODED_MS } from "../../web_client/static/core/media_watch.js";
import { Window } from "../../web_client/static/core/spread.js";
import { NO_INPUT_US, StoryKind } from "../../web_client/static/wire/constants.js";
import { seeded } from "./lossy_link.mjs";

describe("ClockSync", () => {
  it("finds the offset within half of the least round trip", () => {
    const random = seeded(7);
    const clock = new ClockSync();
    const trueOffsetUs = 123_456_789;
    for (let nowUs = 0; nowUs < 5e6; nowUs += 250_000) {
      const [out, back] = [1_000 + 20_000 * random(), 1_000 + 20_000 * random()];
      const there = nowUs + out + trueOffsetUs;
      clock.add(nowUs, there, there + 300, nowUs + out + 300 + back);
    }
    assert.ok(clock.roundTripUs < 20_000);
    assert.ok(Math.abs(clock.offsetUs - trueOffsetUs) <= clock.uncertaintyUs);
    assert.equal(clock.toPageUs(trueOffsetUs + 5 + (clock.offsetUs - trueOffsetUs)), 5);
  });

  it("trusts a short round trip over later long ones, for ten seconds", () => {
    const clock = new ClockSync();
    clock.add(0, 1_000, 1_000, 200);
    clock.add(1e6, 1e6 + 9_000, 1e6 + 9_000, 1e6 + 20_000);
    assert.equal(clock.offsetUs, 900);
    clock.add(11e6, 11e6 + 9_000, 11e6 + 9_000, 11e6 + 20_000);
    assert.equal(clock.roundTripUs, 20_000);
  });

  it("ignores answers that cannot be", () => {
    const clock = new ClockSync();
    clock.add(1_000, 0, 0, 500);
    clock.add(0, 10, 5, 20);
    clock.add(0, 0, 100, 50);
    assert.equal(clock.offsetUs, null);
    assert.equal(clock.toPageUs(1), null);
  });
});

const story = (values) => ({
  kind: StoryKind.FRAME, rtp_ts: 9_000, frame_id: 1, input_seq: 0, ack_seq: 0, size_bytes: 1_000, tick_us: 1_000_000,
  capture_dus: 1_000, encoded_dus: 6_000, sent_dus: 7_000, input_received_dus: NO_INPUT_US, keyframe: false, ...values,
});
const clocks = { toPageUs: (us) => us - 500_000, eventUs: (seq) => (seq === 7 ? 490_000 : null) };

describe("FrameLog", () => {
  it("splits the way from input to picture into stages that add up", () => {
    const log = new FrameLog(clocks);
    log.addStory(story({ input_seq: 7, input_received_dus: -4_000 }));
    log.addPresented({ rtpTs: 9_000, receivedMs: 509, presentedMs: 515 });
    const [frame] = log.shown;
    assert.deepEqual(frame.stages_ms, {
      tick_to_captured: 1, captured_to_encoded: 5, encoded_to_sent: 1, tick_to_photon: 15, sent_to_received: 2,
      received_to_presented: 6, input_to_worker: 6, worker_to_tick: 4, input_to_photon: 25, captured_to_sent: 6,
    });
    const stages = log.stages();
    const sum = STAGES.reduce((total, name) => total + stages[name].p50, 0);
    assert.equal(sum, stages.input_to_photon.p50);
  });

  it("joins a story that comes after its frame", () => {
    const log = new FrameLog(clocks);
    log.addPresented({ rtpTs: 9_000, receivedMs: null, presentedMs: 515 });
    assert.equal(log.shown.length, 0);
    log.addStory(story({}));
    assert.equal(log.shown.length, 1);
    assert.equal(log.shown[0].stages_ms.sent_to_received, undefined);
  });

  it("counts an input only with the first frame that shows it", () => {
    const log = new FrameLog(clocks);
    for (const [n, input_seq] of [7, 7, 6].entries()) {
      log.addStory(story({ rtp_ts: n, input_seq, input_received_dus: -1 }));
      log.addPresented({ rtpTs: n, receivedMs: 509, presentedMs: 515 });
    }
    assert.equal(log.stages().input_to_photon.count, 1);
    assert.equal(log.stages().tick_to_photon.count, 3);
  });

  it("keeps a bounded number of frames and stories that wait", () => {
    const log = new FrameLog(clocks);
    for (let n = 0; n < 1_000; n += 1) log.addStory(story({ rtp_ts: n }));
    log.addPresented({ rtpTs: 0, receivedMs: null, presentedMs: 1 });
    assert.equal(log.shown.length, 0);
    log.addPresented({ rtpTs: 999, receivedMs: null, presentedMs: 1 });
    assert.equal(log.shown.length, 1);
  });

  it("forgets what waits when another peer begins", () => {
    const log = new FrameLog(clocks);
    log.addStory(story({}));
    log.reset();
    log.addPresented({ rtpTs: 9_000, receivedMs: null, presentedMs: 1 });
    assert.equal(log.shown.length, 0);
  });
});

describe("Window", () => {
  it("gives percentiles of the last values only", () => {
    const window = new Window(100);
    for (let value = 1; value <= 150; value += 1) window.add(value);
    assert.deepEqual(window.spread(), { p50: 100, p95: 145, p99: 149, count: 100 });
    window.clear();
    assert.deepEqual(window.spread(), { p50: 0, p95: 0, p99: 0, count: 0 });
  });
});

describe("MediaWatch", () => {
  it("gives a peer up that never shows a frame", () => {
    const watch = new MediaWatch(0);
    watch.heard(FIRST_FRAME_MS, false);
    assert.ok(!watch.isLost(FIRST_FRAME_MS));
    assert.ok(watch.isLost(FIRST_FRAME_MS + 1));
  });

  it("keeps a peer whose title draws nothing new, while the worker answers", () => {
    const watch = new MediaWatch(0);
    watch.decoded(100, 10);
    for (let nowMs = 250; nowMs < 60_000; nowMs += 250) {
      watch.heard(nowMs, false);
      assert.ok(!watch.isLost(nowMs));
    }
    assert.equal(watch.silentMs(60_100), 60_000);
  });

  it("gives a peer up that fell silent", () => {
    const watch = new MediaWatch(0);
    watch.decoded(100, 10);
    assert.ok(!watch.isLost(100 + SILENT_MS));
    assert.ok(watch.isLost(101 + SILENT_MS));
  });

  it("gives a peer up whose frames are told of but not decoded", () => {
    const watch = new MediaWatch(0);
    watch.decoded(100, 10);
    for (let nowMs = 116; nowMs < 116 + UNDECODED_MS; nowMs += 16) {
      watch.heard(nowMs, true);
      assert.ok(!watch.isLost(nowMs));
    }
    watch.heard(120 + UNDECODED_MS, true);
    assert.ok(watch.isLost(120 + UNDECODED_MS));
    watch.decoded(120 + UNDECODED_MS, 11);
    assert.ok(!watch.isLost(120 + UNDECODED_MS));
  });
});

describe("linkFigures", () => {
  const report = (video) => new Map([
    ["v", { type: "inbound-rtp", kind: "video", ssrc: 1, codecId: "c", frameWidth: 1280, frameHeight: 720, ...video }],
    ["c", { type: "codec", mimeType: "video/H264" }],
    ["p", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.004 }],
  ]);
  const before = report({
    timestamp: 1_000, framesDecoded: 60, bytesReceived: 0, packetsReceived: 0, packetsLost: 0, jitterBufferDelay: 0,
    jitterBufferEmittedCount: 0, totalDecodeTime: 0,
  });
  const after = report({
    timestamp: 2_000, framesDecoded: 120, bytesReceived: 1e6, packetsReceived: 99, packetsLost: 1,
    jitterBufferDelay: 0.06, jitterBufferEmittedCount: 60, totalDecodeTime: 0.12,
  });

  it("reads rates from two reports", () => {
    const { fps, bitrate_bps, loss_share, jitter_buffer_ms, decode_ms, codec, rtt_ms } = linkFigures(after, before);
    assert.deepEqual(
      { fps, bitrate_bps, loss_share, jitter_buffer_ms, decode_ms, codec, rtt_ms },
      { fps: 60, bitrate_bps: 8e6, loss_share: 0.01, jitter_buffer_ms: 1, decode_ms: 2, codec: "H264", rtt_ms: 4 },
    );
  });

  it("tells which share of the frames was decoded, if it can", () => {
    const share = (received, decoded, since = before) => linkFigures(
      report({ timestamp: 2_000, framesReceived: received, framesDecoded: 60 + decoded }), since,
    ).decoded_share;
    assert.deepEqual([share(60, 45), share(60, 61), share(60, 0)], [0.75, 1, 0]);
    assert.deepEqual([share(3, 0), share(undefined, 60), share(60, 60, null)], [null, null, null]);
  });

  it("says by which way the worker is reached, of the pair that is used", () => {
    const pairs = (kind, ...rest) => new Map([
      ...after,
      ["p", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.004, remoteCandidateId: "far" }],
      ["q", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.009, remoteCandidateId: "near" }],
      ["far", { type: "remote-candidate", candidateType: kind }],
      ["near", { type: "remote-candidate", candidateType: "host" }],
      ...rest,
    ]);
    const kinds = ["host", "srflx", "prflx", "relay", "pigeon"];
    assert.deepEqual(kinds.map((kind) => linkFigures(pairs(kind), before).route), ["direct", "nat", "nat", "relay", null]);
    const chosen = linkFigures(pairs("relay", ["t", { type: "transport", selectedCandidatePairId: "q" }]), before);
    assert.deepEqual([chosen.route, chosen.rtt_ms], ["direct", 9]);
    assert.equal(linkFigures(new Map([["v", after.get("v")]]), before).route, null);
  });

  it("has no rates from one report, nor across streams, and nothing without video", () => {
    assert.equal(linkFigures(after, null).fps, 0);
    assert.equal(linkFigures(report({ timestamp: 3_000, ssrc: 2, framesDecoded: 5 }), after).fps, 0);
    assert.equal(linkFigures(new Map(), null), null);
  });
});
