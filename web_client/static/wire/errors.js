// The error of every codec: a stable reason, and English words for a developer.

/** @import {ReasonLabel} from "../types.js" */

export class WireError extends Error {
  /**
   * @param {ReasonLabel} reason
   * @param {string} detail
   */
  constructor(reason, detail) {
    super(`${reason}: ${detail}`);
    this.name = "WireError";
    this.reason = reason;
    this.detail = detail;
  }
}
