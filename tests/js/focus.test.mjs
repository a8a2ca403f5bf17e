import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { PadNavigation } from "../../web_client/static/core/pad_navigation.js";
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

describe("steps by game pad", () => {
  const pad = (buttons = [], axes = [0, 0]) => ({
    buttons: Array.from({ length: 17 }, (_, n) => buttons.includes(n)), axes,
  });

  it("are taken once, then repeated while held", () => {
    const navigation = new PadNavigation();
    navigation.read([pad()], 0);
    assert.deepEqual(navigation.read([pad([15])], 10), ["right"]);
    assert.deepEqual(navigation.read([pad([15])], 400), []);
    assert.deepEqual(navigation.read([pad([15])], 440), ["right"]);
    assert.deepEqual(navigation.read([pad([15])], 500), []);
    assert.deepEqual(navigation.read([pad([15])], 580), ["right"]);
    assert.deepEqual(navigation.read([pad()], 590), []);
    assert.deepEqual(navigation.read([pad([15])], 600), ["right"]);
  });

  it("come from the stick as well, and from any pad", () => {
    const navigation = new PadNavigation();
    navigation.read([pad(), pad()], 0);
    assert.deepEqual(navigation.read([pad(), pad([], [-0.9, 0.1])], 10), ["left"]);
    assert.deepEqual(navigation.read([pad([], [0, 1]), pad()], 20), ["down"]);
    assert.deepEqual(navigation.read([pad([], [0.3, 0.3])], 30), []);
  });

  it("do not repeat accept and back, and leave out what was held before", () => {
    const navigation = new PadNavigation();
    assert.deepEqual(navigation.read([pad([0])], 0), []);
    assert.deepEqual(navigation.read([pad([0])], 5000), []);
    navigation.read([pad()], 5010);
    assert.deepEqual(navigation.read([pad([0])], 5020), ["accept"]);
    assert.deepEqual(navigation.read([pad([0, 1])], 9000), ["back"]);
    navigation.reset();
    assert.deepEqual(navigation.read([pad([0, 1])], 9010), []);
  });
});
