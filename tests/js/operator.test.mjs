import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bytesText, msText, nameIn, rateText, shortId, spanText } from "../../web_client/static/core/operator_format.js";
import { statesText, troubleLines, TROUBLES_SHOWN } from "../../web_client/static/core/pool_words.js";
import { totalsOf, TREND_LENGTH, Trends } from "../../web_client/static/core/operator_totals.js";
import { LANGUAGES, wordsOf } from "../../web_client/static/strings/words.js";
import { SessionState } from "../../web_client/static/wire/constants.js";

const words = wordsOf("en");
const session = (session_id, state, p50, sent_bps = 0) => ({
  session_id, state,
  delays: p50 === null ? null : { input_ms_p50: p50, input_ms_p95: p50, rtt_ms: 1 },
  figures: sent_bps === 0 ? null : { sent_bps },
});

describe("figures in words", () => {
  it("uses the largest sensible unit", () => {
    const spans = [-5, 0.4, 89, 91, 3600, 5500, 40 * 3600, 9 * 86400].map((s) => spanText(s, words));
    assert.deepEqual(spans, ["0 s", "0 s", "89 s", "2 min", "60 min", "2 h", "2 d", "9 d"]);
    assert.deepEqual([0, 999_400, 8_000_000].map(rateText), ["0 kbit/s", "999 kbit/s", "8.0 Mbit/s"]);
    assert.deepEqual([0, 3 * 2 ** 30].map(bytesText), ["0 MiB", "3.0 GiB"]);
    assert.deepEqual([null, undefined, 0, 24.55, 152.3].map(msText), ["–", "–", "0.0", "24.6", "152"]);
  });

  it("names things", () => {
    assert.equal(shortId("plr_abcdefghijkl"), "abcdefgh");
    assert.equal(nameIn({ en: "Duel", zh: "对决" }, "zh", "duel"), "对决");
    assert.equal(nameIn({ en: "Duel" }, "zh", "duel"), "Duel");
    assert.equal(nameIn({}, "zh", "duel"), "duel");
  });

  it("has words for every state of a session", () => {
    for (const texts of Object.values(LANGUAGES)) {
      for (const state of Object.values(SessionState)) assert.ok(texts[`operator.state.${state}`], state);
    }
  });
});

describe("totals", () => {
  it("count only machines that are here", () => {
    const node = { connected: true, state: "ready", slots: 4, slots_used: 1 };
    const totals = totalsOf({
      nodes: [node, { ...node, connected: false }, { ...node, state: "lost" }], nodes_known: 3,
      sessions: [session("a", "running", 30, 1e6), session("b", "queued", null), session("c", "running", 10, 2e6)],
      sessions_live: 3, ended: [],
    });
    assert.deepEqual(totals, {
      sessions: 3, waiting: 1, slots: 4, slots_used: 1, nodes_ready: 1, nodes: 3, delay_ms: 30, delays: 2, sent_bps: 3e6,
    });
    assert.equal(totalsOf({ nodes: [], nodes_known: 0, sessions: [], sessions_live: 0, ended: [] }).delay_ms, null);
  });
});

describe("pools", () => {
  const node = (name, trouble = null, said = "") => ({ name, trouble, words: said });
  const pool = (changes) => ({ states: {}, trouble: "", nodes: [], ...changes });

  it("count their machines in the order of their lives", () => {
    assert.equal(statesText(pool({ states: { ending: 1, starting: 2, ready: 3 } }), words), "3 ready · 2 starting · 1 ending");
    assert.equal(statesText(pool({}), words), "none");
  });

  it("say what is wrong, the pool's own trouble first, in a few lines", () => {
    const full = node("l4-a", "no_room", "2 Insufficient nvidia.com/gpu.");
    assert.deepEqual(troubleLines(pool({ nodes: [full, node("l4-b"), node("l4-c", "ended")] }), words), [
      "l4-a: no room for it (2 Insufficient nvidia.com/gpu.)", "l4-c: it ended",
    ]);
    const many = troubleLines(pool({ trouble: "HTTP 403", nodes: Array.from({ length: 9 }, () => full) }), words);
    assert.deepEqual([many.length, many[0], many.at(-1)], [TROUBLES_SHOWN + 1, "HTTP 403", "7 more are not shown."]);
    assert.deepEqual(troubleLines(pool({}), words), []);
  });

  it("have words for all that the server may say", () => {
    for (const texts of Object.values(LANGUAGES)) {
      for (const state of ["starting", "ready", "away", "draining", "ending"]) assert.ok(texts[`operator.pool.${state}`], state);
      for (const trouble of ["no_room", "image", "config", "evicted", "lost", "crashed", "ended"]) {
        assert.ok(texts[`operator.trouble.${trouble}`], trouble);
      }
    }
  });
});

describe("trends", () => {
  const box = { width: 10, height: 10, least: 50 };

  it("need two values and stay in their box", () => {
    const trends = new Trends();
    trends.add([session("a", "running", 25)]);
    assert.equal(trends.points("a", box), "");
    trends.add([session("a", "running", 100)]);
    assert.equal(trends.points("a", box), "0.0,7.5 10.0,0.0");
    trends.add([session("a", "running", null)]);
    assert.equal(trends.points("a", box), "0.0,7.5 10.0,0.0");
  });

  it("are bounded and end with their session", () => {
    const trends = new Trends();
    for (let n = 0; n < TREND_LENGTH + 50; n += 1) trends.add([session("a", "running", 1)]);
    assert.equal(trends.points("a", box).split(" ").length, TREND_LENGTH);
    trends.add([]);
    assert.equal(trends.points("a", box), "");
  });
});
