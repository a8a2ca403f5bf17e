// What current browsers have and TypeScript's DOM library does not know yet.

export {};

declare global {
  interface Window {
    /** What tests and the bench read. */
    farplay?: { stats(): Record<string, unknown> };
  }
  interface RTCRtpReceiver {
    /** Chrome's older name of `jitterBufferTarget`, in seconds. */
    playoutDelayHint?: number | null;
  }
  interface Navigator {
    /** Chromium's; full screen then hands the system's keys to the page. */
    keyboard?: { lock?(): Promise<void> };
  }
  interface VideoFrame {
    /** Chromium's; of a frame that came over RTP. */
    metadata(): { rtpTimestamp?: number };
  }
  /** Chromium's: a track as a stream of its frames. */
  class MediaStreamTrackProcessor {
    constructor(init: { track: MediaStreamTrack; maxBufferSize?: number });
    readonly readable: ReadableStream<VideoFrame>;
  }
  interface HTMLElementEventMap {
    pointerrawupdate: PointerEvent;
  }
  interface WindowEventMap {
    pointerrawupdate: PointerEvent;
  }
}
