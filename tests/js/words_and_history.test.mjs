import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { grade, graphLines, HISTORY_S, LatencyHistory } from "../../web_client/static/core/latency_history.js";
import { PASTE_MAX_BYTES, pastePieces, textPieces } from "../../web_client/static/core/text_pieces.js";

const bytes = (text) => new TextEncoder().encode(text).length;

describe("text for a title", () => {
  it("is cut between characters into pieces of at most 64 bytes", () => {
    for (const text of ["a".repeat(200), "字".repeat(50), "🎮é".repeat(40), `${"a".repeat(63)}字`]) {
      const pieces = textPieces(text);
      assert.equal(pieces.join(""), text);
      assert.ok(pieces.every((piece) => piece !== "" && bytes(piece) <= 64 && !piece.includes("\ufffd")));
    }
    assert.deepEqual(textPieces(""), []);
    assert.deepEqual(textPieces("a".repeat(64)), ["a".repeat(64)]);
  });

  it("that is pasted becomes one line without controls, of bounded size", () => {
    assert.deepEqual(pastePieces("one\r\ntwo\tthree\u0000\u202e"), ["one two three"]);
    const pieces = pastePieces("字".repeat(100_000));
    assert.ok(bytes(pieces.join("")) <= PASTE_MAX_BYTES);
    assert.ok(bytes(pieces.join("")) > PASTE_MAX_BYTES - 4);
    assert.deepEqual(pastePieces("\u0007"), []);
  });
});

describe("latency", () => {
  it("is graded by what it feels like", () => {
    assert.equal(grade(40, 0), "good");
    assert.equal(grade(100, 0), "fair");
    assert.equal(grade(40, 0.02), "fair");
    assert.equal(grade(200, 0), "poor");
    assert.equal(grade(40, 0.1), "poor");
    assert.equal(grade(null, 0), "unknown");
  });

  it("is remembered for two minutes", () => {
    const history = new LatencyHistory();
    for (let n = 0; n < 300; n += 1) history.add(n);
    assert.equal(history.samples.length, HISTORY_S);
    assert.equal(history.samples[0], 300 - HISTORY_S);
  });

  it("is drawn from the right edge, with gaps where nothing was measured", () => {
    const samples = [10, 20, null, 40];
    const { lines, topMs } = graphLines(samples, 119, 100);
    assert.deepEqual(lines.map((line) => line.map(([x]) => x)), [[116, 117], [119]]);
    assert.ok(topMs > 50);
    assert.ok(lines.flat().every(([, y]) => y >= 0 && y <= 100));
    assert.deepEqual(graphLines([], 119, 100).lines, []);
  });
});
