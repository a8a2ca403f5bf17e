// What a test sees of a playing page: reads the test card's blocks out of <video id="stage"> at every shown frame,
// times real key events until the changed block is read back, and keeps the page's peer connections for getStats.
// Injected before the page's own scripts, the same for our page and for every baseline of the bench; a page that calls
// its video otherwise has window.probeStage set to that id.
(() => {
  const CELLS = 64;
  const FRAMES_KEPT = 20000;
  const BLOCK_WIDTH = 0.1;
  const BLOCK_HEIGHT = 0.18;
  const FFT_SIZE = 8192;

  // A blank page before the first navigation has no storage.
  const storage = location.protocol.startsWith("http") ? sessionStorage : null;

  const probe = {
    peers: [],
    frames: [],
    latencies: [],
    pending: null,
    block: null,
    heard: null,
    clickedAt: Number(storage?.getItem("probe-clicked-at")) || null,
    firstFrameAt: null,
    wanted: [],
    paused: false,
  };
  window.probe = probe;

  const NativePeer = window.RTCPeerConnection;
  window.RTCPeerConnection = class RTCPeerConnection extends NativePeer {
    constructor(...parameters) {
      super(...parameters);
      probe.peers.push(this);
    }
  };

  const cells = new OffscreenCanvas(CELLS, 2).getContext("2d", { willReadFrequently: true });
  const block = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  cells.imageSmoothingEnabled = false;
  block.imageSmoothingEnabled = false;

  function readRow(pixels, row) {
    const bytes = new Array(8).fill(0);
    for (let cell = 0; cell < CELLS; cell += 1) {
      if (pixels[(row * CELLS + cell) * 4 + 1] > 128) bytes[cell >> 3] |= 0x80 >> (cell & 7);
    }
    return bytes;
  }

  function checked(bytes) {
    return bytes.slice(0, 7).reduce((folded, byte) => folded ^ byte, 0) === bytes[7] ? bytes : null;
  }

  function readCard(video) {
    const { videoWidth: width, videoHeight: height } = video;
    const cell = width / CELLS;
    cells.drawImage(video, 0, height - 2 * cell, width, 2 * cell, 0, 0, CELLS, 2);
    const pixels = cells.getImageData(0, 0, CELLS, 2).data;
    block.drawImage(video, 0, 0, width * BLOCK_WIDTH, height * BLOCK_HEIGHT, 0, 0, 1, 1);
    const lit = block.getImageData(0, 0, 1, 1).data[1] > 128;
    const [states, counts] = [readRow(pixels, 0), readRow(pixels, 1)];
    // An even picture is no card, though its checksums hold.
    const even = [...states, ...counts].every((byte) => byte === states[0]);
    return { width, height, lit, counts: even ? null : checked(counts), states: even ? null : checked(states) };
  }

  function onFrame(video, metadata) {
    if (probe.firstFrameAt === null) probe.firstFrameAt = performance.timeOrigin + performance.now();
    // Chromium tells of a first frame before the element has one to draw: a canvas would stay as it is.
    if (probe.paused || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    const card = readCard(video);
    const at = performance.now();
    if (probe.pending !== null && probe.block !== null && card.lit !== probe.pending.lit) {
      probe.latencies.push({ ms: at - probe.pending.at, rtp: metadata.rtpTimestamp ?? null });
      probe.pending = null;
      probe.onSeen?.(true);
    }
    probe.block = card.lit;
    const [f0, f1, f2, f3, p0, p1, p2] = card.counts ?? [];
    probe.frames.push({
      at,
      number: card.counts ? ((f0 << 24) | (f1 << 16) | (f2 << 8) | f3) >>> 0 : null,
      presses: card.counts ? (p0 << 16) | (p1 << 8) | p2 : null,
      states: card.states,
      lit: card.lit,
      width: card.width,
      height: card.height,
      presented: metadata.presentedFrames,
      rtp: metadata.rtpTimestamp ?? null,
      display: Math.max(metadata.presentationTime, metadata.expectedDisplayTime),
    });
    if (probe.frames.length > FRAMES_KEPT) probe.frames.shift();
    takeLuma(video);
  }

  function follow(video) {
    const step = (_, metadata) => {
      onFrame(video, metadata);
      video.requestVideoFrameCallback(step);
    };
    video.requestVideoFrameCallback(step);
  }

  let followed = null;
  function lookForStage() {
    const video = document.getElementById(window.probeStage ?? "stage");
    if (video instanceof HTMLVideoElement && video !== followed) {
      followed = video;
      follow(video);
    }
  }
  new MutationObserver(lookForStage).observe(document, { childList: true, subtree: true });

  window.addEventListener("keydown", (event) => {
    if (event.code !== "KeyX" || event.repeat || probe.pending !== null) return;
    probe.pending = { at: event.timeStamp, lit: probe.block };
  }, { capture: true });
  window.addEventListener("click", (event) => {
    storage?.setItem("probe-clicked-at", String(performance.timeOrigin + event.timeStamp));
    probe.clickedAt = performance.timeOrigin + event.timeStamp;
  }, { capture: true });

  // Resolves with true once the next timed press is seen, with false if it is not.
  probe.nextSeen = (withinMs) => new Promise((resolve) => {
    const timer = setTimeout(() => {
      probe.pending = null;
      resolve(false);
    }, withinMs);
    probe.onSeen = (seen) => {
      clearTimeout(timer);
      probe.onSeen = null;
      resolve(seen);
    };
  });

  // Frames as decoded, before any colour conversion: the Y plane of the picture, for PSNR against the source.
  function takeLuma(video) {
    const wish = probe.wanted[0];
    if (!wish || performance.now() < wish.notBefore) return;
    probe.wanted.shift();
    const picture = new VideoFrame(video);
    wish.resolve(copyLuma(picture).finally(() => picture.close()));
  }

  async function copyLuma(picture) {
    const pixels = new Uint8Array(picture.allocationSize());
    const [plane] = await picture.copyTo(pixels);
    const { format, visibleRect: { width, height } } = picture;
    if (plane.stride !== width) throw new Error(`luma rows of ${plane.stride} bytes for ${width} pixels`);
    const luma = pixels.subarray(plane.offset, plane.offset + width * height);
    const reader = new FileReader();
    const done = new Promise((resolve, reject) => {
      reader.onload = () => resolve(String(reader.result).split(",")[1]);
      reader.onerror = () => reject(reader.error);
    });
    reader.readAsDataURL(new Blob([luma]));
    return { width, height, format, matrix: picture.colorSpace.matrix, luma: await done };
  }

  probe.readLuma = (count, everyMs) => {
    const start = performance.now();
    return Promise.all(Array.from({ length: count }, (_, index) => new Promise((resolve) => {
      probe.wanted.push({ notBefore: start + index * everyMs, resolve });
    })));
  };

  const inbound = async (kind) => {
    const peer = probe.peers.at(-1);
    if (!peer) return null;
    const report = await peer.getStats();
    for (const entry of report.values()) {
      if (entry.type === "inbound-rtp" && entry.kind === kind) {
        const codec = report.get(entry.codecId);
        return { ...entry, mimeType: codec?.mimeType ?? null, payloadType: codec?.payloadType ?? null };
      }
    }
    return null;
  };
  probe.video = () => inbound("video");
  probe.audio = () => inbound("audio");

  // Pitch and loudness of the received sound, from what the page itself plays.
  probe.listen = async () => {
    const receiver = probe.peers.at(-1)?.getReceivers().find((each) => each.track.kind === "audio");
    if (!receiver) return null;
    if (probe.heard?.track !== receiver.track) {
      const context = new AudioContext();
      await context.resume();
      const analyser = new AnalyserNode(context, { fftSize: FFT_SIZE, smoothingTimeConstant: 0 });
      context.createMediaStreamSource(new MediaStream([receiver.track])).connect(analyser);
      probe.heard = { track: receiver.track, context, analyser };
    }
    const { analyser, context } = probe.heard;
    const samples = new Float32Array(FFT_SIZE);
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatTimeDomainData(samples);
    analyser.getFloatFrequencyData(bins);
    const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    let peak = 1;
    for (let bin = 2; bin < bins.length - 1; bin += 1) if (bins[bin] > bins[peak]) peak = bin;
    const [left, middle, right] = [bins[peak - 1], bins[peak], bins[peak + 1]];
    const bend = left - 2 * middle + right;
    const offset = Number.isFinite(bend) && bend !== 0 ? (0.5 * (left - right)) / bend : 0;
    const audible = [...document.querySelectorAll("audio, video")].some(
      (element) => element.srcObject?.getAudioTracks().includes(receiver.track) && !element.muted && !element.paused,
    );
    return { rms, hz: ((peak + offset) * context.sampleRate) / FFT_SIZE, audible };
  };
})();
