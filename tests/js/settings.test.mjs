import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { PLAIN_MAP } from "../../web_client/static/core/pad_map.js";
import { videoMaxBps } from "../../web_client/static/core/quality.js";
import {
  DEFAULT_SETTINGS, QUALITIES, readSettings, SETTINGS_VERSION, withEntry, writeSettings,
} from "../../web_client/static/core/settings.js";

const chosen = {
  volume: 0.25, muted: true, quality: "saver", figures: "dot", haptics: false,
  padMaps: new Map([["Pad (054c)", [1, 0, ...PLAIN_MAP.slice(2)]]]),
  touch: new Map([["duo", { mode: "pad", placings: { landscape: { a: { x: 0.8, y: 0.5, scale: 1.2 } }, portrait: {} } }]]),
};
const text = (body) => JSON.stringify({ version: SETTINGS_VERSION, ...body });

describe("settings", () => {
  it("come back as they were written", () => {
    assert.deepEqual(readSettings(writeSettings(chosen)), chosen);
    assert.deepEqual(readSettings(writeSettings(DEFAULT_SETTINGS)), DEFAULT_SETTINGS);
  });

  it("are the defaults where nothing, nonsense or another version was kept", () => {
    const other = JSON.stringify({ ...JSON.parse(writeSettings(chosen)), version: SETTINGS_VERSION + 1 });
    for (const kept of [null, "", "{", "null", "[]", "7", '"x"', "{}", other, `"${"x".repeat(70_000)}"`]) {
      assert.deepEqual(readSettings(kept), DEFAULT_SETTINGS);
    }
  });

  it("keep what is sound beside what is not", () => {
    const kept = readSettings(text({
      volume: 2, muted: "yes", quality: "8", figures: "constructor", haptics: null, pad_maps: [], touch: 3,
    }));
    assert.deepEqual(kept, { ...DEFAULT_SETTINGS, quality: "8" });
    assert.equal(readSettings(text({ volume: 0 })).volume, 0);
    for (const volume of [-0.1, 1.1, "1", NaN, null, {}]) assert.equal(readSettings(text({ volume })).volume, 1);
  });

  it("take no map or place that is out of bounds", () => {
    const bad = [[], [0], [...PLAIN_MAP, 17], PLAIN_MAP.map(() => 32), PLAIN_MAP.map(() => -1), PLAIN_MAP.map(() => 0.5)];
    for (const map of bad) assert.equal(readSettings(text({ pad_maps: { pad: map } })).padMaps.size, 0);
    const placings = { landscape: { a: { x: 2, y: 0, scale: 1 }, b: { x: 0.5, y: 0.5, scale: 99 }, evil: { x: 0, y: 0, scale: 1 }, x: { x: 0.1, y: 0.2, scale: 1 } } };
    const { touch } = readSettings(text({ touch: { duo: { mode: "voice", placings } } }));
    assert.deepEqual(touch.get("duo"), { mode: null, placings: { landscape: { x: { x: 0.1, y: 0.2, scale: 1 } }, portrait: {} } });
  });

  it("cannot reach the prototype", () => {
    const kept = readSettings(`{"version":${SETTINGS_VERSION},"touch":{"__proto__":{"mode":"pad"}},"__proto__":{"muted":true}}`);
    assert.equal(kept.muted, false);
    assert.equal({}.mode, undefined);
    assert.deepEqual(readSettings(writeSettings(kept)), kept);
  });

  it("do not grow without end", () => {
    let pads = new Map();
    for (let n = 0; n < 100; n += 1) pads = withEntry(pads, `pad ${n}`, PLAIN_MAP);
    assert.equal(pads.size, 16);
    assert.ok(pads.has("pad 99"));
    assert.equal(withEntry(pads, "pad 99", null).has("pad 99"), false);
    assert.equal(withEntry(pads, "x".repeat(500), PLAIN_MAP).size, 16);
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`t${n}`, { mode: "pad" }]));
    assert.equal(readSettings(text({ touch: many })).touch.size, 16);
  });
});

describe("quality", () => {
  it("has a bound within the wire's for every choice but the automatic one", () => {
    assert.equal(videoMaxBps("auto"), null);
    for (const quality of QUALITIES.slice(1)) assert.ok(videoMaxBps(quality) >= 1e6 && videoMaxBps(quality) <= 12e6);
  });
});
