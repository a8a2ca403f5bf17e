// The play page: carries out what the state machine says, and shows it.

import { step } from "./core/session_machine.js";
import { initialState, isFinal } from "./core/session_state.js";
import { readVisit } from "./core/visit.js";
import { api, failureOf } from "./io/api.js";
import { BrokerSocket } from "./io/broker_socket.js";
import { CursorImage } from "./io/cursor_image.js";
import { Devices } from "./io/devices.js";
import { FiguresPanel } from "./io/figures_panel.js";
import { showInsecureNotice } from "./io/insecure_notice.js";
import { LivePeer } from "./io/live_peer.js";
import { videoCodecs } from "./io/peer_link.js";
import { byId, Screens } from "./io/screens.js";
import { Sound } from "./io/sound.js";
import { TablePanel } from "./io/table_panel.js";
import { Ticker } from "./io/ticker.js";
import { speak } from "./io/language.js";
import { Reason } from "./wire/constants.js";

/** @import {Offer, RoleLabel} from "./types.js" */
/** @import {Words} from "./strings/words.js" */
/** @import {PageEvent} from "./core/session_machine.js" */
/** @import {Effect, TimerName} from "./core/session_state.js" */

/** Between clock questions, which are also what tells the worker that this tab is there: at least 2 a second. */
const TICK_MS = 250;
const TICKS_PER_S = 1000 / TICK_MS;

class PlayPage {
  #state;
  /** @type {BrokerSocket | null} */
  #socket = null;
  /** @type {Map<TimerName, ReturnType<typeof setTimeout>>} */
  #timers = new Map();
  /** @type {Devices | null} */
  #devices = null;
  #ticks = 0;
  #stage = byId("stage", HTMLVideoElement);
  #soundHint = byId("hint_sound", HTMLElement);
  #pointerHint = byId("hint_pointer", HTMLElement);
  #keyboardButton = byId("button_keyboard", HTMLButtonElement);
  #cursor = new CursorImage(this.#stage);
  #sound;
  #screens;
  #figures;
  #table;
  #live;

