// The title's cursor as the page's own: drawn by the browser at the player's hand, without any delay.

/** @import {Cursor} from "../types.js" */

export class CursorImage {
  #stage;
  #shape = "";
  #last = "";

  /** @param {HTMLElement} stage */
  constructor(stage) {
    this.#stage = stage;
  }

  /** @param {Cursor} cursor */
  show(cursor) {
    if (cursor.width > 0 && cursor.height > 0) this.#shape = this.#draw(cursor);
    this.#set(cursor.visible ? this.#shape : "none");
  }

  reset() {
    this.#shape = "";
    this.#set("");
  }

  /** @param {string} value */
  #set(value) {
    if (value === this.#last) return;
    this.#last = value;
    this.#stage.style.cursor = value;
  }

  /** @param {Cursor} cursor */
  #draw({ width, height, hot_x, hot_y, rgba }) {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    if (context === null) return "";
    context.putImageData(new ImageData(new Uint8ClampedArray(rgba), width, height), 0, 0);
    return `url(${canvas.toDataURL()}) ${Math.min(hot_x, width - 1)} ${Math.min(hot_y, height - 1)}, auto`;
  }
}
