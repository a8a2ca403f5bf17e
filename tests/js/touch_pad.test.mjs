import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { padEvent } from "../../web_client/static/core/pads.js";
import { PARTS, placeParts, placingOf } from "../../web_client/static/core/touch_layout.js";
import { TouchPad } from "../../web_client/static/core/touch_pad.js";

const SCREENS = {
  "phone across": { left: 0, top: 0, width: 844, height: 390 },
  "phone upright": { left: 0, top: 0, width: 390, height: 844 },
  "phone with a notch": { left: 47, top: 0, width: 750, height: 369 },
  "small phone across": { left: 0, top: 0, width: 568, height: 320 },
  "small phone upright": { left: 0, top: 0, width: 320, height: 568 },
  "tablet": { left: 0, top: 0, width: 1180, height: 820 },
};
const SETS = {
  "the default": ["left_stick", "a", "b"],
  "a d-pad and one button": ["dpad", "a", "start"],
  "a classic pad": ["dpad", "a", "b", "x", "y", "l1", "r1", "start", "select"],
};

describe("the layout of the touch pad", () => {
  for (const [screen, area] of Object.entries(SCREENS)) {
    for (const [set, names] of Object.entries(SETS)) {
      it(`puts ${set} on a ${screen} without overlaps, within reach of a thumb`, () => {
        const parts = placeParts(names, area, {});
        for (const part of parts) {
          assert.ok(part.x - part.radius >= area.left && part.x + part.radius <= area.left + area.width + 0.01, part.name);
          assert.ok(part.y - part.radius >= area.top && part.y + part.radius <= area.top + area.height + 0.01, part.name);
          assert.ok(part.radius >= 16, part.name);
          for (const other of parts) {
            if (other === part) continue;
            const gap = Math.hypot(part.x - other.x, part.y - other.y) - part.radius - other.radius;
            assert.ok(gap > -1, `${part.name} and ${other.name} overlap by ${-gap}`);
          }
        }
      });
    }
  }

  it("keeps all parts on the screen even where all are wanted at once", () => {
    for (const part of placeParts(PARTS, SCREENS["phone across"], {})) assert.ok(part.x > 0 && part.y > 0, part.name);
  });

  it("keeps what was moved as shares, so that it holds on a screen of another size", () => {
    const area = SCREENS["phone with a notch"];
    const [a] = placeParts(["a"], area, { a: { x: 0.5, y: 0.25, scale: 1.5 } });
    assert.deepEqual([a.x, a.y], [47 + 375, 0.25 * 369]);
    assert.deepEqual(placingOf(a, area), { x: 0.5, y: 0.25, scale: 1.5 });
    const [moved] = placeParts(["a"], area, { a: { x: 1, y: 1, scale: 1 } });
    assert.equal(moved.x + moved.radius, area.left + area.width);
    assert.deepEqual(placingOf({ ...a, x: -999, scale: 9 }, area).x, 0);
    assert.equal(placingOf({ ...a, scale: 9 }, area).scale, 1.8);
  });
});

describe("fingers on the touch pad", () => {
  const part = (name, x, y, radius = 30) => ({ name, x, y, radius, scale: 1 });
  const pad = () => {
    const touch = new TouchPad();
    touch.place([part("left_stick", 100, 300, 60), part("a", 700, 320), part("b", 770, 300), part("dpad", 300, 300, 60), part("r2", 700, 50)]);
    return touch;
  };
  const event = (touch) => padEvent(touch.reading());

  it("press, hold together and let go", () => {
    const touch = pad();
    assert.equal(event(touch).buttons, 0);
    assert.ok(touch.down(1, 700, 320));
    assert.ok(touch.down(2, 770, 300));
    assert.equal(event(touch).buttons, 0b11);
    touch.up(1);
    assert.equal(event(touch).buttons, 0b10);
    touch.clear();
    assert.equal(event(touch).buttons, 0);
  });

  it("beside every part are the picture's", () => {
    const touch = pad();
    assert.equal(touch.down(1, 450, 100), false);
    touch.move(1, 700, 320);
    assert.equal(event(touch).buttons, 0);
  });

  it("reach a little beyond the drawing, and take the nearer of two", () => {
    const touch = pad();
    assert.ok(touch.down(1, 700, 356));
    assert.equal(touch.down(2, 700, 359), false);
    assert.ok(touch.down(3, 738, 309));
    assert.deepEqual([...touch.touched].sort(), ["a", "b"]);
  });

  it("slide from button to button, but stay with a stick", () => {
    const touch = pad();
    touch.down(1, 700, 320);
    touch.move(1, 770, 300);
    assert.equal(event(touch).buttons, 0b10);
    touch.move(1, 600, 150);
    assert.equal(event(touch).buttons, 0);
    touch.down(2, 100, 300);
    touch.move(2, 700, 300);
    assert.deepEqual(event(touch).axes, [32767, 0, 0, 0, 0, 0]);
    assert.equal(event(touch).buttons, 0);
  });

  it("move a stick from a dead middle to a full rim, in every direction", () => {
    const touch = pad();
    touch.down(1, 106, 300);
    assert.deepEqual(event(touch).axes.slice(0, 2), [0, 0]);
    touch.move(1, 130, 300);
    const [half] = event(touch).axes;
    assert.ok(half > 0.3 * 32767 && half < 0.5 * 32767, String(half));
    touch.move(1, 100, 200);
    assert.deepEqual(event(touch).axes.slice(0, 2), [0, -32767]);
    touch.move(1, 500, 700);
    const [x, y] = event(touch).axes;
    assert.ok(Math.abs(Math.hypot(x, y) - 32767) < 2);
  });

  it("give the d-pad eight directions and a rest", () => {
    const [up, down, left, right] = [1 << 12, 1 << 13, 1 << 14, 1 << 15];
    const touch = pad();
    touch.down(1, 300, 300);
    assert.equal(event(touch).buttons, 0);
    const looks = [[300, 250, up], [340, 260, up | right], [350, 300, right], [340, 340, down | right], [300, 350, down], [260, 340, down | left], [250, 300, left], [260, 260, up | left]];
    for (const [x, y, buttons] of looks) {
      touch.move(1, x, y);
      assert.equal(event(touch).buttons, buttons);
    }
  });

  it("press a trigger as a button and as an axis", () => {
    const touch = pad();
    touch.down(1, 700, 50);
    assert.equal(event(touch).buttons, 1 << 7);
    assert.equal(event(touch).axes[5], 32767);
  });

  it("are lifted when the parts move", () => {
    const touch = pad();
    touch.down(1, 700, 320);
    touch.place([part("a", 10, 10)]);
    assert.equal(touch.touched.size, 0);
  });
});
