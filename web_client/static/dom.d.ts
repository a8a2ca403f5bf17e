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
  interface HTMLElementEventMap {
    pointerrawupdate: PointerEvent;
  }
  interface WindowEventMap {
    pointerrawupdate: PointerEvent;
  }
}
