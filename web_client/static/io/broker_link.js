// The page's calls to the broker: what each brings becomes an event of the page's state machine.

import { api, failureOf } from "./api.js";
import { BrokerSocket } from "./broker_socket.js";

/** @import {FromTab, RoleLabel} from "../types.js" */
/** @import {PageEvent} from "../core/session_machine.js" */
/** @import {RegionProbe} from "./region_probe.js" */
/** @import {StartTrace} from "../core/start_trace.js" */

export class BrokerLink {
  #dispatch;
  #regions;
  /** @type {BrokerSocket | null} */
  #socket = null;

  /**
   * @param {(event: PageEvent) => void} dispatch
   * @param {RegionProbe} regions
   */
  constructor(dispatch, regions) {
    this.#dispatch = dispatch;
    this.#regions = regions;
  }

  /** @param {string} token */
  async redeem(token) {
    try {
      await api.signIn(token);
    } catch (error) {
      this.#dispatch({ on: "redeem_failed", ...failureOf(error) });
      return;
    }
    this.#dispatch({ on: "redeemed" });
  }

  /**
   * @param {string} titleId
   * @param {StartTrace} trace
   */
  async create(titleId, trace) {
    let session;
    try {
      session = await api.createSession(titleId, this.#regions.roundTripsMs, trace.ask(performance.now()));
    } catch (error) {
      this.#dispatch({ on: "create_failed", ...failureOf(error) });
      return;
    }
    if (session.traced) trace.follow(session.session_id);
    this.#dispatch({ on: "created", sessionId: session.session_id });
    // For the next session; nothing may wait for it, and before it the page may not have been signed in.
    void this.#regions.measure();
  }

  /** @param {string} sessionId */
  async probe(sessionId) {
    let session;
    try {
      session = await api.session(sessionId);
    } catch (error) {
      this.#dispatch({ on: "probe_failed", ...failureOf(error) });
      return;
    }
    this.#dispatch({
      on: "probed", state: session.state, titleId: session.title_id, titleName: session.title_name ?? "",
      reason: session.reason ?? null, detail: session.detail ?? "",
    });
  }

  /** @param {string} sessionId */
  async readTitle(sessionId) {
    // Without an answer the title is played by pointing, which every title bears; the next socket asks again.
    const title = await api.titleOfSession(sessionId).catch(() => null);
    if (title !== null) this.#dispatch({ on: "title_read", title });
  }

  /** Tell that the first picture is shown; nothing depends on it. @param {StartTrace} trace */
  shown(trace) {
    const told = trace.shown(performance.now());
    if (told !== null) api.firstPicture(told.sessionId, told.picture).catch(() => {});
  }

  /**
   * @param {string} sessionId
   * @param {RoleLabel} role
   */
  open(sessionId, role) {
    this.#socket?.close();
    this.#socket = new BrokerSocket(sessionId, role, {
      onOpen: () => this.#dispatch({ on: "socket_opened" }),
      onMessage: (message) => this.#dispatch({ on: "message", message }),
      onClose: (code) => this.#dispatch({ on: "socket_closed", code }),
    });
  }

  /** @param {FromTab} message */
  send(message) {
    this.#socket?.send(message);
  }

  close() {
    this.#socket?.close();
    this.#socket = null;
  }
}
