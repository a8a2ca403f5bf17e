// Makes steps through a page out of what game pads hold: arrows that repeat, accept and back that do not.

/** @import {Direction} from "./spatial_focus.js" */

/** @typedef {Direction | "accept" | "back"} PadStep */
/** @typedef {{buttons: readonly boolean[], axes: readonly number[]}} PadState */

const REPEAT_AFTER_MS = 420;
const REPEAT_EVERY_MS = 130;
const STICK = 0.55;

/** Buttons of the standard layout. @type {readonly (readonly [number, PadStep])[]} */
const BUTTONS = [[12, "up"], [13, "down"], [14, "left"], [15, "right"], [0, "accept"], [1, "back"]];
/** Axes of the left stick. @type {readonly (readonly [number, PadStep, PadStep])[]} */
const AXES = [[0, "left", "right"], [1, "up", "down"]];

export class PadNavigation {
  /** When each held step comes next; null for what was held from the start. @type {Map<PadStep, number | null> | null} */
  #held = null;

  /**
   * The steps to take now. What is held at the first look is not a step: the player let go of a game, not of this page.
   * @param {readonly PadState[]} pads
   * @param {number} nowMs
   * @returns {PadStep[]}
   */
  read(pads, nowMs) {
    const held = new Set(pads.flatMap(stepsHeld));
    if (this.#held === null) {
      this.#held = new Map([...held].map((step) => [step, null]));
      return [];
    }
    /** @type {Map<PadStep, number | null>} */
    const next = new Map();
    /** @type {PadStep[]} */
    const steps = [];
    for (const step of held) {
      const due = this.#held.get(step);
      const isNew = due === undefined;
      const repeats = typeof due === "number" && nowMs >= due && step !== "accept" && step !== "back";
      if (isNew || repeats) steps.push(step);
      next.set(step, isNew ? nowMs + REPEAT_AFTER_MS : repeats ? nowMs + REPEAT_EVERY_MS : due);
    }
    this.#held = next;
    return steps;
  }

  /** Forget what is held, as when the page comes back from the background. */
  reset() {
    this.#held = null;
  }
}

/** @param {PadState} pad */
function stepsHeld({ buttons, axes }) {
  const pressed = BUTTONS.flatMap(([index, step]) => (buttons[index] === true ? [step] : []));
  const pushed = AXES.flatMap(([index, less, more]) => {
    const value = axes[index] ?? 0;
    return value <= -STICK ? [less] : value >= STICK ? [more] : [];
  });
  return [...pressed, ...pushed];
}
