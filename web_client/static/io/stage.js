// The picture: a <video> element that shows a track and tells of every frame that it shows.

/** @import {Presented} from "../core/frame_log.js" */
/** @import {ReadyFrame} from "../core/display_phase.js" */
/** @typedef {Presented & ReadyFrame} StageFrame What `requestVideoFrameCallback` says of a frame. */

export class Stage {
  #onFrame;
  /** Ends the wait for a track that has no pictures yet. */
  #waiting = new AbortController();

  /**
   * @param {HTMLVideoElement} video Stays muted: sound has an element of its own.
   * @param {(frame: StageFrame | null) => void} onFrame null where the browser does not say which frame it is.
   */
  constructor(video, onFrame) {
    this.video = video;
    this.#onFrame = onFrame;
    this.#follow();
  }

  /**
   * Show a track as soon as it has pictures: a new source empties the video, and the last picture stays until then.
   * @param {MediaStreamTrack} track
   */
  show(track) {
    this.#waiting.abort();
    this.#waiting = new AbortController();
    const { signal } = this.#waiting;
    if (this.video.srcObject === null || !track.muted) this.#play(track);
    else track.addEventListener("unmute", () => this.#play(track), { once: true, signal });
  }

  /** Keep the last picture while the track ends: Chromium shows a black one then, unless the video is paused. */
  hold() {
    this.#waiting.abort();
    this.video.pause();
  }

  /** @param {MediaStreamTrack} track */
  #play(track) {
    this.video.srcObject = new MediaStream([track]);
    this.video.play().catch(() => {
      // `autoplay` starts a muted video where a script may not; a replaced source ends the promise, too.
    });
  }

  #follow() {
    if (typeof this.video.requestVideoFrameCallback !== "function") {
      this.video.addEventListener("timeupdate", () => this.#onFrame(null));
      return;
    }
    /** @type {VideoFrameRequestCallback} */
    const onFrame = (nowMs, metadata) => {
      this.video.requestVideoFrameCallback(onFrame);
      this.#onFrame(presented(nowMs, metadata));
    };
    this.video.requestVideoFrameCallback(onFrame);
  }
}

/**
 * @param {number} nowMs The refresh in which the browser tells of the frame.
 * @param {VideoFrameCallbackMetadata} metadata
 * @returns {StageFrame | null}
 */
function presented(nowMs, metadata) {
  if (metadata.rtpTimestamp === undefined) return null;
  // Chromium at times expects every frame one refresh later than it draws it, for seconds on end.
  const refreshMs = Math.min(nowMs, metadata.expectedDisplayTime);
  return {
    rtpTs: metadata.rtpTimestamp,
    receivedMs: metadata.receiveTime ?? null,
    presentedMs: Math.max(metadata.presentationTime, refreshMs),
    readyMs: metadata.presentationTime,
    refreshMs,
  };
}
