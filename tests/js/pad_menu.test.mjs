import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bound, mapped, PAD_BUTTONS, PadBinding, PLAIN_MAP } from "../../web_client/static/core/pad_map.js";
import { MENU_HOLD_MS, MenuHold, PadNavigation } from "../../web_client/static/core/menu_pads.js";
import { padEvent } from "../../web_client/static/core/pads.js";

const reading = (pressed = [], axes = [0, 0, 0, 0], count = 17) => ({
  index: 0, connected: true, axes,
  buttons: Array.from({ length: count }, (_, n) => ({ pressed: pressed.includes(n), value: pressed.includes(n) ? 1 : 0 })),
});

describe("a pad's map", () => {
  it("leaves an ordinary pad as it is", () => {
    assert.deepEqual(padEvent(mapped(reading([0, 7, 16]), PLAIN_MAP)), padEvent(reading([0, 7, 16])));
  });

  it("moves buttons and their triggers, and bears pads with fewer buttons", () => {
    const map = bound(PLAIN_MAP, PAD_BUTTONS.indexOf("r2"), 0);
    const { buttons, axes } = padEvent(mapped(reading([0], [0, 0, 0, 0], 6), map));
    assert.equal(buttons, 1 << 7);
    assert.equal(axes[5], 32767);
  });

  it("swaps, so that no button is lost", () => {
    const map = bound(PLAIN_MAP, 0, 1);
    assert.deepEqual(map.slice(0, 3), [1, 0, 2]);
    assert.deepEqual(bound(map, 0, 0), PLAIN_MAP);
    assert.deepEqual(bound(PLAIN_MAP, 3, 25).slice(2, 5), [2, 25, 4]);
  });

  it("is bound by the next press, not by what is still held", () => {
    const binding = new PadBinding();
    assert.equal(binding.look(reading([0])), null);
    assert.equal(binding.look(reading([0])), null);
    assert.equal(binding.look(reading([])), null);
    assert.equal(binding.look(reading([5])), 5);
    const again = new PadBinding();
    again.look(reading([0]));
    assert.equal(again.look(reading([0, 3])), 3);
  });
});

describe("the menu by pad", () => {
  it("steps once per press, and repeats directions only", () => {
    const menu = new PadNavigation();
    const looks = [[[], 0, null], [[13], 10, "down"], [[13], 20, null], [[13], 500, "down"], [[13], 520, null], [[13], 640, "down"], [[], 650, null], [[0], 660, "press"], [[0], 2_000, null], [[1], 2_010, "back"]];
    for (const [pressed, at, step] of looks) assert.equal(menu.look([reading(pressed)], at), step, String(at));
    assert.equal(menu.look([reading([], [0, -0.9])], 3_000), "up");
    assert.equal(menu.look([reading([], [0.9, 0])], 3_010), "right");
  });

  it("takes what opened it for nothing", () => {
    const menu = new PadNavigation();
    menu.begin();
    assert.equal(menu.look([reading([0])], 5_000), null);
    assert.equal(menu.look([reading([1])], 5_005), null);
    assert.equal(menu.look([reading([])], 5_010), null);
    assert.equal(menu.look([reading([0])], 5_020), "press");
  });

  it("opens after Select and Start, or the guide button, were held, once", () => {
    for (const pressed of [[8, 9], [16]]) {
      const hold = new MenuHold();
      assert.equal(hold.look([reading(pressed)], 0), false);
      assert.equal(hold.look([reading(pressed)], MENU_HOLD_MS - 1), false);
      assert.equal(hold.look([reading(pressed)], MENU_HOLD_MS), true);
      assert.equal(hold.look([reading(pressed)], 5 * MENU_HOLD_MS), false);
      hold.look([reading([])], 9_000);
      assert.equal(hold.look([reading(pressed)], 9_100), false);
      assert.equal(hold.look([reading(pressed)], 9_100 + MENU_HOLD_MS), true);
    }
    assert.equal(new MenuHold().look([reading([8])], 1e9), false);
  });
});
