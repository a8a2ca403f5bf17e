import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { STAGES } from "../../web_client/static/core/frame_log.js";
import { en } from "../../web_client/static/strings/en.js";
import { pagesFor, SITE_PAGES } from "../../web_client/static/core/site_pages.js";
import { LANGUAGE_NAMES, LANGUAGE_TAGS, LANGUAGES, pickLanguage, wordsOf } from "../../web_client/static/strings/words.js";
import { Reason } from "../../web_client/static/wire/constants.js";

const STATIC = new URL("../../web_client/static/", import.meta.url);
const shipped = (suffix) => readdirSync(STATIC, { recursive: true }).filter((name) => name.endsWith(suffix));
const read = (name) => readFileSync(new URL(name, STATIC), "utf8");
const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

describe("words", () => {
  for (const [language, words] of Object.entries(LANGUAGES)) {
    it(`has the same keys and placeholders in ${language} as in English, none empty`, () => {
      assert.deepEqual(Object.keys(words).sort(), Object.keys(en).sort());
      for (const [key, text] of Object.entries(words)) {
        assert.ok(text.trim() !== "", key);
        assert.deepEqual(placeholders(text), placeholders(en[key]), key);
      }
    });
  }

  it("has words for every reason and every stage", () => {
    for (const reason of Object.values(Reason)) assert.ok(`reason.${reason}` in en, reason);
    for (const stage of STAGES) assert.ok(`figures.${stage}` in en, stage);
  });

  it("has words for every key that the pages name", () => {
    for (const page of shipped(".html")) {
      for (const [, key] of read(page).matchAll(/data-words(?:-\w+)?="([^"]+)"/g)) assert.ok(key in en, `${page}: ${key}`);
    }
  });

  it("has words for every key that the code names", () => {
    const groups = new Set(Object.keys(en).map((key) => key.split(".")[0]));
    const known = new RegExp(`"((?:${[...groups].join("|")})\\.[a-z0-9_]+)"`, "g");
    for (const file of shipped(".js").filter((name) => !name.startsWith("strings/"))) {
      for (const [, key] of read(file).matchAll(known)) assert.ok(key in en, `${file}: ${key}`);
      for (const [, key] of read(file).matchAll(/\bwords\("([^"]+)"/gi)) assert.ok(key in en, `${file}: ${key}`);
    }
    for (const { label } of SITE_PAGES) assert.ok(label in en, label);
  });

  it("leads everybody to the pages that are theirs", () => {
    const hrefs = (...roles) => pagesFor(roles).map(({ href }) => href);
    assert.deepEqual(hrefs(), ["/", "/devices", "/check"]);
    assert.deepEqual(hrefs("player"), ["/", "/devices", "/check"]);
    assert.deepEqual(hrefs("owner", "operator", "player"), ["/", "/devices", "/check", "/operator"]);
    assert.deepEqual(hrefs("guest"), ["/", "/check"]);
  });

  it("knows what every language calls itself", () => {
    for (const names of [LANGUAGE_NAMES, LANGUAGE_TAGS]) {
      assert.deepEqual(Object.keys(names).sort(), Object.keys(LANGUAGES).sort());
    }
  });

  it("picks the first language that it speaks", () => {
    assert.equal(pickLanguage(["fr-FR", "zh-Hans-CN", "en"]), "zh");
    assert.equal(pickLanguage(["en-GB", "zh"]), "en");
    assert.equal(pickLanguage(["fr", "constructor"]), "en");
    assert.equal(pickLanguage([]), "en");
  });

  it("fills values in", () => {
    assert.equal(wordsOf("en")("home.players", { max: 4 }), "4 players");
    assert.equal(wordsOf("xx")("app.name"), "Farplay");
  });
});

describe("the shipped modules", () => {
  it("have cores that know neither the page nor a clock nor chance", () => {
    const forbidden = /\b(document|window|navigator|performance|setTimeout|setInterval|localStorage|fetch)\b|Math\.random|Date\.now/;
    for (const file of shipped(".js").filter((name) => /^(core|wire)\//.test(name))) {
      const code = read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*|`[^`]*`|"[^"\n]*"/g, "");
      assert.doesNotMatch(code, forbidden, file);
    }
  });

  it("name only files that are there", () => {
    for (const file of shipped(".js")) {
      for (const [, name] of read(file).matchAll(/^(?:import|export) [^;]*?from "(\.[^"]+)"/gm)) {
        assert.ok(readFileSync(new URL(name, new URL(file, STATIC))).length > 0, `${file}: ${name}`);
      }
    }
  });
});
