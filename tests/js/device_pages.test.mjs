import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { describe, it } from "node:test";

import { countdown, qrPath, seenWords, shapeOf } from "../../web_client/static/core/device_list.js";
import { lostFeatures } from "../../web_client/static/core/lost_features.js";
import { platformOf } from "../../web_client/static/core/platform.js";
import { en } from "../../web_client/static/strings/en.js";

const STATIC = new URL("../../web_client/static/", import.meta.url);

describe("the devices page", () => {
  it("says when a device was seen", () => {
    const said = [0, 119, 120, 3599, 3600, 86399, 86400, 5 * 86400].map((s) => seenWords(s));
    assert.deepEqual(said.map(([key, { n }]) => `${key.split("_")[1]} ${n ?? ""}`.trim()), [
      "now", "now", "minutes 2", "minutes 59", "hours 1", "hours 23", "days 1", "days 5",
    ]);
    for (const [key] of said) assert.ok(key in en, key);
  });

  it("counts down to nothing and not below", () => {
    assert.deepEqual([300_000, 299_001, 61_000, 60_000, 400, 0, -5].map(countdown), ["5:00", "5:00", "1:01", "1:00", "0:01", "0:00", "0:00"]);
  });

  it("draws exactly the dark modules", () => {
    const rows = ["1101", "0000", "0111"];
    const drawn = rows.map((row) => [...row].map(() => "0"));
    for (const [, x, y, width] of qrPath(rows, 4).matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
      for (let n = 0; n < Number(width); n++) drawn[y - 4][x - 4 + n] = "1";
    }
    assert.deepEqual(drawn.map((row) => row.join("")), rows);
    assert.equal(qrPath(["00"], 4), "");
  });

  it("pictures a device by its system, whatever it is called", () => {
    assert.deepEqual(["android", "ipad", "tv", "linux", "constructor"].map(shapeOf), ["phone", "tablet", "tv", "computer", "computer"]);
  });

  it("guesses the system for its instructions", () => {
    const mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
    assert.deepEqual(
      [["iPhone", 5], [mac, 5], [mac, 0], ["Linux; Android 15", 5], ["Windows NT 10.0", 0], ["X11; Linux x86_64", 0], ["X11; CrOS", 0]].map(([agent, touch]) => platformOf(agent, touch)),
      ["ios", "ios", "macos", "android", "windows", "linux", "linux"],
    );
  });

  it("names what an insecure page lacks, and nothing on a secure one", () => {
    assert.deepEqual(lostFeatures(true), []);
    for (const feature of ["keyboard_lock", "wake_lock", "install", "clipboard"]) {
      assert.ok(lostFeatures(false).includes(`insecure.${feature}`), feature);
    }
  });
});

describe("the manifest", () => {
  const manifest = JSON.parse(readFileSync(new URL("manifest.webmanifest", STATIC), "utf8"));

  it("has icons that are there, of the sizes that it says", () => {
    for (const { src, sizes, type } of manifest.icons) {
      const file = new URL(src.replace("/static/", ""), STATIC);
      assert.ok(statSync(file).size > 0, src);
      if (type !== "image/png") continue;
      const head = readFileSync(file);
      assert.equal(`${head.readUInt32BE(16)}x${head.readUInt32BE(20)}`, sizes, src);
    }
    assert.deepEqual(manifest.icons.filter(({ purpose }) => purpose === "maskable").length, 1);
  });

  it("is linked from the pages that are installed", () => {
    for (const page of ["index.html", "play.html", "devices.html"]) {
      const html = readFileSync(new URL(page, STATIC), "utf8");
      assert.match(html, /<link rel="manifest" href="\/manifest.webmanifest">/, page);
      assert.match(html, /<link rel="apple-touch-icon" href="\/static\/icons\/apple-touch.png">/, page);
    }
  });
});
