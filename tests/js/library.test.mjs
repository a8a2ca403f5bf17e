import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { fallbackArt } from "../../web_client/static/core/fallback_art.js";
import { arranged, canPlay, fits, NO_FILTER, playsWith, spotlightOf } from "../../web_client/static/core/library.js";
import { ago } from "../../web_client/static/core/relative_time.js";
import { legendOf, textOf } from "../../web_client/static/core/title_texts.js";
import { sessionWords } from "../../web_client/static/library/title_words.js";

const title = (id, changes = {}) => ({
  id, version: "1.0.0", kind: "pygame", names: { en: id }, summary: {}, artwork_url: null,
  picture: { width: 640, height: 360, fps: 60 }, players: { min: 1, max: 1 }, devices: ["keyboard"], controls: [],
  touch: { mode: "pointer", controls: [] }, needs: { memory_mib: 64, memory_met: true, gpu: false, gpu_met: true },
  availability: { can_start: true, reason: null }, session: null, last_played_ms: null, ...changes,
});
const shown = (titles, filter) => titles.filter((each) => fits(each, { ...NO_FILTER, ...filter })).map(({ id }) => id);

describe("search and filters", () => {
  const titles = [
    title("duel", { players: { min: 2, max: 2 }, devices: ["keyboard", "pad"], names: { en: "Orbit Duel", zh: "环轨对决" } }),
    title("solo", { devices: ["mouse"], summary: { en: "Élan vital, fast" } }),
    title("party", { players: { min: 1, max: 4 }, devices: ["touch"] }),
  ];

  it("find words in every language, without accents, case or order", () => {
    assert.deepEqual(shown(titles, { query: "  DUEL orbit " }), ["duel"]);
    assert.deepEqual(shown(titles, { query: "对决" }), ["duel"]);
    assert.deepEqual(shown(titles, { query: "elan" }), ["solo"]);
    assert.deepEqual(shown(titles, { query: "orbit solo" }), []);
    assert.deepEqual(shown(titles, { query: ".*" }), []);
    assert.equal(shown(titles, {}).length, 3);
  });

  it("ask whether one alone, or two can play", () => {
    assert.deepEqual(shown(titles, { players: "one" }), ["solo", "party"]);
    assert.deepEqual(shown(titles, { players: "many" }), ["duel", "party"]);
  });

  it("take any of the devices, a mouse with the keyboard", () => {
    assert.deepEqual(shown(titles, { devices: ["keyboard"] }), ["duel", "solo"]);
    assert.deepEqual(shown(titles, { devices: ["touch", "pad"] }), ["duel", "party"]);
    assert.deepEqual(shown(titles, { devices: ["touch"], players: "one", query: "party" }), ["party"]);
    assert.ok(playsWith(titles[1], "keyboard") && !playsWith(titles[1], "touch"));
  });
});

describe("the order", () => {
  const running = title("running", { session: { session_id: "s", state: "running" }, last_played_ms: 1 });
  const queued = title("queued", { session: { session_id: "q", state: "queued" } });
  const recent = title("recent", { last_played_ms: 9 });
  const old = title("old", { last_played_ms: 5 });
  const broken = title("broken", { availability: { can_start: false, reason: "no_gpu" } });
  const fresh = title("fresh");

  it("has what runs first, then what was played last, then the catalogue's", () => {
    const catalogue = [broken, fresh, old, queued, running, recent];
    assert.deepEqual(arranged(catalogue).map(({ id }) => id), ["running", "queued", "recent", "old", "broken", "fresh"]);
    assert.equal(catalogue[0], broken, "the catalogue itself stays as it is");
  });

  it("puts on top what can be gone on with, was played, or can start", () => {
    assert.deepEqual(spotlightOf([fresh, recent, running]), { title: running, why: "continue" });
    assert.deepEqual(spotlightOf([fresh, old, recent]), { title: recent, why: "again" });
    assert.deepEqual(spotlightOf([broken, fresh]), { title: fresh, why: "new" });
    assert.deepEqual(spotlightOf([broken]), { title: broken, why: "new" });
    assert.equal(spotlightOf([]), null);
  });

  it("plays what can start, what runs, and what waits its turn", () => {
    const unready = (reason) => title("x", { availability: { can_start: false, reason } });
    assert.ok(canPlay(fresh) && canPlay(unready("no_room")));
    assert.ok(!canPlay(broken) && !canPlay(unready("no_node")));
    assert.ok(canPlay({ ...broken, session: running.session }));
  });
});

describe("the words for a session", () => {
  it("say whether it waits, stands still or runs", () => {
    const states = ["queued", "placing", "starting", "running", "paused"];
    assert.deepEqual(states.map((state) => sessionWords(state).replace("library.", "")),
      ["queued", "running", "running", "running", "paused"]);
  });
});

describe("the legend", () => {
  const controls = [
    { action: { en: "Move", zh: "移动" }, by_device: { keyboard: { en: "Arrows" }, pad: { en: "Stick", zh: "摇杆" } } },
    { action: { en: "Aim" }, by_device: { mouse: { en: "Point" } } },
  ];
  const game = title("game", { controls, devices: ["pad", "touch", "keyboard", "mouse"] });

  it("has the visitor's own device first, the mouse beside the keyboard", () => {
    const order = (here) => legendOf(game, "en", here).map(({ device, yours }) => device + (yours ? "!" : ""));
    assert.deepEqual(order("keyboard"), ["keyboard!", "mouse!", "pad", "touch"]);
    assert.deepEqual(order("touch"), ["touch!", "pad", "keyboard", "mouse"]);
  });

  it("speaks the page's language where the title does", () => {
    const [pad, , keyboard] = legendOf(game, "zh", "pad");
    assert.deepEqual(pad.lines, [{ action: "移动", use: "摇杆" }]);
    assert.deepEqual(keyboard.lines, [{ action: "移动", use: "Arrows" }]);
    assert.equal(textOf({ de: "nur" }, "zh"), "nur");
    assert.equal(textOf({}, "zh"), "");
  });
});

describe("how long ago", () => {
  const MINUTE = 60_000;
  const cases = [
    [0, null], [-5 * MINUTE, null], [MINUTE - 1, null], [MINUTE, [-1, "minute"]], [59.9 * MINUTE, [-59, "minute"]],
    [60 * MINUTE, [-1, "hour"]], [25 * 60 * MINUTE, [-1, "day"]], [8 * 24 * 60 * MINUTE, [-1, "week"]],
    [70 * 24 * 60 * MINUTE, [-2, "month"]], [800 * 24 * 60 * MINUTE, [-2, "year"]],
  ];
  for (const [elapsed, expected] of cases) {
    it(`says ${expected} for ${elapsed} ms`, () => {
      const found = ago(elapsed);
      assert.deepEqual(found && [found.value, found.unit], expected);
    });
  }
});

describe("art for a title without artwork", () => {
  it("is the same for the same id and differs between ids", () => {
    assert.deepEqual(fallbackArt("duel"), fallbackArt("duel"));
    const ids = Array.from({ length: 50 }, (_, n) => `title-${n}`);
    assert.equal(new Set(ids.map((id) => JSON.stringify(fallbackArt(id)))).size, ids.length);
  });

  it("stays inside its frame", () => {
    for (const { points } of fallbackArt("").ridges) {
      for (const pair of points.split(" ")) {
        const [x, y] = pair.split(",").map(Number);
        assert.ok(x >= 0 && x <= 320 && y >= 0 && y <= 180, pair);
      }
    }
  });
});
