// The pad that is drawn over the picture: its parts on the screen, the fingers on them, and arranging them.

import { ORIENTATIONS } from "../core/settings.js";
import { placeParts, placingOf, SCALE_MAX, SCALE_MIN } from "../core/touch_layout.js";
import { isDirectional, TouchPad } from "../core/touch_pad.js";
import { byId } from "./screens.js";

/** @import {Placings, TouchChoice} from "../core/settings.js" */
/** @import {PadReading} from "../core/pads.js" */
/** @import {PartName, PlacedPart} from "../core/touch_layout.js" */
/** @import {Words} from "../strings/words.js" */

const LABELS = /** @type {Readonly<Partial<Record<PartName, string>>>} */ ({
  a: "A", b: "B", x: "X", y: "Y", l1: "L1", r1: "R1", l2: "L2", r2: "R2",
});
const TICK_MS = 8;
const NUDGE = 0.01;

/**
 * @typedef {object} TouchHandlers
 * @property {(reading: PadReading | null) => void} onReading null once it is gone.
 * @property {(placings: TouchChoice["placings"]) => void} onArranged
 * @property {() => void} onDone The player is done arranging.
 */

export class TouchControls {
  #words;
  #handlers;
  #pad = new TouchPad();
  #layer = byId("touch_pad", HTMLElement);
  #bar = byId("touch_edit", HTMLElement);
  #size = byId("touch_size", HTMLInputElement);
  /** @type {readonly PartName[]} */
  #names = [];
  /** @type {TouchChoice["placings"]} */
  #placings = { landscape: {}, portrait: {} };
  /** @type {PlacedPart[]} */
  #parts = [];
  /** @type {Map<PartName, HTMLElement>} */
  #elements = new Map();
  #haptics = true;
  #editing = false;
  /** @type {PartName | null} */
  #chosen = null;
  /** @type {{id: number, dx: number, dy: number} | null} */
  #drag = null;
  #touched = "";

  /**
   * @param {Words} words
   * @param {TouchHandlers} handlers
   */
  constructor(words, handlers) {
    this.#words = words;
    this.#handlers = handlers;
    for (const name of /** @type {const} */ (["pointerdown", "pointermove", "pointerup", "pointercancel"])) {
      this.#layer.addEventListener(name, (event) => this.#pointer(event));
    }
    this.#layer.addEventListener("contextmenu", (event) => event.preventDefault());
    this.#layer.addEventListener("keydown", (event) => this.#nudge(event));
    this.#layer.addEventListener("focusin", ({ target }) => this.#choose(partOf(target)));
    this.#size.min = String(SCALE_MIN);
    this.#size.max = String(SCALE_MAX);
    this.#size.addEventListener("input", () => this.#resize(Number(this.#size.value)));
    byId("touch_reset", HTMLButtonElement).onclick = () => this.#keep({});
    byId("touch_done", HTMLButtonElement).onclick = () => this.#handlers.onDone();
    new ResizeObserver(() => this.#place()).observe(this.#layer);
  }

  get isShown() {
    return !this.#layer.hidden;
  }

  /**
   * @param {readonly PartName[]} names None hides the pad.
   * @param {TouchChoice["placings"]} placings
   * @param {boolean} haptics
   */
  show(names, placings, haptics) {
    const same = names.join() === this.#names.join();
    this.#haptics = haptics;
    this.#placings = placings;
    if (!same) this.#draw(names);
    this.#place();
    if (!same) this.#handlers.onReading(names.length > 0 ? this.#pad.reading() : null);
  }

  /** @param {boolean} editing Whether parts are moved instead of played. */
  edit(editing) {
    this.#editing = editing;
    this.#chosen = null;
    this.#bar.hidden = !editing;
    this.#layer.classList.toggle("editing", editing);
    document.body.classList.toggle("arranging", editing);
    for (const element of this.#elements.values()) element.tabIndex = editing ? 0 : -1;
    this.#pad.clear();
    this.#choose(editing ? this.#names[0] ?? null : null);
    this.#tell();
  }

  /** Let everything go, as when the page loses the focus. */
  release() {
    this.#pad.clear();
    this.#tell();
  }

  /** @param {readonly PartName[]} names */
  #draw(names) {
    this.#names = names;
    this.#layer.hidden = names.length === 0;
    document.body.classList.toggle("with_touch_pad", names.length > 0);
    this.#elements = new Map(names.map((name) => [name, partElement(name, this.#words(`pad.${name}`))]));
    this.#layer.replaceChildren(...this.#elements.values());
  }

  get #area() {
    const { left, top, width, height } = this.#layer.getBoundingClientRect();
    return { left, top, width, height };
  }

