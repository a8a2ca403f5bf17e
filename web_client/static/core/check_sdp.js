// The answer that a node's check port would give if it spoke SDP: enough for ICE checks to pass, nothing beyond.

/** @import {CheckNode} from "../types.js" */

/** No certificate has it; the handshake that would compare it never comes. */
const FINGERPRINT = Array(32).fill("00").join(":");

/** RFC 8445 §5.1.2.1: type preference of a host candidate. */
const HOST_PRIORITY = (126 << 24) | 255;

const ADDRESS = /^[0-9a-fA-F.:]{2,45}$/;
const CREDENTIAL = /^[A-Za-z0-9+/]{4,64}$/;

/**
 * @param {string} offer Of a peer connection with one data channel and nothing else.
 * @param {CheckNode} node
 * @returns {string}
 * @throws {TypeError} The node's description is not one.
 */
export function checkAnswer(offer, node) {
  const mid = /^a=mid:(\S+)\r?$/m.exec(offer)?.[1] ?? "0";
  const known = CREDENTIAL.test(node.ufrag) && CREDENTIAL.test(node.password) && node.hosts.every((at) => ADDRESS.test(at));
  if (!known) throw new TypeError("not a check port");
  const candidates = node.hosts.map(
    (host, n) => `a=candidate:${n + 1} 1 udp ${HOST_PRIORITY | ((65535 - n) << 8)} ${host} ${Number(node.port)} typ host`,
  );
  const lines = [
    "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite", `a=group:BUNDLE ${mid}`,
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", `a=mid:${mid}`,
    `a=ice-ufrag:${node.ufrag}`, `a=ice-pwd:${node.password}`, `a=fingerprint:sha-256 ${FINGERPRINT}`,
    "a=setup:passive", "a=sctp-port:5000", ...candidates, "a=end-of-candidates",
  ];
  return `${lines.join("\r\n")}\r\n`;
}
