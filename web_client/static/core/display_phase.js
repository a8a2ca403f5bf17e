// Finds out at which moment between two refreshes of the display frames become ready, and how much later they should:
// just before a refresh, so that no frame waits for long and none comes a little too late and waits a whole refresh.
//
// A browser says of each frame when it was ready for the compositor and at which refresh it was taken; the difference
// is what it waited. As it can only be known modulo a refresh, its mean is that of angles on a circle; where these
// spread all over, as with a display whose rate has nothing to do with the frames', there is nothing to be in step
// with.

/** Frames that a judgement takes: a second at 60 per second. */
const FRAMES = 60;

/** Least length of the mean of the angles: 0 is all over the circle, 1 is all at one place. */
const CONCENTRATED = 0.6;

/** Kept between a frame that is as late as one in twenty is, and its refresh. */
const SAFETY_MS = 1;

/** Moves below this are not worth the message. */
const DEAD_BAND_MS = 0.7;

/** The title moves by a hundredth of each frame's length, so a move takes a hundred times its own. */
const SETTLE_FACTOR = 100;
const SETTLE_MORE_MS = 300;

/** Moves in a row after which nothing had moved: the title keeps its own time. */
const IGNORED_MAX = 3;

/** @typedef {{readyMs: number, refreshMs: number}} ReadyFrame Both on the page's clock. */

export class DisplayPhase {
  /** @type {ReadyFrame[]} */
  #frames = [];
  #quietUntilMs = 0;
  /** @type {{waitMs: number, laterMs: number} | null} */
  #asked = null;
  #ignored = 0;

  /**
   * Take a shown frame; now and then comes back with how much later frames should be ready.
   * @param {ReadyFrame} frame
   * @returns {number | null} Milliseconds, negative for earlier.
   */
  add(frame) {
    if (this.#ignored >= IGNORED_MAX || frame.refreshMs < this.#quietUntilMs) return null;
    this.#frames.push(frame);
    if (this.#frames.length < FRAMES) return null;
    const judged = judge(this.#frames);
    this.#frames = [];
    return judged === null ? null : this.#decide(judged, frame.refreshMs);
  }

  /**
   * @param {Waiting} judged
   * @param {number} nowMs
   */
  #decide({ waitMs, lateMs, periodMs }, nowMs) {
    if (this.#asked !== null) {
      const movedMs = wrap(this.#asked.waitMs - waitMs, periodMs);
      const missedMs = Math.abs(wrap(movedMs - this.#asked.laterMs, periodMs));
      this.#ignored = missedMs > Math.abs(this.#asked.laterMs) / 2 + DEAD_BAND_MS ? this.#ignored + 1 : 0;
      this.#asked = null;
      if (this.#ignored >= IGNORED_MAX) return null;
    }
    const laterMs = wrap(waitMs - Math.min(SAFETY_MS + lateMs, periodMs / 2), periodMs);
    if (Math.abs(laterMs) < DEAD_BAND_MS) return null;
    this.#asked = { waitMs, laterMs };
    this.#quietUntilMs = nowMs + SETTLE_FACTOR * Math.abs(laterMs) + SETTLE_MORE_MS;
    return laterMs;
  }
}

/**
 * @typedef {{waitMs: number, lateMs: number, periodMs: number}} Waiting How long frames wait for their refresh, how
 *   much less it is for the latest twentieth of them, and how long a refresh lasts as far as these frames show.
 */

/**
 * @param {readonly ReadyFrame[]} frames
 * @returns {Waiting | null} null if there is no one moment at which they are ready.
 */
function judge(frames) {
  const gaps = frames.slice(1).map(({ refreshMs }, at) => refreshMs - (frames[at]?.refreshMs ?? 0));
  const periodMs = sorted(gaps)[gaps.length >> 1] ?? 0;
  if (!(periodMs > 0)) return null;
  let [x, y] = [0, 0];
  for (const { readyMs, refreshMs } of frames) {
    const angle = (2 * Math.PI * (refreshMs - readyMs)) / periodMs;
    x += Math.cos(angle) / frames.length;
    y += Math.sin(angle) / frames.length;
  }
  if (Math.hypot(x, y) < CONCENTRATED) return null;
  const waitMs = (Math.atan2(y, x) * periodMs) / (2 * Math.PI);
  const off = sorted(frames.map(({ readyMs, refreshMs }) => wrap(refreshMs - readyMs - waitMs, periodMs)));
  return { waitMs, lateMs: -(off[Math.floor(off.length / 20)] ?? 0), periodMs };
}

/** @param {number[]} values */
function sorted(values) {
  return values.sort((a, b) => a - b);
}

/**
 * The same moment within half a period around 0.
 * @param {number} ms
 * @param {number} periodMs
 */
function wrap(ms, periodMs) {
  return ms - periodMs * Math.round(ms / periodMs);
}
