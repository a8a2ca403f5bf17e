// Captures the mouse while the title wants movements instead of positions. Browsers give it only after a click, some
// refuse unaccelerated movement, some refuse altogether; positions go on being sent until it is given.

export class PointerLock {
  #stage;
  #wanted = false;
  #onChange;
  #abort = new AbortController();

  /**
   * @param {HTMLElement} stage
   * @param {(state: "off" | "wanted" | "locked") => void} onChange
   */
  constructor(stage, onChange) {
    this.#stage = stage;
    this.#onChange = onChange;
    const { signal } = this.#abort;
    document.addEventListener("pointerlockchange", () => this.#tell(), { signal });
    stage.addEventListener("mousedown", () => this.#wanted && this.#lock(), { signal });
  }

  get isLocked() {
    return document.pointerLockElement === this.#stage;
  }

  /** @param {boolean} wanted */
  want(wanted) {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (wanted && navigator.userActivation?.isActive) this.#lock();
    if (!wanted && this.isLocked) document.exitPointerLock();
    this.#tell();
  }

  /** Let the mouse go; the next click on the picture captures it again while that is wanted. */
  release() {
    if (this.isLocked) document.exitPointerLock();
  }

  stop() {
    this.#wanted = false;
    this.release();
    this.#abort.abort();
  }

  #tell() {
    this.#onChange(this.isLocked ? "locked" : this.#wanted ? "wanted" : "off");
  }

  async #lock() {
    if (this.isLocked) return;
    try {
      await this.#stage.requestPointerLock({ unadjustedMovement: true });
    } catch (error) {
      const plain = error instanceof DOMException && error.name === "NotSupportedError";
      if (plain) await Promise.resolve(this.#stage.requestPointerLock()).catch(() => this.#tell());
    }
  }
}