  get #orientation() {
    const { width, height } = this.#area;
    return ORIENTATIONS[width >= height ? 0 : 1];
  }

  #place() {
    if (!this.isShown) return;
    const area = this.#area;
    this.#parts = placeParts(this.#names, area, this.#placings[this.#orientation]);
    this.#pad.place(this.#parts);
    for (const { name, x, y, radius } of this.#parts) {
      const element = this.#elements.get(name);
      if (element === undefined) continue;
      element.style.setProperty("--radius", `${radius}px`);
      element.style.left = `${x - area.left}px`;
      element.style.top = `${y - area.top}px`;
    }
    this.#tell();
  }

  /** @param {PointerEvent} event */
  #pointer(event) {
    event.preventDefault();
    if (event.type === "pointerdown" && event.target instanceof Element) event.target.setPointerCapture(event.pointerId);
    if (this.#editing) this.#move(event);
    else this.#play(event);
  }

  /** @param {PointerEvent} event */
  #play({ type, pointerId, clientX, clientY }) {
    if (type === "pointerdown") this.#pad.down(pointerId, clientX, clientY);
    else if (type === "pointermove") this.#pad.move(pointerId, clientX, clientY);
    else this.#pad.up(pointerId);
    this.#tell();
  }

  #tell() {
    const { touched } = this.#pad;
    for (const [name, element] of this.#elements) {
      element.classList.toggle("down", touched.has(name));
      const { x, y } = isDirectional(name) ? this.#pad.direction(name) : { x: 0, y: 0 };
      element.style.setProperty("--lean-x", String(x));
      element.style.setProperty("--lean-y", String(y));
    }
    const now = [...touched].sort().join();
    if (this.#haptics && now.length > this.#touched.length) navigator.vibrate?.(TICK_MS);
    this.#touched = now;
    if (this.isShown) this.#handlers.onReading(this.#pad.reading());
  }

  // --- arranging ---

  /** @param {PointerEvent} event */
  #move({ type, target, pointerId, clientX, clientY }) {
    if (type === "pointerdown") {
      const part = this.#parts.find(({ name }) => name === partOf(target));
      if (part === undefined) return;
      this.#choose(part.name);
      this.#drag = { id: pointerId, dx: part.x - clientX, dy: part.y - clientY };
    }
    const drag = this.#drag;
    if (drag === null || drag.id !== pointerId) return;
    this.#change({ x: clientX + drag.dx, y: clientY + drag.dy });
    if (type === "pointerup" || type === "pointercancel") this.#drag = null;
  }

  /** @param {KeyboardEvent} event */
  #nudge(event) {
    const steps = /** @type {Record<string, [number, number]>} */ ({
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    });
    const step = steps[event.code];
    const part = this.#parts.find(({ name }) => name === this.#chosen);
    if (!this.#editing || step === undefined || part === undefined) return;
    event.preventDefault();
    const { width, height } = this.#area;
    this.#change({ x: part.x + step[0] * NUDGE * width, y: part.y + step[1] * NUDGE * height });
  }

  /** @param {number} scale */
  #resize(scale) {
    if (Number.isFinite(scale)) this.#change({ scale });
  }

  /** @param {Partial<PlacedPart>} change */
  #change(change) {
    const part = this.#parts.find(({ name }) => name === this.#chosen);
    if (part === undefined) return;
    const placing = placingOf({ ...part, ...change }, this.#area);
    this.#keep({ ...this.#placings[this.#orientation], [part.name]: placing });
  }

  /** @param {Placings} placings */
  #keep(placings) {
    this.#placings = { ...this.#placings, [this.#orientation]: placings };
    this.#place();
    this.#choose(this.#chosen);
    this.#handlers.onArranged(this.#placings);
  }

  /** @param {PartName | null} name */
  #choose(name) {
    this.#chosen = this.#editing ? name : null;
    for (const [each, element] of this.#elements) element.classList.toggle("chosen", each === this.#chosen);
    const part = this.#parts.find((each) => each.name === this.#chosen);
    if (part !== undefined) this.#size.value = String(part.scale);
  }
}

/**
 * @param {PartName} name
 * @param {string} label
 */
function partElement(name, label) {
  const element = document.createElement("div");
  element.className = `touch_part touch_${name}`;
  element.dataset["part"] = name;
  element.classList.toggle("touch_stick", name.endsWith("stick"));
  element.tabIndex = -1;
  element.setAttribute("role", "button");
  element.setAttribute("aria-label", label);
  const face = document.createElement("span");
  face.className = "touch_face";
  face.textContent = LABELS[name] ?? "";
  element.append(face);
  return element;
}

/** @param {EventTarget | null} target @returns {PartName | null} */
function partOf(target) {
  const part = target instanceof Element ? target.closest("[data-part]") : null;
  return part instanceof HTMLElement ? /** @type {PartName} */ (part.dataset["part"]) : null;
}
