// What a page cannot do because it came by an insecure way, and in which words it says so.
//
// Browsers give these features to secure contexts only (W3C Secure Contexts): HTTPS, or this very machine.

/** @import {WordKey} from "../strings/words.js" */

/** @type {readonly WordKey[]} */
const NEED_SECURE_CONTEXT = [
  "insecure.keyboard_lock",
  "insecure.wake_lock",
  "insecure.install",
  "insecure.clipboard",
];

/**
 * The features that this page lacks; none in a secure context.
 * @param {boolean} isSecureContext As `window.isSecureContext`.
 * @returns {readonly WordKey[]}
 */
export function lostFeatures(isSecureContext) {
  return isSecureContext ? [] : NEED_SECURE_CONTEXT;
}
