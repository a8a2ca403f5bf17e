// The title's sound, in an element and a MediaStream of its own so that lip-sync never holds the picture back.
//
// Browsers allow sound only after the player did something. It is tried once; where it is refused it plays muted, and
// the first click or key press lets it be heard. The element is never unmuted without one.

/** What browsers take for a player's own act. */
const GESTURES = ["keydown", "mousedown", "pointerup", "touchend", "click"];

export class Sound {
  #element;
  #onBlocked;
  #blocked = false;
  #muted = false;
  #abort = new AbortController();

  /**
   * @param {HTMLAudioElement} element
   * @param {(blocked: boolean) => void} onBlocked Whether a click is needed for sound.
   */
  constructor(element, onBlocked) {
    this.#element = element;
    this.#onBlocked = onBlocked;
    for (const name of GESTURES) {
      window.addEventListener(name, () => this.#unlock(), { capture: true, signal: this.#abort.signal });
    }
  }

  /**
   * @param {number} volume 0 to 1; phones that keep loudness to themselves ignore it.
   * @param {boolean} muted By the player.
   */
  setLevel(volume, muted) {
    this.#element.volume = volume;
    this.#muted = muted;
    this.#apply();
    if (!muted) void this.#unlock();
  }

  /** @param {MediaStreamTrack} track */
  async play(track) {
    this.#element.srcObject = new MediaStream([track]);
    if (await this.#start()) return;
    this.#block(true);
    await this.#start();
  }

  stop() {
    this.#abort.abort();
    this.#element.srcObject = null;
  }

  async #unlock() {
    if (this.#element.srcObject === null || !(this.#blocked || this.#element.paused)) return;
    if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return;
    this.#blocked = false;
    this.#apply();
    const plays = await this.#start();
    this.#block(!plays);
    if (!plays) await this.#start();
  }

  /** @param {boolean} blocked */
  #block(blocked) {
    this.#blocked = blocked;
    this.#apply();
    // Nobody needs to click for sound that the player has turned off.
    this.#onBlocked(blocked && !this.#muted);
  }

  #apply() {
    this.#element.muted = this.#blocked || this.#muted;
  }

  /** @returns {Promise<boolean>} Whether it plays; a newer stream that takes its place counts as not. */
  async #start() {
    try {
      await this.#element.play();
      return true;
    } catch {
      return false;
    }
  }
}
