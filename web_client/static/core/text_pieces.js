// Text for the title, cut into what one event may carry.

import { INPUT_TEXT_MAX_BYTES } from "../wire/constants.js";

/** UTF-8 bytes of one paste; the rest is left out, since a title takes text a little at a time. */
export const PASTE_MAX_BYTES = 4096;

const utf8 = new TextEncoder();

/**
 * Pieces that each fit one event, cut between characters.
 * @param {string} text
 */
export function textPieces(text) {
  /** @type {string[]} */
  const pieces = [];
  let [piece, bytes] = ["", 0];
  for (const character of text) {
    const size = utf8.encode(character).length;
    if (bytes + size > INPUT_TEXT_MAX_BYTES) {
      pieces.push(piece);
      [piece, bytes] = ["", 0];
    }
    piece += character;
    bytes += size;
  }
  return piece === "" ? pieces : [...pieces, piece];
}

/**
 * Pieces of what was pasted: one line, without characters that control something, at most `PASTE_MAX_BYTES`.
 * @param {string} text
 */
export function pastePieces(text) {
  let [kept, bytes] = ["", 0];
  for (const character of text.slice(0, PASTE_MAX_BYTES).replace(/[\r\n\t]+/g, " ").replace(/\p{C}/gu, "")) {
    bytes += utf8.encode(character).length;
    if (bytes > PASTE_MAX_BYTES) break;
    kept += character;
  }
  return textPieces(kept);
}
