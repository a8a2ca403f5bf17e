// The picture: a <video> element that shows a track and tells of every frame that it shows.

/** @import {Presented} from "../core/frame_log.js" */

export class Stage {
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #onFrame;

  /**
   * @param {HTMLVideoElement} video Stays muted: sound has an element of its own.
   * @param {(frame: Presented | null) => void} onFrame null where the browser does not say which frame it is.
   */
  constructor(video, onFrame) {
    this.video = video;
    this.#onFrame = onFrame;
    this.#follow();
  }

  /** @param {MediaStreamTrack} track */
  show(track) {
    this.#track = track;
    this.video.srcObject = new MediaStream([track]);
    this.video.play().catch(() => {
      // `autoplay` starts a muted video where a script may not; a replaced source ends the promise, too.
    });
  }

  /** The last picture stays until another track is shown. @param {MediaStreamTrack} track */
  shows(track) {
    return this.#track === track;
  }

  clear() {
    this.#track = null;
    this.video.srcObject = null;
  }

  #follow() {
    if (typeof this.video.requestVideoFrameCallback !== "function") {
      this.video.addEventListener("timeupdate", () => this.#onFrame(null));
      return;
    }
    /** @type {VideoFrameRequestCallback} */
    const onFrame = (_, metadata) => {
      this.video.requestVideoFrameCallback(onFrame);
      this.#onFrame(presented(metadata));
    };
    this.video.requestVideoFrameCallback(onFrame);
  }
}

/**
 * @param {VideoFrameCallbackMetadata} metadata
 * @returns {Presented | null}
 */
function presented(metadata) {
  if (metadata.rtpTimestamp === undefined) return null;
  return {
    rtpTs: metadata.rtpTimestamp,
    receivedMs: metadata.receiveTime ?? null,
    presentedMs: Math.max(metadata.presentationTime, metadata.expectedDisplayTime),
  };
}
