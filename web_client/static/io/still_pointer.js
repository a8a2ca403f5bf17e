// Says in `data-pointer` of the page's body whether the mouse moves, so that what lies over the picture can step back.

/** Without a movement for so long, the mouse stands still. */
const STILL_MS = 3_000;

export class StillPointer {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  constructor() {
    window.addEventListener("pointermove", () => this.#moved(), { passive: true, capture: true });
    this.#moved();
  }

  #moved() {
    document.body.dataset["pointer"] = "moves";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      document.body.dataset["pointer"] = "still";
    }, STILL_MS);
  }
}
