// Statistics of a picture that comes over a WebSocket into a VideoDecoder, in the terms of an RTP receiver's, so that
// the bench reads both alike. What such a page has no figure for is left out.
(() => {
  const received = { bytesReceived: 0, framesDecoded: 0, frameWidth: 0, frameHeight: 0, mimeType: "none" };

  const NativeSocket = window.WebSocket;
  window.WebSocket = class WebSocket extends NativeSocket {
    constructor(...parameters) {
      super(...parameters);
      this.addEventListener("message", ({ data }) => {
        if (typeof data !== "string") received.bytesReceived += data.byteLength ?? data.size;
      });
    }
  };

  const NativeDecoder = window.VideoDecoder;
  window.VideoDecoder = class VideoDecoder extends NativeDecoder {
    constructor({ output, error }) {
      super({
        output(frame) {
          received.framesDecoded += 1;
          received.frameWidth = frame.displayWidth;
          received.frameHeight = frame.displayHeight;
          output(frame);
        },
        error,
      });
    }

    configure(config) {
      received.mimeType = config.codec;
      super.configure(config);
    }
  };

  // The probe may be injected after this.
  addEventListener("DOMContentLoaded", () => {
    window.probe.video = async () => ({ ...received, timestamp: performance.timeOrigin + performance.now() });
  });
})();
