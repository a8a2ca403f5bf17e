// A steady tick that hidden tabs get as well: their own timers run once a second, a worker's do not.

export class Ticker {
  #worker;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /**
   * @param {number} everyMs
   * @param {() => void} onTick
   */
  constructor(everyMs, onTick) {
    this.#worker = new Worker(new URL("./ticker_worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = onTick;
    this.#worker.onerror = () => {
      this.#worker.terminate();
      this.#timer ??= setInterval(onTick, everyMs);
    };
    this.#worker.postMessage(everyMs);
  }

  stop() {
    this.#worker.terminate();
    clearInterval(this.#timer);
  }
}