  /**
   * @param {Words} words
   * @param {ReturnType<typeof readVisit>} visit
   */
  constructor(words, visit) {
    this.#state = initialState(visit, videoCodecs());
    this.#screens = new Screens(words, () => this.#mainButton());
    this.#figures = new FiguresPanel(words);
    this.#table = new TablePanel(words, () => this.#dispatch({ on: "left", end: false }));
    this.#sound = new Sound(byId("sound", HTMLAudioElement), (blocked) => {
      this.#soundHint.hidden = !blocked;
    });
    this.#live = new LivePeer(this.#stage, {
      onConnected: (peerId) => this.#dispatch({ on: "peer_connected", peerId }),
      onFirstFrame: (peerId) => this.#dispatch({ on: "first_frame", peerId }),
      onLost: (peerId, reason, detail) => this.#dispatch({ on: "peer_lost", peerId, reason, detail }),
      onAudio: (track) => void this.#sound.play(track),
      onCursor: (cursor) => {
        this.#cursor.show(cursor);
        this.#devices?.takeCursor(cursor);
      },
      onRumble: (rumble) => this.#devices?.rumble(rumble),
      onTextInput: (wanted) => {
        this.#keyboardButton.hidden = !wanted || this.#devices === null;
      },
    });
    this.#wireBar();
  }

  start() {
    new Ticker(TICK_MS, () => this.#tick());
    this.#screens.show(this.#state);
    this.#dispatch({ on: "start" });
  }

  /** What tests and the bench read; a snapshot. @returns {Record<string, unknown>} */
  stats() {
    const { sender } = this.#live;
    return {
      state: this.#state.phase,
      session_id: this.#state.sessionId,
      session_state: this.#state.sessionState,
      peer_id: this.#state.peer?.id ?? null,
      socket: this.#state.socket,
      stages: this.#live.frames.stages(),
      frames: this.#live.frames.shown,
      ...this.#live.figures,
      rtt_ms: this.#live.roundTripMs,
      clock_uncertainty_ms: this.#live.clockUncertaintyMs,
      input: sender === null ? null : {
        ack_seq: sender.ackSeq, last_seq: sender.lastSeq, unacknowledged: sender.unacknowledged, ...sender.counts,
      },
      ack_seq: sender?.ackSeq ?? 0,
      stories_refused: this.#live.storiesRefused,
      sound_blocked: !this.#soundHint.hidden,
    };
  }

  /** @param {PageEvent} event */
  #dispatch(event) {
    const [state, effects] = step(this.#state, event, Math.random());
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
    this.#useDevices();
    this.#screens.show(this.#state);
    this.#table.show(this.#state);
    if (isFinal(this.#state)) this.#soundHint.hidden = true;
  }

  /** @param {Effect} effect */
  #carryOut(effect) {
    switch (effect.do) {
      case "redeem":
        void this.#redeem(effect.token);
        break;
      case "create":
        void this.#create(effect.titleId);
        break;
      case "show_address":
        history.replaceState(null, "", `/session/${encodeURIComponent(effect.sessionId)}`);
        break;
      case "open_socket":
        this.#openSocket(effect.sessionId, effect.role);
        break;
      case "close_socket":
        this.#socket?.close();
        this.#socket = null;
        break;
      case "probe":
        void this.#probe(effect.sessionId);
        break;
      case "send":
        this.#socket?.send(effect.message);
        break;
      case "make_answer":
        void this.#answer(effect.offer);
        break;
      case "close_peer":
        this.#live.close();
        break;
      case "timer":
        this.#setTimer(effect.name, effect.ms);
        break;
    }
  }

  /** @param {string} token */
  async #redeem(token) {
    try {
      await api.signIn(token);
    } catch (error) {
      this.#dispatch({ on: "redeem_failed", ...failureOf(error) });
      return;
    }
    this.#dispatch({ on: "redeemed" });
  }

  /** @param {string} titleId */
  async #create(titleId) {
    let session;
    try {
      session = await api.createSession(titleId);
    } catch (error) {
      this.#dispatch({ on: "create_failed", ...failureOf(error) });
      return;
    }
    this.#dispatch({ on: "created", sessionId: session.session_id });
  }

  /** @param {string} sessionId */
  async #probe(sessionId) {
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

  /**
   * @param {string} sessionId
   * @param {RoleLabel} role
   */
  #openSocket(sessionId, role) {
    this.#socket?.close();
    this.#socket = new BrokerSocket(sessionId, role, {
      onOpen: () => this.#dispatch({ on: "socket_opened" }),
      onMessage: (message) => this.#dispatch({ on: "message", message }),
      onClose: (code) => this.#dispatch({ on: "socket_closed", code }),
    });
  }

  /** @param {Offer} offer */
  async #answer(offer) {
    let sdp;
    try {
      sdp = await this.#live.answer(offer);
    } catch (error) {
      const reason = typeof RTCPeerConnection === "undefined" ? "no_webrtc" : Reason.BAD_SDP;
      this.#dispatch({ on: "peer_lost", peerId: offer.peer_id, reason, detail: String(error) });
      return;
    }
    this.#dispatch({ on: "answered", peerId: offer.peer_id, ticket: offer.ticket, sdp });
  }

  /**
   * @param {TimerName} name
   * @param {number | null} ms
   */
  #setTimer(name, ms) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    if (ms !== null) this.#timers.set(name, setTimeout(() => this.#dispatch({ on: "timer", name }), ms));
  }

  /** Devices follow the seat: made once the broker has seated this tab as a player, gone with the seat. */
  #useDevices() {
    const { role, participantIndex } = this.#state;
    const seated = role === "player" && participantIndex !== null && !isFinal(this.#state);
    if (seated) this.#live.playAs(participantIndex);
    if (seated && this.#devices === null) {
      this.#devices = new Devices(this.#stage, byId("text_entry", HTMLTextAreaElement), {
        push: (event, stampMs) => this.#live.push(event, stampMs),
        holdsAnything: () => this.#live.sender?.holdsAnything ?? false,
        onOverlayKey: () => this.#toggleFigures(),
        onLock: (lock) => {
          this.#pointerHint.hidden = lock !== "wanted";
        },
      });
    }
    if (!seated && this.#devices !== null) {
      this.#devices.stop();
      this.#devices = null;
      this.#live.playNoMore();
      this.#cursor.reset();
      this.#pointerHint.hidden = true;
    }
  }

  #tick() {
    this.#live.tick();
    this.#ticks += 1;
    if (this.#ticks % TICKS_PER_S === 0) void this.#eachSecond();
    if (this.#figures.isOpen && this.#ticks % 2 === 0) this.#showFigures();
  }

  async #eachSecond() {
    await this.#live.readFigures();
    const { report } = this.#live;
    if (report !== null && this.#state.socket === "welcomed") this.#socket?.send({ type: "media_report", ...report });
  }

  #toggleFigures() {
    this.#figures.toggle();
    if (this.#figures.isOpen) this.#showFigures();
  }

  #showFigures() {
    this.#figures.show(this.#live.frames.stages(), this.#live.figures, this.#live.roundTripMs);
  }

  /** The screen's button: a click for the slot, or a new start from where this page ended. */
  #mainButton() {
    const { phase, titleId, sessionId } = this.#state;
    if (this.#table.isVisitor && sessionId !== null) location.assign(`/session/${encodeURIComponent(sessionId)}`);
    else if (phase === "asking") this.#dispatch({ on: "play_clicked" });
    else if (phase === "taken_over" && sessionId !== null) location.assign(`/session/${encodeURIComponent(sessionId)}`);
    else if (titleId !== null) location.assign(`/play/${encodeURIComponent(titleId)}`);
    else location.reload();
  }

  #wireBar() {
    byId("button_figures", HTMLButtonElement).onclick = () => this.#toggleFigures();
    byId("button_leave", HTMLButtonElement).onclick = () => this.#dispatch({ on: "left", end: false });
    const end = byId("button_end", HTMLButtonElement);
    end.onclick = () => this.#dispatch({ on: "left", end: true });
    this.#keyboardButton.onclick = () => this.#devices?.toggleTextEntry();
    const full = byId("button_fullscreen", HTMLButtonElement);
    full.hidden = !document.fullscreenEnabled;
    full.onclick = () => void toggleFullscreen();
    byId("bar", HTMLElement).addEventListener("click", ({ target, detail }) => {
      // A clicked button keeps the focus, and then the game's space bar would press it again.
      if (detail > 0 && target instanceof HTMLElement && target !== this.#keyboardButton) target.blur();
    });
  }
}

async function toggleFullscreen() {
  if (document.fullscreenElement !== null) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen({ navigationUI: "hide" });
}

const { words } = speak();
showInsecureNotice(byId("insecure_notice", HTMLElement), words);
const visit = readVisit(location);
// The token is used once; it must stay neither in the history nor in a copied address.
if (visit.token !== null) history.replaceState(null, "", location.pathname + location.search);
const page = new PlayPage(words, visit);
window.farplay = { stats: () => page.stats() };
page.start();
