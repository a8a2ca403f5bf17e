// The menu over the picture: settings of this device, pads, touch, leaving. A modal dialog, so that keys, fingers,
// pads and screen readers are all in it while it is open.

import { PadNavigation } from "../core/menu_pads.js";
import { FIGURES, QUALITIES } from "../core/settings.js";
import { choiceGroup } from "./choice_group.js";
import { ClosingDialog } from "./closing_dialog.js";
import { PadsSection } from "./pads_section.js";
import { byId } from "./screens.js";

/** @import {TouchMode} from "../core/settings.js" */
/** @import {PadReading} from "../core/pads.js" */
/** @import {Words} from "../strings/words.js" */
/** @import {ScreenMode} from "./screen_mode.js" */
/** @import {SettingsStore} from "./settings_store.js" */

/** How long "End the game" waits for the second press that means it. */
const CONFIRM_MS = 4_000;
const VOLUME_STEPS = 100;

/**
 * @typedef {object} PanelHandlers
 * @property {(isOpen: boolean) => void} onToggle
 * @property {(mode: TouchMode) => void} onTouchMode
 * @property {() => void} onArrange
 * @property {(end: boolean) => void} onLeave
 */

export class Panel {
  #words;
  #handlers;
  #store;
  #element = byId("panel", HTMLDialogElement);
  #dialog = new ClosingDialog(this.#element, () => this.#closed());
  #handle = byId("handle", HTMLButtonElement);
  #volume = byId("volume", HTMLInputElement);
  #mute = byId("button_mute", HTMLButtonElement);
  #full = byId("button_fullscreen", HTMLButtonElement);
  #end = byId("button_end", HTMLButtonElement);
  #haptics = byId("haptics", HTMLInputElement);
  #touchSection = byId("touch_section", HTMLElement);
  #arrange = byId("button_arrange", HTMLButtonElement);
  #navigation = new PadNavigation();
  #pads;
  #showTouch;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #confirm;

