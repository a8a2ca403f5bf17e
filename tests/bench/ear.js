// What is heard in a page: when sound begins after silence, and where it breaks off. Evaluated in a page that plays.
// A sample counts as heard when the audio graph has rendered it, so times are late by at most one batch of rendering.
async () => {
  const SIZE = 16384;
  const POLL_MS = 5;
  const LOUD = 0.02;
  const SILENCE_S = 0.1;
  const GAP_S = 0.02;

  const receiver = probe.peers.at(-1).getReceivers().find((each) => each.track.kind === "audio");
  const context = new AudioContext();
  await context.resume();
  const analyser = new AnalyserNode(context, { fftSize: SIZE, smoothingTimeConstant: 0 });
  context.createMediaStreamSource(new MediaStream([receiver.track])).connect(analyser);

  const rate = context.sampleRate;
  const samples = new Float32Array(SIZE);
  const ear = { onsets: [], gaps: [], missed: 0, quiet: SIZE, until: context.currentTime };
  window.ear = ear;
  setInterval(() => {
    const now = performance.now();
    const until = context.currentTime;
    const fresh = Math.round((until - ear.until) * rate);
    ear.until = until;
    if (fresh > SIZE) ear.missed += 1;
    analyser.getFloatTimeDomainData(samples);
    for (let index = Math.max(0, SIZE - fresh); index < SIZE; index += 1) {
      if (Math.abs(samples[index]) < LOUD) {
        ear.quiet += 1;
        continue;
      }
      if (ear.quiet >= SILENCE_S * rate) ear.onsets.push(now - ((SIZE - index) / rate) * 1000);
      else if (ear.quiet > GAP_S * rate) ear.gaps.push((ear.quiet / rate) * 1000);
      ear.quiet = 0;
    }
  }, POLL_MS);
}
