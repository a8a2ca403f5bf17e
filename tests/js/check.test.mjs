import assert from "node:assert/strict";
import { describe, it } from "node:test";

import {
  canTry, judgeCodecs, judgeDelay, judgeFeatures, judgePads, judgeSound, judgeUdp, LEGS, reportText, summarise, untried,
} from "../../web_client/static/core/check_legs.js";
import { checkAnswer } from "../../web_client/static/core/check_sdp.js";
import { delayOf, RoundTrips } from "../../web_client/static/core/round_trips.js";
import { reportedDelays } from "../../web_client/static/core/reported_delays.js";
import { LANGUAGES, wordsOf } from "../../web_client/static/strings/words.js";

const NODE = { node_id: "node_x", hosts: ["127.0.0.1", "::1"], port: 40000, ufrag: "abcdEFGH", password: "p".repeat(32) };
const results = (states) => LEGS.map(([leg]) => ({ leg, state: states[leg] ?? "ok", finding: null }));

describe("legs", () => {
  it("are tried only after those that they need", () => {
    assert.equal(canTry("http", untried()), true);
    assert.equal(canTry("udp", untried()), false);
    assert.equal(canTry("udp", results({})), true);
    assert.equal(canTry("udp", results({ sign_in: "fails" })), false);
    assert.equal(canTry("delay", results({ udp: "note" })), true);
    for (const [index, [leg, needs]] of LEGS.entries()) {
      const before = LEGS.slice(0, index).map(([name]) => name);
      assert.ok(needs.every((name) => before.includes(name)), leg);
    }
  });

  it("have words for every state and leg in every language", () => {
    for (const words of Object.values(LANGUAGES)) {
      for (const [leg] of LEGS) assert.ok(words[`check.leg.${leg}`] && words[`check.about.${leg}`], leg);
      for (const state of ["running", "skipped", "ok", "note", "fails"]) assert.ok(words[`check.state.${state}`], state);
      for (const state of ["running", "ok", "note", "fails"]) assert.ok(words[`check.summary.${state}`], state);
    }
  });

  it("name the first that fails, and nothing before all are tried", () => {
    assert.deepEqual(summarise(results({})), { state: "ok", leg: null });
    assert.deepEqual(summarise(results({ sound: "note" })), { state: "note", leg: null });
    assert.deepEqual(summarise(results({ features: "waiting", sound: "note" })), { state: "running", leg: null });
    assert.deepEqual(summarise(results({ udp: "fails", delay: "skipped", features: "waiting" })), { state: "fails", leg: "udp" });
  });

  it("come out as text that names each", () => {
    const some = results({ udp: "fails" });
    some.find((each) => each.leg === "udp").finding = judgeUdp(1, 1, 0);
    const text = reportText(some, ["http://here"], wordsOf("en"));
    assert.equal(text.split("\n").length, 2 + LEGS.length);
    assert.match(text, /^Farplay\nhttp:\/\/here\n\[ok\] Server$/m);
    assert.match(text, /\[fails\] UDP to the game's machine: No answer comes over UDP\./);
  });
});

describe("verdicts", () => {
  it("on codecs", () => {
    assert.equal(judgeCodecs(["h264", "VP8"]).words, "check.codecs.ok");
    assert.equal(judgeCodecs(["H264"]).verdict, "ok");
    assert.equal(judgeCodecs(["VP8", "AV1"]).verdict, "note");
    assert.equal(judgeCodecs(["VP9"]).verdict, "fails");
  });

  it("on UDP tell a missing machine, a missing port and a closed way apart", () => {
    assert.deepEqual([judgeUdp(0, 0, 0).words, judgeUdp(0, 0, 0).verdict], ["check.udp.no_node", "fails"]);
    assert.deepEqual([judgeUdp(1, 0, 0).words, judgeUdp(1, 0, 0).verdict], ["check.udp.no_port", "note"]);
    assert.deepEqual([judgeUdp(1, 1, 0).words, judgeUdp(1, 1, 0).verdict], ["check.udp.blocked", "fails"]);
    assert.equal(judgeUdp(2, 2, 1).verdict, "note");
    assert.equal(judgeUdp(2, 2, 2).verdict, "ok");
  });

  it("on delay, sound, pads and features", () => {
    assert.equal(judgeDelay([]).words, "check.delay.unknown");
    assert.deepEqual([judgeDelay([1]).words, judgeDelay([1]).verdict], ["check.delay.once", "ok"]);
    assert.deepEqual(judgeDelay([1, 2, 1]).values, { rtt: "1.0", jitter: "1.0" });
    assert.equal(judgeDelay([80, 80, 80]).advice, "check.delay.far_advice");
    assert.equal(judgeDelay([5, 40, 5, 40]).advice, "check.delay.jitter_advice");
    assert.deepEqual(
      [judgeSound(null, true), judgeSound("running", false), judgeSound("suspended", false), judgeSound("suspended", true)]
        .map((each) => each.verdict),
      ["fails", "ok", "ok", "note"],
    );
    assert.deepEqual([null, 0, 2].map((pads) => judgePads(pads).words), ["check.gamepad.none", "check.gamepad.ok", "check.gamepad.seen"]);
    assert.equal(judgeFeatures(true, []).verdict, "ok");
    assert.equal(judgeFeatures(true, ["wake lock"]).words, "check.features.missing");
    assert.equal(judgeFeatures(false, ["wake lock"]).verdict, "note");
    assert.match(wordsOf("en")("check.features.insecure", judgeFeatures(false, ["a", "b"]).values), /a, b/);
  });
});

describe("round trips", () => {
  const report = (responsesReceived, totalRoundTripTime, nominated = true) =>
    new Map([["t", { type: "transport" }], ["p", { type: "candidate-pair", nominated, responsesReceived, totalRoundTripTime }]]);

  it("are the differences between readings", () => {
    const trips = new RoundTrips();
    for (const [count, totalS] of [[3, 0.03], [3, 0.03], [4, 0.05], [6, 0.06]]) trips.take(report(count, totalS));
    trips.take(report(9, 9, false));
    assert.deepEqual(trips.samples.map((ms) => Math.round(ms)), [10, 20, 5]);
  });

  it("give a median and a jitter that one stall does not move", () => {
    assert.equal(delayOf([]), null);
    assert.deepEqual(delayOf([7]), { rtt_ms: 7, jitter_ms: 0 });
    assert.deepEqual(delayOf([1, 1, 2, 1, 90, 1, 1, 1, 1, 1]), { rtt_ms: 1, jitter_ms: 1 });
    assert.equal(delayOf([1, 30, 1, 30]).jitter_ms, 29);
  });
});

describe("the answer for a check port", () => {
  it("takes the offer's mid and names every address", () => {
    const sdp = checkAnswer("v=0\r\nm=application 9 x y\r\na=mid:data\r\n", NODE);
    assert.match(sdp, /\r\na=group:BUNDLE data\r\n/);
    assert.match(sdp, /\r\na=candidate:1 1 udp 2130706431 127\.0\.0\.1 40000 typ host\r\na=candidate:2 1 udp 2130706175 ::1 40000/);
    assert.ok(sdp.includes("\r\na=ice-lite\r\n") && sdp.endsWith("\r\n"));
  });

  it("refuses what could smuggle lines in", () => {
    for (const bad of [{ hosts: ["1.2.3.4\r\na=x"] }, { hosts: ["example.org"] }, { ufrag: "a b" }, { password: "x\ny" }]) {
      assert.throws(() => checkAnswer("", { ...NODE, ...bad }), TypeError);
    }
  });
});

describe("reported delays", () => {
  it("stay within the message's bounds", () => {
    assert.deepEqual(reportedDelays(undefined, null), { input_ms_p50: null, input_ms_p95: null, rtt_ms: null });
    assert.deepEqual(reportedDelays({ p50: 0, p95: 0, p99: 0, count: 0 }, -0.2), { input_ms_p50: null, input_ms_p95: null, rtt_ms: 0 });
    const wild = reportedDelays({ p50: 21.26, p95: 1e9, p99: 1e9, count: 3 }, NaN);
    assert.deepEqual(wild, { input_ms_p50: 21.3, input_ms_p95: 60000, rtt_ms: 60000 });
  });
});
