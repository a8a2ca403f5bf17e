// What the page adds to its own description, and what it takes for the address of a server to ask about itself.

/**
 * Ask for stereo in every Opus format line: Chrome mixes down to mono unless its own description asks for it.
 * @param {string} sdp
 */
export function withStereo(sdp) {
  const opus = new Set([...sdp.matchAll(/^a=rtpmap:(\d+) opus\//gim)].map(([, payload]) => payload));
  return sdp.replace(/^a=fmtp:(\d+) ([^\r\n]*)/gm, (line, payload, parameters) =>
    opus.has(payload) && !/\bstereo=/.test(parameters) ? `${line};stereo=1` : line);
}

/**
 * Whether an address is that of a STUN server; a browser takes no other text for one.
 * @param {string} uri
 */
export function isStunUri(uri) {
  return /^stun:(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253}):\d{1,5}$/.test(uri);
}
