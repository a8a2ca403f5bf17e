// The bench's statistics of a picture that a page decodes by itself.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import vm from "node:vm";

const SCRIPT = new URL("../bench/baselines/selkies/decoded_video.js", import.meta.url);

class FakeDecoder {
  constructor({ output, error }) {
    Object.assign(this, { output, error, configured: null, decoded: [] });
  }

  configure(config) {
    this.configured = config;
  }

  decode(chunk) {
    this.decoded.push(chunk);
    if (chunk.byteLength > 0) this.output({ displayWidth: 1280, displayHeight: 720, chunk });
    else this.error("empty");
  }
}

function page() {
  const loaded = [];
  const window = { VideoDecoder: FakeDecoder, probe: {} };
  vm.runInNewContext(readFileSync(SCRIPT, "utf8"), {
    window, performance, addEventListener: (name, listener) => name === "DOMContentLoaded" && loaded.push(listener),
  });
  loaded.forEach((listener) => listener());
  return window;
}

it("counts what goes into the page's decoder and what comes out, and hands both on", async () => {
  const { VideoDecoder, probe } = page();
  const [frames, errors] = [[], []];
  const decoder = new VideoDecoder({ output: (frame) => frames.push(frame), error: (error) => errors.push(error) });
  decoder.configure({ codec: "avc1.42C028" });
  const chunks = [{ byteLength: 900 }, { byteLength: 100 }, { byteLength: 0 }];
  for (const chunk of chunks) decoder.decode(chunk);

  assert.deepEqual(decoder.decoded, chunks);
  assert.equal(decoder.configured.codec, "avc1.42C028");
  assert.deepEqual(frames.map((frame) => frame.chunk), chunks.slice(0, 2));
  assert.deepEqual(errors, ["empty"]);
  const { timestamp, ...counted } = await probe.video();
  assert.deepEqual({ ...counted }, {
    bytesReceived: 1000, framesDecoded: 2, frameWidth: 1280, frameHeight: 720, mimeType: "avc1.42C028",
  });
  assert.ok(Math.abs(timestamp - Date.now()) < 5000);
});

it("leaves out what there is no figure for", async () => {
  const { probe } = page();
  assert.ok(!("jitterBufferDelay" in (await probe.video())));
});
