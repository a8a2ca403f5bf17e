// Words over the picture when nobody has played for a while: that it pauses soon, or that it has.

import { Presence } from "../wire/constants.js";
import { byId } from "./screens.js";

/** @import {Absence} from "../types.js" */
/** @import {Words} from "../strings/words.js" */

/** The warning counts in steps, as a screen reader says each change. */
const WARNING_STEP_S = 10;

export class AwayView {
  #words;
  #warning = byId("away_warning", HTMLElement);
  #pause = byId("away_pause", HTMLElement);
  #pauseEnd = byId("away_end", HTMLElement);

  /** @param {Words} words */
  constructor(words) {
    this.#words = words;
  }

  /** @param {Pick<Absence, "presence" | "next_s">} absence */
  show({ presence, next_s }) {
    this.#warning.hidden = presence !== Presence.WARNED;
    this.#pause.hidden = presence !== Presence.AWAY;
    if (presence === Presence.WARNED) {
      say(this.#warning, this.#words("away.warning", { seconds: WARNING_STEP_S * Math.ceil(next_s / WARNING_STEP_S) }));
    }
    if (presence === Presence.AWAY) {
      say(this.#pauseEnd, this.#words("away.end", { minutes: Math.max(1, Math.ceil(next_s / 60)) }));
    }
  }

  hide() {
    this.show({ presence: Presence.HERE, next_s: 0 });
  }
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
