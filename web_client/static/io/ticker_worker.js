// Runs as a dedicated worker: answers with a message every so many milliseconds as the first message says.

/** @param {MessageEvent<number>} event */
self.onmessage = ({ data: everyMs }) => {
  setInterval(() => self.postMessage(null), everyMs);
};
