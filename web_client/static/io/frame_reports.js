// Tells the worker of each frame as soon as it is decoded: some 3 ms after its last packet left there, where transport
// feedback takes 62. A thread of its own reads a clone of the track and owns the channel, so that a busy page delays
// nothing. Browsers that cannot hand over both (Firefox, Safari) report nothing; the worker then goes by the rest.

export class FrameReports {
  #worker = new Worker(new URL("./frame_reports_worker.js", import.meta.url), { type: "module" });
  /** @type {MediaStreamTrack | null} */
  #clone = null;

  /**
   * Take a channel over; it must be new, since a channel that was used cannot be handed over.
   * @param {RTCDataChannel} channel
   * @returns {FrameReports | null} Null where the browser does not know how.
   */
  static over(channel) {
    if (!("MediaStreamTrackProcessor" in globalThis)) return null;
    const reports = new FrameReports();
    try {
      reports.#worker.postMessage({ channel }, [/** @type {Transferable} */ (/** @type {unknown} */ (channel))]);
      return reports;
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      reports.close();
      return null;
    }
  }

  /** @param {MediaStreamTrack} track The picture's. */
  read(track) {
    this.#clone = track.clone();
    const { readable } = new MediaStreamTrackProcessor({ track: this.#clone, maxBufferSize: 2 });
    this.#worker.postMessage({ readable }, [readable]);
  }

  close() {
    this.#worker.terminate();
    this.#clone?.stop();
  }
}
