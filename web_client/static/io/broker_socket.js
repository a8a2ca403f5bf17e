// One session WebSocket to the broker: messages of wire/session_control.py, nothing kept between sockets.

import { WireError } from "../wire/errors.js";
import { decodeMessage, encodeMessage } from "../wire/session_control.js";

/** @import {FromTab, RoleLabel, ToTab} from "../types.js" */

/** Without an opened socket after this long, the attempt is given up. */
const OPEN_TIMEOUT_MS = 6_000;

/**
 * @typedef {object} SocketHandlers
 * @property {() => void} onOpen
 * @property {(message: ToTab) => void} onMessage
 * @property {(code: number) => void} onClose Called once, unless `close` came first.
 */

export class BrokerSocket {
  #socket;
  #handlers;
  #closed = false;
  #timer;

  /**
   * @param {string} sessionId
   * @param {RoleLabel} role
   * @param {SocketHandlers} handlers
   * @param {(url: string) => WebSocket} [createSocket]
   */
  constructor(sessionId, role, handlers, createSocket = (url) => new WebSocket(url)) {
    this.#handlers = handlers;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const path = `/api/v1/sessions/${encodeURIComponent(sessionId)}/socket?role=${role}`;
    this.#socket = createSocket(`${scheme}//${location.host}${path}`);
    this.#timer = setTimeout(() => this.#end(1006), OPEN_TIMEOUT_MS);
    this.#socket.onopen = () => {
      clearTimeout(this.#timer);
      if (!this.#closed) handlers.onOpen();
    };
    this.#socket.onmessage = ({ data }) => this.#receive(data);
    this.#socket.onclose = ({ code }) => this.#end(code);
  }

  /** @param {FromTab} message Dropped if the socket is not open: whoever opens the next one starts anew. */
  send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encodeMessage(message));
  }

  /** Close without a word to the handlers. */
  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket.close(1000);
  }

  /** @param {unknown} data */
  #receive(data) {
    if (this.#closed || typeof data !== "string") return;
    /** @type {ToTab} */
    let message;
    try {
      message = decodeMessage(data);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      console.warn("farplay: message from the broker ignored:", error.message);
      return;
    }
    this.#handlers.onMessage(message);
  }

  /** @param {number} code */
  #end(code) {
    if (this.#closed) return;
    this.close();
    this.#handlers.onClose(code);
  }
}