  /**
   * @param {Words} words
   * @param {SettingsStore} store
   * @param {ScreenMode} screenMode
   * @param {PanelHandlers} handlers
   */
  constructor(words, store, screenMode, handlers) {
    this.#words = words;
    this.#store = store;
    this.#handlers = handlers;
    this.#pads = new PadsSection(words, store);
    this.#handle.onclick = () => this.open();
    byId("panel_close", HTMLButtonElement).onclick = () => this.close();
    // The game is to see none of its keys.
    this.#element.addEventListener("keydown", (event) => event.stopPropagation());
    this.#wireSettings();
    this.#full.hidden = !screenMode.canBeFull;
    this.#full.onclick = () => void screenMode.toggleFull();
    this.#arrange.onclick = () => {
      this.close();
      handlers.onArrange();
    };
    byId("button_leave", HTMLButtonElement).onclick = () => handlers.onLeave(false);
    this.#end.onclick = () => this.#askEnd();
    this.#showTouch = choiceGroup(
      byId("touch_choice", HTMLFieldSetElement),
      [["pad", words("touch.pad")], ["pointer", words("touch.pointer")]],
      handlers.onTouchMode,
    );
  }

  get isOpen() {
    return this.#dialog.isOpen;
  }

  open() {
    if (this.isOpen || getComputedStyle(this.#handle).display === "none") return;
    this.#dialog.open();
    this.#handle.setAttribute("aria-expanded", "true");
    this.#navigation.begin();
    this.#handlers.onToggle(true);
  }

  close() {
    this.#dialog.close();
  }

  /** @param {string} title @param {boolean} watching Whether this tab only looks on. */
  setTitle(title, watching) {
    byId("panel_title", HTMLElement).textContent = title;
    byId("quality_section", HTMLElement).hidden = watching;
    byId("pads_section", HTMLElement).hidden = watching;
  }

  /** @param {TouchMode} mode @param {boolean} possible Whether fingers can play here. */
  setTouch(mode, possible) {
    this.#touchSection.hidden = !possible;
    this.#arrange.hidden = mode !== "pad";
    byId("haptics_row", HTMLElement).hidden = mode !== "pad";
    this.#showTouch(mode);
  }

  /** @param {boolean} isFull */
  setFull(isFull) {
    this.#full.textContent = this.#words(isFull ? "button.window" : "button.fullscreen");
  }

  /** @param {readonly Gamepad[]} pads */
  setPads(pads) {
    this.#pads.show(pads);
  }

  /**
   * @param {readonly PadReading[]} pads
   * @param {readonly PadReading[]} raw
   */
  takePads(pads, raw) {
    const binding = this.#pads.isBinding;
    this.#pads.look(raw);
    if (binding) {
      this.#navigation.begin();
      return;
    }
    const step = this.#navigation.look(pads, performance.now());
    if (step === "back") this.close();
    else if (step === "press") this.#focused?.click();
    else if (step === "up" || step === "down") this.#moveFocus(step === "up" ? -1 : 1);
    else if (step !== null) this.#adjust(step === "left" ? -1 : 1);
  }

  #wireSettings() {
    const { current } = this.#store;
    const quality = choiceGroup(
      byId("quality_choice", HTMLFieldSetElement),
      QUALITIES.map((each) => [each, this.#words(`quality.${each}`)]),
      (choice) => this.#store.change({ quality: choice }),
    );
    const figures = choiceGroup(
      byId("figures_choice", HTMLFieldSetElement),
      FIGURES.map((each) => [each, this.#words(`figures.depth_${each}`)]),
      (choice) => this.#store.change({ figures: choice }),
    );
    this.#volume.max = String(VOLUME_STEPS);
    this.#volume.value = String(current.volume * VOLUME_STEPS);
    this.#volume.oninput = () => this.#store.change({ volume: Number(this.#volume.value) / VOLUME_STEPS, muted: false });
    this.#mute.onclick = () => this.#store.change({ muted: !this.#store.current.muted });
    this.#haptics.onchange = () => this.#store.change({ haptics: this.#haptics.checked });
    this.#store.follow((settings) => {
      quality(settings.quality);
      figures(settings.figures);
      this.#mute.setAttribute("aria-pressed", String(settings.muted));
      this.#volume.classList.toggle("silent", settings.muted);
      this.#haptics.checked = settings.haptics;
    });
  }

  #closed() {
    this.#handle.setAttribute("aria-expanded", "false");
    this.#handle.blur();
    this.#pads.close();
    this.#resetEnd();
    this.#handlers.onToggle(false);
  }

  #askEnd() {
    if (this.#confirm !== undefined) {
      this.#handlers.onLeave(true);
      return;
    }
    this.#end.textContent = this.#words("button.end_really");
    this.#end.classList.add("danger");
    this.#confirm = setTimeout(() => this.#resetEnd(), CONFIRM_MS);
  }

  #resetEnd() {
    clearTimeout(this.#confirm);
    this.#confirm = undefined;
    this.#end.textContent = this.#words("button.end");
    this.#end.classList.remove("danger");
  }

  // --- by pad ---

  get #focused() {
    const { activeElement } = document;
    return activeElement instanceof HTMLElement && this.#element.contains(activeElement) ? activeElement : null;
  }

  /** What the focus stops at; of a group of choices only the one that holds. */
  get #stops() {
    const all = [...this.#element.querySelectorAll("button, input")];
    return all.filter((each) => each instanceof HTMLElement && each.offsetParent !== null
      && !(each instanceof HTMLInputElement && each.type === "radio" && !each.checked));
  }

  /** @param {1 | -1} by */
  #moveFocus(by) {
    const stops = this.#stops;
    const at = this.#focused === null ? -1 : stops.indexOf(this.#focused);
    const next = stops[(at + by + stops.length) % stops.length];
    if (next instanceof HTMLElement) next.focus();
  }

  /** @param {1 | -1} by */
  #adjust(by) {
    const focused = this.#focused;
    if (!(focused instanceof HTMLInputElement)) {
      this.#moveFocus(by);
    } else if (focused.type === "range") {
      focused.value = String(Number(focused.value) + by * 5);
      focused.dispatchEvent(new Event("input"));
    } else if (focused.type === "radio") {
      const group = [...this.#element.querySelectorAll(`input[name="${focused.name}"]`)];
      const next = group[(group.indexOf(focused) + by + group.length) % group.length];
      if (!(next instanceof HTMLInputElement)) return;
      next.focus();
      next.click();
    }
  }
}
