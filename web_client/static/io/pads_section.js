// The menu's part about pads: which are there, and binding their buttons anew by pressing them.

import { bound, PAD_BUTTONS, PadBinding, PLAIN_MAP } from "../core/pad_map.js";
import { withEntry } from "../core/settings.js";
import { byId } from "./screens.js";

/** @import {PadReading} from "../core/pads.js" */
/** @import {Words} from "../strings/words.js" */
/** @import {SettingsStore} from "./settings_store.js" */

const NAME_MAX_CHARS = 40;

/** A pad's name without what only drivers care for. @param {string} id */
export function padName(id) {
  const plain = id.replace(/\((?=[^)]*(?:STANDARD GAMEPAD|Vendor|Product))[^)]*\)/gi, "").replace(/^[0-9a-f]{4}-[0-9a-f]{4}-/i, "");
  return plain.trim().slice(0, NAME_MAX_CHARS) || id.slice(0, NAME_MAX_CHARS);
}

export class PadsSection {
  #words;
  #store;
  #list = byId("pads_list", HTMLElement);
  #none = byId("pads_none", HTMLElement);
  #map = byId("pad_map", HTMLElement);
  #mapTitle = byId("pad_map_title", HTMLElement);
  #mapHint = byId("pad_map_hint", HTMLElement);
  #mapRows = byId("pad_map_rows", HTMLElement);
  /** @type {{index: number, id: string} | null} The pad whose buttons are shown. */
  #open = null;
  /** @type {{target: number, binding: PadBinding} | null} */
  #waiting = null;
  /** @type {HTMLButtonElement[]} */
  #rows = [];

  /**
   * @param {Words} words
   * @param {SettingsStore} store
   */
  constructor(words, store) {
    this.#words = words;
    this.#store = store;
    byId("pad_map_reset", HTMLButtonElement).onclick = () => this.#keep(null);
    byId("pad_map_close", HTMLButtonElement).onclick = () => this.close();
    this.#rows = PAD_BUTTONS.map((name, target) => {
      const row = document.createElement("button");
      row.type = "button";
      row.className = "pad_map_row";
      row.dataset["button"] = name;
      row.addEventListener("click", () => this.#wait(target));
      return row;
    });
    this.#mapRows.replaceChildren(...this.#rows);
  }

  /** Whether a press of a pad is waited for, or was meant for the map: then it moves nothing in the menu. */
  get isBinding() {
    return this.#waiting !== null;
  }

  /** @param {readonly Gamepad[]} pads */
  show(pads) {
    this.#none.hidden = pads.length > 0;
    this.#list.replaceChildren(...pads.map((pad) => this.#padRow(pad)));
    if (this.#open !== null && !pads.some(({ index }) => index === this.#open?.index)) this.close();
  }

  close() {
    this.#open = null;
    this.#waiting = null;
    this.#map.hidden = true;
  }

  /** @param {readonly PadReading[]} raw What the pads say by their own numbers. */
  look(raw) {
    const pad = raw.find(({ index }) => index === this.#open?.index);
    if (this.#open === null || pad === undefined) return;
    const map = this.#mapOf(this.#open.id);
    this.#rows.forEach((row, target) => {
      row.classList.toggle("down", pad.buttons[map[target] ?? target]?.pressed === true);
    });
    if (this.#waiting === null) return;
    const source = this.#waiting.binding.look(pad);
    if (source === null) return;
    const { target } = this.#waiting;
    this.#waiting = null;
    this.#keep(bound(map, target, source));
  }

  /** @param {Gamepad} pad */
  #padRow({ index, id, vibrationActuator }) {
    const row = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = `${index + 1}. ${padName(id)}`;
    const remap = this.#button("pads.remap", () => this.#openMap(index, id));
    row.append(name, remap);
    if (vibrationActuator) {
      row.append(this.#button("pads.shake", () => {
        const effect = { duration: 250, strongMagnitude: 0.8, weakMagnitude: 0.5 };
        void Promise.resolve(vibrationActuator.playEffect("dual-rumble", effect)).catch(() => {});
      }));
    }
    return row;
  }

  /**
   * @param {"pads.remap" | "pads.shake"} key
   * @param {() => void} act
   */
  #button(key, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "small";
    button.textContent = this.#words(key);
    button.addEventListener("click", act);
    return button;
  }

  /**
   * @param {number} index
   * @param {string} id
   */
  #openMap(index, id) {
    this.#open = { index, id };
    this.#waiting = null;
    this.#map.hidden = false;
    this.#mapTitle.textContent = padName(id);
    this.#showMap();
    this.#rows[0]?.focus();
  }

  /** @param {number} target */
  #wait(target) {
    this.#waiting = { target, binding: new PadBinding() };
    this.#showMap();
  }

  #showMap() {
    if (this.#open === null) return;
    const map = this.#mapOf(this.#open.id);
    const target = this.#waiting?.target;
    const name = target === undefined ? "" : this.#words(`pad.${PAD_BUTTONS[target] ?? "a"}`);
    this.#mapHint.textContent = target === undefined ? this.#words("pads.choose") : this.#words("pads.press", { name });
    this.#rows.forEach((row, index) => {
      const label = document.createElement("span");
      label.textContent = this.#words(`pad.${PAD_BUTTONS[index] ?? "a"}`);
      const source = document.createElement("b");
      source.textContent = target === index ? "…" : this.#words("pads.button", { number: (map[index] ?? index) + 1 });
      row.replaceChildren(label, source);
      row.classList.toggle("waiting", target === index);
    });
  }

  /** @param {string} id */
  #mapOf(id) {
    return this.#store.current.padMaps.get(id) ?? PLAIN_MAP;
  }

  /** @param {readonly number[] | null} map */
  #keep(map) {
    if (this.#open === null) return;
    this.#store.change({ padMaps: withEntry(this.#store.current.padMaps, this.#open.id, map) });
    this.#waiting = null;
    this.#showMap();
  }
}
