// The one thing that the page adds to its own description.

/**
 * Ask for stereo in every Opus format line: Chrome mixes down to mono unless its own description asks for it.
 * @param {string} sdp
 */
export function withStereo(sdp) {
  const opus = new Set([...sdp.matchAll(/^a=rtpmap:(\d+) opus\//gim)].map(([, payload]) => payload));
  return sdp.replace(/^a=fmtp:(\d+) ([^\r\n]*)/gm, (line, payload, parameters) =>
    opus.has(payload) && !/\bstereo=/.test(parameters) ? `${line};stereo=1` : line);
}
