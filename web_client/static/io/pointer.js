// Mouse, pen, wheel and fingers over the picture.
//
// `pointerrawupdate` comes when the device moves, `pointermove` only with the next animation frame; where the former
// exists the latter is ignored. Buttons come from mouse events, since pointer events report only the first one.

import { Accumulator, pictureRect, toPicture, wheelSteps } from "../core/picture_geometry.js";
import { EventType, TouchPhase } from "../wire/constants.js";

/** @import {DeviceEvent, TouchPhaseCode} from "../types.js" */

const POINTER = 1;
const TOUCH = 2;
const BUTTONS = 5;
const FINGERS_MAX = 10;

export class Pointer {
  #stage;
  #push;
  #isLocked;
  #abort = new AbortController();
  /** @type {Map<number, number>} Pointer ids that touch, and their fingers. */
  #fingers = new Map();
  #restX = new Accumulator();
  #restY = new Accumulator();
  #wheelX = new Accumulator();
  #wheelY = new Accumulator();
  #buttonsDown = new Set();

  /**
   * @param {HTMLVideoElement} stage
   * @param {(event: DeviceEvent, stampMs: number) => void} push
   * @param {() => boolean} isLocked Whether the pointer is captured: then movements count, not positions.
   */
  constructor(stage, push, isLocked) {
    this.#stage = stage;
    this.#push = push;
    this.#isLocked = isLocked;
    const { signal } = this.#abort;
    const moved = "onpointerrawupdate" in window ? "pointerrawupdate" : "pointermove";
    stage.addEventListener(moved, (event) => this.#moved(event), { signal });
    stage.addEventListener("pointerdown", (event) => this.#touched(event, TouchPhase.DOWN), { signal });
    stage.addEventListener("pointerup", (event) => this.#touched(event, TouchPhase.UP), { signal });
    stage.addEventListener("pointercancel", (event) => this.#touched(event, TouchPhase.CANCEL), { signal });
    stage.addEventListener("mousedown", (event) => this.#button(event, true), { signal });
    window.addEventListener("mouseup", (event) => this.#button(event, false), { signal });
    stage.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
    for (const name of ["contextmenu", "dragstart", "auxclick"]) {
      stage.addEventListener(name, (event) => event.preventDefault(), { signal });
    }
  }

  /** Everything was released elsewhere. */
  forget() {
    this.#fingers.clear();
    this.#buttonsDown.clear();
  }

  stop() {
    this.#abort.abort();
  }

  #rect() {
    const { videoWidth, videoHeight } = this.#stage;
    return pictureRect(this.#stage.getBoundingClientRect(), videoWidth, videoHeight);
  }

  /** @param {PointerEvent} event */
  #moved(event) {
    if (event.pointerType === "touch") this.#touched(event, TouchPhase.MOVE);
    else if (this.#isLocked()) this.#movedBy(event);
    else this.#movedTo(event);
  }

  /** @param {MouseEvent} event */
  #movedTo(event) {
    const position = toPicture(this.#rect(), event.clientX, event.clientY);
    this.#push({ type: EventType.MOUSE_ABS, device: POINTER, ...position }, event.timeStamp);
  }

  /** @param {PointerEvent} event */
  #movedBy(event) {
    const scale = (this.#stage.videoWidth || 1) / this.#rect().width;
    const dx = this.#restX.take(event.movementX * scale);
    const dy = this.#restY.take(event.movementY * scale);
    if (dx !== 0 || dy !== 0) {
      this.#push({ type: EventType.MOUSE_REL, device: POINTER, dx, dy }, event.timeStamp);
    }
  }

  /**
   * @param {MouseEvent} event
   * @param {boolean} down
   */
  #button(event, down) {
    if (event.button >= BUTTONS || down === this.#buttonsDown.has(event.button)) return;
    event.preventDefault();
    if (down) {
      this.#buttonsDown.add(event.button);
      const focused = document.activeElement;
      if (focused instanceof HTMLElement && !(focused instanceof HTMLTextAreaElement)) focused.blur();
    } else this.#buttonsDown.delete(event.button);
    if (!this.#isLocked()) this.#movedTo(event);
    this.#push({ type: EventType.MOUSE_BUTTON, device: POINTER, button: event.button, down }, event.timeStamp);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    const dx = this.#wheelX.take(wheelSteps(event.deltaX, event.deltaMode));
    const dy = this.#wheelY.take(-wheelSteps(event.deltaY, event.deltaMode));
    if (dx !== 0 || dy !== 0) this.#push({ type: EventType.WHEEL, device: POINTER, dx, dy }, event.timeStamp);
  }

  /**
   * @param {PointerEvent} event
   * @param {TouchPhaseCode} phase
   */
  #touched(event, phase) {
    if (event.pointerType !== "touch") return;
    event.preventDefault();
    const finger = phase === TouchPhase.DOWN ? this.#newFinger(event.pointerId) : this.#fingers.get(event.pointerId);
    if (finger === undefined) return;
    if (phase === TouchPhase.UP || phase === TouchPhase.CANCEL) this.#fingers.delete(event.pointerId);
    const position = toPicture(this.#rect(), event.clientX, event.clientY);
    this.#push({ type: EventType.TOUCH, device: TOUCH, finger, phase, ...position }, event.timeStamp);
  }

  /** @param {number} pointerId */
  #newFinger(pointerId) {
    const taken = new Set(this.#fingers.values());
    for (let finger = 0; finger < FINGERS_MAX; finger += 1) {
      if (taken.has(finger)) continue;
      this.#fingers.set(pointerId, finger);
      return finger;
    }
    return undefined;
  }
}
