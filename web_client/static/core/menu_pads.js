// The menu by pad: what a player who holds nothing else means by the buttons and sticks.

/** @import {PadReading} from "./pads.js" */

/** @typedef {"up" | "down" | "left" | "right" | "press" | "back"} MenuStep */

const REPEAT_FIRST_MS = 400;
const REPEAT_MS = 120;
const STICK = 0.6;

/** How long Select and Start are held together, or the guide button alone, to open the menu. */
export const MENU_HOLD_MS = 600;
const [A, B, SELECT, START, GUIDE] = [0, 1, 8, 9, 16];

/** Turns readings of all pads into steps through a menu. */
export class PadNavigation {
  /** @type {MenuStep | null} */
  #last = null;
  #dueMs = 0;
  /** Something may still be held that was pressed for another purpose. */
  #stale = false;

  /**
   * @param {readonly PadReading[]} pads
   * @param {number} nowMs
   * @returns {MenuStep | null}
   */
  look(pads, nowMs) {
    const step = pads.map(stepOf).find((each) => each !== null) ?? null;
    this.#stale &&= step !== null;
    if (this.#stale) return null;
    if (step !== this.#last) {
      this.#last = step;
      this.#dueMs = nowMs + REPEAT_FIRST_MS;
      return step;
    }
    if (step === null || step === "press" || step === "back" || nowMs < this.#dueMs) return null;
    this.#dueMs = nowMs + REPEAT_MS;
    return step;
  }

  /** Begin anew once everything is let go: what is held now was pressed for something else. */
  begin() {
    this.#last = null;
    this.#stale = true;
  }
}

/** Tells when the buttons that open the menu were held long enough; once per hold. */
export class MenuHold {
  /** @type {number | null} */
  #sinceMs = null;

  /**
   * @param {readonly PadReading[]} pads
   * @param {number} nowMs
   */
  look(pads, nowMs) {
    /** @param {PadReading} pad @param {number} button */
    const down = (pad, button) => pad.buttons[button]?.pressed === true;
    const held = pads.some((pad) => (down(pad, SELECT) && down(pad, START)) || down(pad, GUIDE));
    if (!held) {
      this.#sinceMs = null;
      return false;
    }
    this.#sinceMs ??= nowMs;
    if (nowMs - this.#sinceMs < MENU_HOLD_MS) return false;
    this.#sinceMs = Infinity;
    return true;
  }
}

/** @param {PadReading} pad @returns {MenuStep | null} */
function stepOf({ buttons, axes }) {
  /** @param {number} button */
  const down = (button) => buttons[button]?.pressed === true;
  const [x = 0, y = 0] = axes;
  if (down(A)) return "press";
  if (down(B)) return "back";
  if (down(12) || y < -STICK) return "up";
  if (down(13) || y > STICK) return "down";
  if (down(14) || x < -STICK) return "left";
  return down(15) || x > STICK ? "right" : null;
}
