// What a seated player plays with: devices, the pad drawn for fingers, the title's cursor. Made once the broker has
// seated this tab, gone when all is over; the menu borrows it.

import { PLAIN_MAP } from "../core/pad_map.js";
import { isForSeats } from "../core/pads.js";
import { isFinal, myself } from "../core/session_state.js";
import { CursorImage } from "./cursor_image.js";
import { Devices } from "./devices.js";
import { padName } from "./pads_section.js";
import { byId } from "./screens.js";
import { TouchControls } from "./touch_controls.js";
import { TouchWish } from "./touch_wish.js";

/** @import {Cursor, DeviceEvent, Rumble} from "../types.js" */
/** @import {PadReading} from "../core/pads.js" */
/** @import {PageState} from "../core/session_state.js" */
/** @import {TouchMode} from "../core/settings.js" */
/** @import {Words} from "../strings/words.js" */
/** @import {SettingsStore} from "./settings_store.js" */
/** @import {Toast} from "./toast.js" */

/**
 * @typedef {object} SeatHandlers
 * @property {(event: DeviceEvent, stampMs?: number) => void} push
 * @property {() => boolean} holdsAnything
 * @property {() => void} onOverlayKey
 * @property {() => void} onMenu
 * @property {(pads: readonly PadReading[], raw: readonly PadReading[]) => void} onMenuPads
 * @property {(pads: readonly Gamepad[]) => void} onPads Which real pads are plugged in.
 * @property {(mode: TouchMode, possible: boolean) => void} onTouch How fingers play, and whether they can.
 */

export class PlayerSeat {
  #words;
  #store;
  #toast;
  #handlers;
  /** @type {Devices | null} */
  #devices = null;
  #textWanted = false;
  #arranging = false;
  #playing = false;
  /** @type {readonly number[]} */
  #seats = [];
  #stage;
  #pointerHint = byId("hint_pointer", HTMLElement);
  #keyboardButton = byId("button_keyboard", HTMLButtonElement);
  #cursor;
  #wish;
  #touch;

  /**
   * @param {HTMLVideoElement} stage
   * @param {Words} words
   * @param {SettingsStore} store
   * @param {Toast} toast
   * @param {SeatHandlers} handlers
   */
  constructor(stage, words, store, toast, handlers) {
    this.#stage = stage;
    this.#words = words;
    this.#store = store;
    this.#toast = toast;
    this.#handlers = handlers;
    this.#cursor = new CursorImage(stage);
    this.#wish = new TouchWish(store, () => this.showTouch());
    this.#touch = new TouchControls(words, {
      onReading: (reading) => this.#devices?.drawPad(reading),
      onArranged: (placings) => this.#wish.choose({ placings }),
      onDone: () => this.arrange(false),
    });
    this.#keyboardButton.onclick = () => this.#devices?.toggleTextEntry();
    window.addEventListener("blur", () => this.#touch.release());
  }

  /** @param {PageState} state */
  follow(state) {
    const over = isFinal(state);
    const seated = state.role === "player" && state.participantIndex !== null && !over;
    this.#seats = myself(state)?.seats ?? [];
    this.#playing = state.phase === "playing" || state.phase === "reconnecting";
    if (seated && this.#devices === null) this.#devices = this.#makeDevices();
    if (seated && state.titleId !== null) this.#wish.learn(state.titleId, state.title?.touch ?? null);
    if (!seated) this.#leave();
    this.showTouch();
  }

  /** @param {boolean} toMenu Whether the devices work the menu instead of playing. */
  lend(toMenu) {
    this.#touch.release();
    this.#devices?.lend(toMenu);
    this.#handlers.onPads(this.#devices?.pads ?? []);
  }

  /** @param {TouchMode} mode */
  playByTouch(mode) {
    this.#wish.choose({ mode });
  }

  /** @param {boolean} arranging Whether the drawn pad is arranged instead of played. */
  arrange(arranging) {
    this.#arranging = arranging;
    this.#touch.edit(arranging);
    this.#devices?.lend(arranging);
  }

  /** The pad is drawn where fingers play a title with it, unless a real one is plugged in. */
  showTouch() {
    const possible = this.#devices !== null && this.#wish.isByTouch;
    const drawn = possible && this.#playing && this.#wish.mode === "pad" && this.#devices?.pads.length === 0;
    this.#handlers.onTouch(this.#wish.mode, possible);
    if (this.#arranging && !drawn) this.arrange(false);
    this.#touch.show(drawn ? this.#wish.parts : [], this.#wish.placings, this.#store.current.haptics);
  }

  /** @param {Cursor} cursor */
  takeCursor(cursor) {
    this.#cursor.show(cursor);
    this.#devices?.takeCursor(cursor);
  }

  /** @param {Rumble} rumble */
  rumble(rumble) {
    if (isForSeats(rumble, this.#seats)) this.#devices?.rumble(rumble);
  }

  /** @param {boolean} wanted Whether the title takes text. */
  wantText(wanted) {
    if (wanted === this.#textWanted) return;
    this.#textWanted = wanted;
    this.#keyboardButton.hidden = !wanted || this.#devices === null;
    this.#devices?.wantText(wanted);
  }

  #makeDevices() {
    const { push, holdsAnything, onOverlayKey, onMenu, onMenuPads } = this.#handlers;
    return new Devices(this.#stage, byId("text_entry", HTMLTextAreaElement), {
      push, holdsAnything, onOverlayKey, onMenu, onMenuPads,
      onLock: (lock) => {
        this.#pointerHint.hidden = lock !== "wanted";
      },
      mapOf: (id) => this.#store.current.padMaps.get(id) ?? PLAIN_MAP,
      onPlug: ({ id, index }, connected) => {
        const key = connected ? "pads.plugged" : "pads.unplugged";
        this.#toast.show(this.#words(key, { name: padName(id), number: index + 1 }));
        this.#handlers.onPads(this.#devices?.pads ?? []);
        this.showTouch();
      },
    });
  }

  #leave() {
    this.#devices?.stop();
    this.#devices = null;
    this.#cursor.reset();
    this.#pointerHint.hidden = true;
    this.#keyboardButton.hidden = true;
  }
}
