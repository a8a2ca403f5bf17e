import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { nearest } from "../../web_client/static/core/spatial_focus.js";

const box = (left, top, width = 100, height = 40) => ({ left, top, right: left + width, bottom: top + height });

describe("the nearest element on a side", () => {
  // Two rows of three cards, each a wide name with a button below its left end.
  const names = [0, 1, 2, 3, 4, 5].map((n) => box((n % 3) * 300, 100 + Math.floor(n / 3) * 400, 260));
  const buttons = names.map(({ left, top }) => box(left, top + 120, 90));
  const all = [...names, ...buttons];
  const from = (index, direction) => {
    const found = nearest(all[index], all.map((each, n) => (n === index ? box(-9999, -9999) : each)), direction);
    return found;
  };

  it("is the neighbour in the row", () => {
    assert.equal(from(0, "right"), 1);
    assert.equal(from(2, "left"), 1);
    assert.equal(from(7, "right"), 8);
  });

  it("goes down through a card's button to the next row", () => {
    assert.equal(from(1, "down"), 7);
    assert.equal(from(7, "down"), 4);
    assert.equal(from(4, "up"), 7);
  });

  it("is nothing beyond the edge", () => {
    const row = [box(0, 0), box(200, 0)];
    assert.equal(nearest(row[1], [row[0]], "right"), -1);
    assert.equal(nearest(row[0], [row[1]], "up"), -1);
    assert.equal(nearest(row[0], [], "down"), -1);
  });
});
