// Runs as a dedicated worker: a report on the channel for each frame of the stream, both of which messages bring.

import { encodeFrameReport } from "../wire/frame_story.js";

/** @type {RTCDataChannel | null} */
let channel = null;

/** @param {MessageEvent<{channel?: RTCDataChannel, readable?: ReadableStream<VideoFrame>}>} event */
self.onmessage = ({ data }) => {
  if (data.channel) channel = data.channel;
  if (data.readable) void report(data.readable.getReader());
};

/** @param {ReadableStreamDefaultReader<VideoFrame>} frames */
async function report(frames) {
  for (;;) {
    const { value: frame, done } = await frames.read();
    if (done) return;
    const { rtpTimestamp } = frame.metadata();
    frame.close();
    if (rtpTimestamp !== undefined && channel?.readyState === "open") channel.send(encodeFrameReport(rtpTimestamp));
  }
}
