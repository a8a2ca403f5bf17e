// Tells whether a connected peer is still worth having. A title that draws nothing new sends no frames, so silence
// alone proves nothing while the worker answers; frames that were sent and never decoded do.

/** Without any word from the worker for this long, the peer is lost. */
export const SILENT_MS = 2_000;

/** Frames told of but not decoded for this long: the decoder is stuck, and a keyframe did not help. */
export const UNDECODED_MS = 2_500;

/** A connected peer that never showed a frame is given up after this long. */
export const FIRST_FRAME_MS = 5_000;

export class MediaWatch {
  #connectedMs;
  #heardMs;
  #decodedMs;
  #framesDecoded = 0;
  /** @type {number | null} When the first frame was told of that is not decoded yet. */
  #undecodedMs = null;

  /** @param {number} nowMs The peer is connected. */
  constructor(nowMs) {
    this.#connectedMs = nowMs;
    this.#heardMs = nowMs;
    this.#decodedMs = nowMs;
  }

  /** Frames decoded so far. */
  get framesDecoded() {
    return this.#framesDecoded;
  }

  /**
   * A story message came.
   * @param {number} nowMs
   * @param {boolean} frame Whether it tells of a frame.
   */
  heard(nowMs, frame) {
    this.#heardMs = nowMs;
    if (frame) this.#undecodedMs ??= nowMs;
  }

  /**
   * The count of decoded frames was read.
   * @param {number} nowMs
   * @param {number} framesDecoded
   */
  decoded(nowMs, framesDecoded) {
    if (framesDecoded <= this.#framesDecoded) return;
    this.#framesDecoded = framesDecoded;
    this.#decodedMs = nowMs;
    this.#heardMs = nowMs;
    this.#undecodedMs = null;
  }

  /** @param {number} nowMs @returns {number} Milliseconds since the last frame. */
  silentMs(nowMs) {
    return Math.round(nowMs - this.#decodedMs);
  }

  /** @param {number} nowMs */
  isLost(nowMs) {
    if (this.#framesDecoded === 0) return nowMs - this.#connectedMs > FIRST_FRAME_MS;
    return nowMs - this.#heardMs > SILENT_MS || (this.#undecodedMs !== null && nowMs - this.#undecodedMs > UNDECODED_MS);
  }
}
