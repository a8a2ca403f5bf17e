// Polls pads, since browsers tell of no change by themselves, and lets them rumble.

import { PadTracker } from "../core/pads.js";

/** @import {DeviceEvent, Rumble} from "../types.js" */

const POLL_MS = 4;

export class Gamepads {
  #push;
  #tracker = new PadTracker();
  #abort = new AbortController();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {(event: DeviceEvent) => void} push */
  constructor(push) {
    this.#push = push;
    const { signal } = this.#abort;
    for (const name of ["gamepadconnected", "gamepaddisconnected"]) {
      window.addEventListener(name, () => this.#look(), { signal });
    }
    this.#look();
  }

  /** Everything was released elsewhere: what is still pressed is said again at the next look. */
  forget() {
    this.#tracker.forgetStates();
  }

  stop() {
    this.#abort.abort();
    clearInterval(this.#timer);
  }

  /** @param {Rumble} rumble */
  rumble({ pad, low, high, duration_ms }) {
    const actuator = navigator.getGamepads()[pad]?.vibrationActuator;
    actuator?.playEffect("dual-rumble", {
      duration: duration_ms, strongMagnitude: low / 0xffff, weakMagnitude: high / 0xffff,
    }).catch(() => {
      // A pad that was just pulled out cannot rumble; nothing is lost.
    });
  }

  #look() {
    if (document.hidden || typeof navigator.getGamepads !== "function") return;
    for (const event of this.#tracker.look(navigator.getGamepads())) this.#push(event);
    clearInterval(this.#timer);
    if (this.#tracker.any) this.#timer = setInterval(() => this.#poll(), POLL_MS);
  }

  #poll() {
    if (document.hidden) return;
    for (const event of this.#tracker.look(navigator.getGamepads())) this.#push(event);
    if (!this.#tracker.any) clearInterval(this.#timer);
  }
}
