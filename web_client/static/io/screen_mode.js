// The device's screen while somebody plays: full screen with its keys and its orientation, zoomed, and kept awake.

export class ScreenMode {
  #onChange;
  #awake = false;
  /** @type {WakeLockSentinel | null} */
  #lock = null;

  /** @param {(isFull: boolean) => void} onChange Full screen began or ended, by whomever. */
  constructor(onChange) {
    this.#onChange = onChange;
    document.addEventListener("fullscreenchange", () => this.#changed());
    document.addEventListener("visibilitychange", () => void this.#hold());
    const view = window.visualViewport;
    view?.addEventListener("resize", () => document.body.classList.toggle("zoomed", view.scale > 1));
  }

  /** Whether this device can show the page on all of its screen; iPhones cannot. */
  get canBeFull() {
    return document.fullscreenEnabled === true;
  }

  get isFull() {
    return document.fullscreenElement !== null;
  }

  /** Must come from the player's own act. */
  async toggleFull() {
    try {
      if (this.isFull) await document.exitFullscreen();
      else await document.documentElement.requestFullscreen({ navigationUI: "hide" });
    } catch {
      // Refused, as in an embedded page: it goes on in the window.
    }
  }

  /** @param {boolean} awake Whether the screen stays on without anybody touching it. */
  keepAwake(awake) {
    if (awake === this.#awake) return;
    this.#awake = awake;
    void this.#hold();
  }

  #changed() {
    this.#onChange(this.isFull);
    if (!this.isFull) return;
    // Tab, Escape and the system's own keys then reach the title; Escape held long still leaves full screen.
    navigator.keyboard?.lock?.().catch(() => {});
    if (matchMedia("(pointer: coarse)").matches) screen.orientation?.lock?.("landscape").catch(() => {});
  }

  /** The browser takes the lock back whenever the page is hidden. */
  async #hold() {
    if (this.#awake && !document.hidden && navigator.wakeLock && (this.#lock?.released ?? true)) {
      this.#lock = await navigator.wakeLock.request("screen").catch(() => null);
    }
    if (!this.#awake) {
      await this.#lock?.release();
      this.#lock = null;
    }
  }
}
