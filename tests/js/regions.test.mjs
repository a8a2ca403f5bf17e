import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";

import { judgeRegions } from "../../web_client/static/core/check_legs.js";
import {
  FRESH_MS, HOLDS_MS, readTimes, REQUESTS, roundTripsOf, staleOf, withSamples, writeTimes,
} from "../../web_client/static/core/region_times.js";
import { RegionProbe } from "../../web_client/static/io/region_probe.js";
import { LANGUAGES } from "../../web_client/static/strings/words.js";
import { REGIONS_MAX } from "../../web_client/static/wire/constants.js";

const EU = { name: "eu", url: "https://eu/healthz" };
const US = { name: "us", url: "https://us/healthz" };
const NOW = 1_000_000_000;
const times = (entries) => new Map(Object.entries(entries).map(([name, [ms, at_ms]]) => [name, { ms, at_ms }]));

describe("what is known of regions", () => {
  it("comes back as it was kept", () => {
    const known = times({ eu: [20.5, NOW], us: [110, NOW - 5] });
    assert.deepEqual(readTimes(writeTimes(known)), known);
  });

  it("is nothing where nothing, nonsense or something out of bounds was kept", () => {
    const bad = [
      null, "", "{", "null", "[]", "7", '"eu"', '{"eu":null}', '{"eu":7}', '{"eu":{"ms":-1,"at_ms":1}}', '{"eu":{"ms":1e9,"at_ms":1}}',
      '{"eu":{"ms":"1","at_ms":1}}', '{"eu":{"ms":1}}', '{"__proto__":{"ms":1,"at_ms":1}}', `{"${"x".repeat(33)}":{"ms":1,"at_ms":1}}`,
      `{"eu":{"ms":1,"at_ms":1}}${" ".repeat(20_000)}`,
    ];
    for (const text of bad) assert.equal(readTimes(text).size, 0, String(text).slice(0, 60));
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`r${n}`, { ms: 1, at_ms: 1 }]));
    assert.equal(readTimes(JSON.stringify(many)).size, REGIONS_MAX);
  });

  it("is measured again after a while, is said for longer, and never from the future", () => {
    const known = times({ eu: [20, NOW - FRESH_MS + 1], us: [110, NOW - FRESH_MS] });
    assert.deepEqual(staleOf([EU, US], known, NOW), [US]);
    assert.deepEqual(roundTripsOf(known, NOW), { eu: 20, us: 110 });
    const old = times({ eu: [20, NOW - HOLDS_MS], us: [110, NOW + 1] });
    assert.deepEqual(roundTripsOf(old, NOW), {});
    assert.deepEqual(staleOf([EU, US], old, NOW), [EU, US]);
  });

  it("is the median of all requests but the first; who does not answer, or is not there any more, is not known", () => {
    const samples = new Map([["eu", [300, 20, 90, 24]], ["us", []]]);
    const known = times({ us: [110, NOW - 5], old: [1, NOW - 5] });
    assert.deepEqual(withSamples([EU, US], known, samples, NOW), times({ eu: [24, NOW] }));
    assert.deepEqual(withSamples([EU, US], known, new Map(), NOW), times({ us: [110, NOW - 5] }));
  });
});

describe("the check's words on regions", () => {
  it("say what answered, nearest first, and what did not", () => {
    assert.equal(judgeRegions([], {}).words, "check.regions.one");
    const all = judgeRegions(["us", "eu"], { us: 110.4, eu: 20 });
    assert.deepEqual([all.verdict, all.values?.times], ["ok", "eu 20 ms, us 110 ms"]);
    const some = judgeRegions(["us", "eu"], { us: 110.4 });
    assert.deepEqual([some.verdict, some.values?.silent], ["note", "eu"]);
    assert.equal(judgeRegions(["us"], {}).verdict, "note");
  });

  it("are there in every language", () => {
    for (const words of Object.values(LANGUAGES)) {
      for (const key of ["ok", "one", "some", "silent", "advice"]) assert.ok(words[`check.regions.${key}`], key);
    }
  });
});

describe("the probe", () => {
  const { fetch: realFetch } = globalThis;
  const realStorage = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  /** @type {Map<string, string>} */
  let kept;
  /** @type {string[]} */
  let asked;
  /** @type {Record<string, () => Promise<Response>>} */
  let answers;

  beforeEach(() => {
    kept = new Map();
    asked = [];
    answers = {
      "/api/v1/regions": async () => Response.json({ regions: [EU, US] }),
      [EU.url]: async () => new Response("ok"),
      [US.url]: async () => new Response("ok"),
    };
    const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => void kept.set(key, text) };
    Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });
    globalThis.fetch = async (url, init) => {
      asked.push(String(url));
      if (String(url).startsWith("https:")) assert.equal(init?.credentials, "omit", "no cookie leaves for a region");
      return answers[String(url)]();
    };
  });

  afterEach(() => {
    globalThis.fetch = realFetch;
    if (realStorage === undefined) delete globalThis.localStorage;
    else Object.defineProperty(globalThis, "localStorage", realStorage);
  });

  it("asks each region a few times, keeps what it found for other pages, and does not ask again soon", async () => {
    const probe = new RegionProbe(() => NOW);
    assert.deepEqual(probe.roundTripsMs, {}, "at once, and nothing is known yet");
    assert.deepEqual(await probe.measure(), [EU, US]);
    assert.deepEqual(Object.keys(probe.roundTripsMs), ["eu", "us"]);
    assert.equal(asked.filter((url) => url === EU.url).length, REQUESTS);
    asked.length = 0;
    const next = new RegionProbe(() => NOW + 1000);
    assert.deepEqual(next.roundTripsMs, probe.roundTripsMs);
    await next.measure();
    assert.deepEqual(asked, ["/api/v1/regions"]);
    await next.measure(true);
    assert.equal(asked.filter((url) => url === US.url).length, REQUESTS);
  });

  it("leaves out a region that fails, and forgets nothing while the server does not answer", async () => {
    answers[US.url] = async () => new Response("", { status: 503 });
    const probe = new RegionProbe(() => NOW);
    await probe.measure();
    assert.deepEqual(Object.keys(probe.roundTripsMs), ["eu"]);
    for (const fault of [async () => { throw new TypeError("offline"); }, async () => new Response("", { status: 401 })]) {
      answers["/api/v1/regions"] = fault;
      assert.deepEqual(await probe.measure(true), []);
      assert.deepEqual(Object.keys(probe.roundTripsMs), ["eu"]);
    }
  });

  it("works where nothing can be kept", async () => {
    const broken = () => { throw new Error("turned off"); };
    Object.defineProperty(globalThis, "localStorage", { value: { getItem: broken, setItem: broken }, configurable: true });
    const probe = new RegionProbe(() => NOW);
    await probe.measure();
    assert.deepEqual(Object.keys(probe.roundTripsMs), ["eu", "us"]);
  });
});
