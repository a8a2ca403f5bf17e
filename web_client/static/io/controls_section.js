// The menu's part about how the title is played: its legend of controls, shown on request.

import { controlsLegend } from "../library/controls_legend.js";
import { deviceHere } from "./device_here.js";
import { byId } from "./screens.js";

/** @import {PlayedTitle} from "../types.js" */
/** @import {Spoken} from "./language.js" */

export class ControlsSection {
  #spoken;
  #section = byId("controls_section", HTMLElement);
  #button = byId("button_controls", HTMLButtonElement);
  #controls = byId("controls", HTMLElement);
  /** @type {PlayedTitle | null} */
  #title = null;

  /** @param {Spoken} spoken */
  constructor(spoken) {
    this.#spoken = spoken;
    this.#button.onclick = () => this.#toggle();
  }

  /** @param {PlayedTitle | null} title Null while it is not known. */
  show(title) {
    if (title === this.#title) return;
    this.#title = title;
    this.#section.hidden = title === null;
  }

  #toggle() {
    const opens = this.#controls.hidden;
    // Built when it is opened: what the player holds then comes first.
    const legend = opens && this.#title !== null ? [controlsLegend(this.#title, { ...this.#spoken, here: deviceHere() })] : [];
    this.#controls.replaceChildren(...legend);
    this.#controls.hidden = !opens;
    this.#button.setAttribute("aria-expanded", String(opens));
  }
}
