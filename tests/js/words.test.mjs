import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { STAGES } from "../../web_client/static/core/frame_log.js";
import { en } from "../../web_client/static/strings/en.js";
import { LANGUAGES, pickLanguage, wordsOf } from "../../web_client/static/strings/words.js";
import { Reason } from "../../web_client/static/wire/constants.js";

const STATIC = new URL("../../web_client/static/", import.meta.url);
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
    for (const page of readdirSync(STATIC).filter((name) => name.endsWith(".html"))) {
      const html = readFileSync(new URL(page, STATIC), "utf8");
      for (const [, key] of html.matchAll(/data-words(?:-title)?="([^"]+)"/g)) assert.ok(key in en, key);
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
  const files = (folder) => readdirSync(new URL(folder, STATIC)).filter((name) => name.endsWith(".js")).map((name) => folder + name);

  it("have cores that know neither the page nor a clock nor chance", () => {
    const forbidden = /\b(document|window|navigator|performance|setTimeout|setInterval|localStorage|fetch)\b|Math\.random|Date\.now/;
    for (const file of [...files("core/"), ...files("wire/")]) {
      const code = readFileSync(new URL(file, STATIC), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*|`[^`]*`|"[^"\n]*"/g, "");
      assert.doesNotMatch(code, forbidden, file);
    }
  });

  it("name only files that are there", () => {
    for (const file of ["", "core/", "io/", "wire/", "strings/"].flatMap(files)) {
      const code = readFileSync(new URL(file, STATIC), "utf8");
      for (const [, name] of code.matchAll(/^(?:import|export) [^;]*?from "(\.[^"]+)"/gm)) {
        assert.ok(readFileSync(new URL(name, new URL(file, STATIC))).length > 0, `${file}: ${name}`);
      }
    }
  });
});
