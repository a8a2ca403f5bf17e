// Search and filters above the grid, and how much of it they leave.

import { FILTER_DEVICES, NO_FILTER } from "../core/library.js";
import { byId } from "../io/screens.js";
import { element } from "./elements.js";
import { icon } from "./icons.js";
import { DEVICE_WORDS } from "./title_words.js";

/** @import {LibraryFilter} from "../types.js" */
/** @import {WordKey, Words} from "../strings/words.js" */

/** @type {readonly (readonly ["one" | "many", WordKey])[]} */
const PLAYERS = [["one", "library.players_one"], ["many", "library.players_many"]];

export class Filters {
  #filter = NO_FILTER;
  #search = byId("search", HTMLInputElement);
  #players = byId("filter_players", HTMLElement);
  #devices = byId("filter_devices", HTMLElement);
  #shown = byId("shown", HTMLElement);
  #onChange;

  /** @param {() => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
    this.#search.addEventListener("input", () => this.#set({ ...this.#filter, query: this.#search.value }));
    this.#search.addEventListener("keydown", ({ key }) => {
      if (key === "Escape" && this.#search.value !== "") this.clear();
    });
  }

  get filter() {
    return this.#filter;
  }

  clear() {
    this.#search.value = "";
    this.#set(NO_FILTER);
    this.#search.focus();
  }

  /**
   * @param {Words} words
   * @param {number} shown
   * @param {number} total
   */
  show(words, shown, total) {
    const { players, devices } = this.#filter;
    this.#players.replaceChildren(...PLAYERS.map(([value, label]) => {
      const next = players === value ? "any" : value;
      return this.#chip(value, words(label), players === value, () => this.#set({ ...this.#filter, players: next }));
    }));
    this.#devices.replaceChildren(...FILTER_DEVICES.map((device) => {
      const on = devices.includes(device);
      const next = on ? devices.filter((each) => each !== device) : [...devices, device];
      const chip = this.#chip(device, words(DEVICE_WORDS[device]), on, () => this.#set({ ...this.#filter, devices: next }));
      chip.prepend(icon(device));
      return chip;
    }));
    this.#shown.textContent = total === 0 ? "" : words("library.shown", { shown, total });
  }

  /** @param {LibraryFilter} filter */
  #set(filter) {
    this.#filter = filter;
    this.#onChange();
  }

  /**
   * @param {string} value
   * @param {string} label
   * @param {boolean} on
   * @param {() => void} onClick
   */
  #chip(value, label, on, onClick) {
    const chip = element("button", { type: "button", class: "chip", "aria-pressed": String(on), "data-focus": `filter ${value}` }, label);
    chip.addEventListener("click", onClick);
    return chip;
  }
}
