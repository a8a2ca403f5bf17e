import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { DisplayPhase } from "../../web_client/static/core/display_phase.js";

/** Numbers that look random and are the same every time. @param {number} seed */
function noise(seed) {
  let state = seed;
  return () => ((state = (state * 48_271) % 2_147_483_647), state / 2_147_483_647);
}

/**
 * A display and a title that does what the page asks, a hundredth of its period at a time.
 * @param {{fps: number, hz: number, startMs: number, jitterMs: number, obeys?: boolean, seconds?: number}} world
 * @returns {{waits: number[], asked: number[]}} What each frame of the last two seconds waited, and all wishes.
 */
function play({ fps, hz, startMs, jitterMs, obeys = true, seconds = 20 }) {
  const phase = new DisplayPhase();
  const random = noise(7);
  const [frameMs, refreshEveryMs] = [1000 / fps, 1000 / hz];
  let [tickMs, owedMs] = [startMs, 0];
  const waits = [];
  const asked = [];
  for (let frame = 0; frame < seconds * fps; frame++) {
    const stepMs = Math.max(-frameMs / 100, Math.min(owedMs, frameMs / 100));
    owedMs -= stepMs;
    tickMs += frameMs + stepMs;
    const readyMs = tickMs + random() * jitterMs;
    const refreshMs = Math.ceil(readyMs / refreshEveryMs) * refreshEveryMs;
    waits.push(refreshMs - readyMs);
    const laterMs = phase.add({ readyMs, refreshMs });
    if (laterMs !== null) {
      asked.push(laterMs);
      if (obeys) owedMs += laterMs;
    }
  }
  return { waits: waits.slice(-2 * fps), asked };
}

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("step with the display", () => {
  for (const startMs of [0.1, 3, 8, 12, 16.5]) {
    it(`brings frames that begin ${startMs} ms after a refresh to just before one`, () => {
      const { waits, asked } = play({ fps: 60, hz: 60, startMs, jitterMs: 2 });
      assert.ok(mean(waits) < 3.5, `${mean(waits)}`);
      assert.ok(waits.filter((ms) => ms > 10).length < waits.length / 50);
      assert.ok(asked.length <= 3, `${asked}`);
      assert.ok(asked.every((ms) => Math.abs(ms) <= 8.4));
    });
  }

  it("keeps further away where frames come less regularly", () => {
    const calm = mean(play({ fps: 60, hz: 60, startMs: 5, jitterMs: 1 }).waits);
    const rough = play({ fps: 60, hz: 60, startMs: 5, jitterMs: 6 });
    assert.ok(mean(rough.waits) > calm + 1);
    assert.ok(rough.waits.filter((ms) => ms > 12).length < rough.waits.length / 10);
  });

  it("follows a display that is a little slower than its name", () => {
    const { waits, asked } = play({ fps: 60, hz: 59.99, startMs: 4, jitterMs: 1, seconds: 60 });
    assert.ok(mean(waits) < 4);
    assert.ok(asked.length > 3);
  });

  it("serves slow titles and fast displays", () => {
    assert.ok(mean(play({ fps: 30, hz: 60, startMs: 9, jitterMs: 1, seconds: 40 }).waits) < 4);
    assert.ok(mean(play({ fps: 60, hz: 120, startMs: 3, jitterMs: 1 }).waits) < 4);
  });

  it("asks for nothing where there is nothing to be in step with", () => {
    assert.deepEqual(play({ fps: 50, hz: 60, startMs: 4, jitterMs: 1 }).asked, []);
    assert.deepEqual(play({ fps: 60, hz: 60, startMs: 4, jitterMs: 16 }).asked, []);
  });

  it("gives up on a title that keeps its own time", () => {
    const { asked } = play({ fps: 60, hz: 60, startMs: 4, jitterMs: 1, obeys: false, seconds: 60 });
    assert.ok(asked.length >= 1 && asked.length <= 3, `${asked}`);
  });

  it("outlives times that make no sense", () => {
    const phase = new DisplayPhase();
    for (let frame = 0; frame < 500; frame++) {
      const value = [NaN, 0, -1, Infinity, 1e300][frame % 5] ?? 0;
      assert.equal(phase.add({ readyMs: value, refreshMs: value }), null);
    }
  });
});
