// Polls pads, since browsers tell of no change by themselves, and lets them rumble. The pad that is drawn for fingers
// is one of them: it takes the first place that no real pad has.

import { mapped } from "../core/pad_map.js";
import { MenuHold } from "../core/menu_pads.js";
import { PadTracker } from "../core/pads.js";
import { PADS_MAX } from "../wire/constants.js";

/** @import {DeviceEvent, Rumble} from "../types.js" */
/** @import {PadReading} from "../core/pads.js" */

const POLL_MS = 4;

/** @typedef {{index: number, id: string}} PluggedPad */
/**
 * @typedef {object} PadHandlers
 * @property {(id: string) => readonly number[]} mapOf How the pad with this id is mapped.
 * @property {(pad: PluggedPad, connected: boolean) => void} onPlug
 * @property {() => void} onMenu The buttons that open the menu were held.
 * @property {(pads: readonly PadReading[], raw: readonly PadReading[]) => void} onMenuPads Real pads, mapped and as
 *   they are, while the menu has them.
 */

export class Gamepads {
  #push;
  #handlers;
  #tracker = new PadTracker();
  #hold = new MenuHold();
  #abort = new AbortController();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  /** @type {PadReading | null} */
  #drawn = null;
  #forMenu = false;
  /** Buttons that were pressed for the menu must be let go before the title hears of any. */
  #stale = false;

  /**
   * @param {(event: DeviceEvent) => void} push
   * @param {PadHandlers} handlers
   */
  constructor(push, handlers) {
    this.#push = push;
    this.#handlers = handlers;
    const { signal } = this.#abort;
    for (const name of /** @type {const} */ (["gamepadconnected", "gamepaddisconnected"])) {
      window.addEventListener(name, ({ gamepad }) => {
        this.#look();
        if (gamepad.index < PADS_MAX) handlers.onPlug(gamepad, name === "gamepadconnected");
      }, { signal });
    }
    this.#look();
  }

  /** Real pads that are plugged in. @returns {Gamepad[]} */
  get plugged() {
    return this.#real().filter((pad) => pad !== null);
  }

  /** Everything was released elsewhere: what is still pressed is said again at the next look. */
  forget() {
    this.#tracker.forgetStates();
  }

  /** @param {boolean} forMenu Whether the pads move through the menu instead of playing. */
  lend(forMenu) {
    this.#stale ||= this.#forMenu && !forMenu;
    this.#forMenu = forMenu;
  }

  /** @param {PadReading | null} reading Of the pad that is drawn for fingers; null without one. */
  draw(reading) {
    this.#drawn = reading;
    this.#look();
  }

  stop() {
    this.#abort.abort();
    clearInterval(this.#timer);
  }

  /** @param {Rumble} motors */
  rumble({ pad, low, high, duration_ms }) {
    const pads = this.#real();
    const real = pads[pad];
    if (!real) {
      if (this.#drawn !== null && pad === firstFree(pads) && low + high > 0) navigator.vibrate?.(duration_ms);
      return;
    }
    Promise.resolve(real.vibrationActuator?.playEffect("dual-rumble", {
      duration: duration_ms, strongMagnitude: low / 0xffff, weakMagnitude: high / 0xffff,
    })).catch(() => {
      // A pad that was just pulled out cannot rumble; nothing is lost.
    });
  }

  /** @returns {(Gamepad | null)[]} */
  #real() {
    if (typeof navigator.getGamepads !== "function") return [];
    return [...navigator.getGamepads()].slice(0, PADS_MAX).map((pad) => (pad?.connected ? pad : null));
  }

  #look() {
    this.#poll();
    clearInterval(this.#timer);
    if (this.plugged.length > 0) this.#timer = setInterval(() => this.#poll(), POLL_MS);
  }

  #poll() {
    if (document.hidden) return;
    const real = this.#real();
    const pads = real.map((pad) => (pad === null ? null : mapped(pad, this.#handlers.mapOf(pad.id))));
    const playing = pads.filter((pad) => pad !== null);
    if (this.#forMenu) {
      this.#handlers.onMenuPads(playing, real.filter((pad) => pad !== null));
      return;
    }
    if (this.#hold.look(playing, performance.now())) {
      this.#handlers.onMenu();
      return;
    }
    this.#stale &&= playing.some(({ buttons }) => buttons.some(({ pressed }) => pressed));
    if (this.#stale) return;
    for (const event of this.#tracker.look(this.#withDrawn(pads))) this.#push(event);
  }

  /** @param {(PadReading | null)[]} pads */
  #withDrawn(pads) {
    const free = firstFree(pads);
    if (this.#drawn === null || free === null) return pads;
    const all = [...pads];
    all[free] = this.#drawn;
    return all;
  }
}

/**
 * The place of the pad that is drawn for fingers, null where real ones have all.
 * @param {readonly (PadReading | Gamepad | null)[]} pads
 */
function firstFree(pads) {
  for (let index = 0; index < PADS_MAX; index += 1) if (!pads[index]) return index;
  return null;
}
