// Statistics of a picture that reaches the page in another way than RTP and is decoded by a VideoDecoder, in the terms
// of an RTP receiver's, so that the bench reads both alike. What there is no figure for is left out.
(() => {
  const received = { bytesReceived: 0, framesDecoded: 0, frameWidth: 0, frameHeight: 0, mimeType: "none" };

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

    decode(chunk) {
      received.bytesReceived += chunk.byteLength;
      super.decode(chunk);
    }
  };

  // The probe may be injected after this.
  addEventListener("DOMContentLoaded", () => {
    window.probe.video = async () => ({ ...received, timestamp: performance.timeOrigin + performance.now() });
  });
})();
