// The play page: carries out what the state machine says, shows it, and holds devices, media and menu together.

import { videoMaxBps } from "../core/quality.js";
import { step } from "../core/session_machine.js";
import { initialState, isFinal, shownName } from "../core/session_state.js";
import { StartTrace, TRACE_RANDOM_BYTES } from "../core/start_trace.js";
import { Reason } from "../wire/constants.js";
import { AwayView } from "./away_view.js";
import { BrokerLink } from "./broker_link.js";
import { ClosingNotice } from "./closing_notice.js";
import { ControlsSection } from "./controls_section.js";
import { FiguresPanel } from "./figures_panel.js";
import { LivePeer } from "./live_peer.js";
import { Panel } from "./panel.js";
import { videoCodecs } from "./peer_link.js";
import { PlayerSeat } from "./player_seat.js";
import { RegionProbe } from "./region_probe.js";
import { ScreenMode } from "./screen_mode.js";
import { byId, Screens } from "./screens.js";
import { SettingsStore } from "./settings_store.js";
import { Sound } from "./sound.js";
import { StillPointer } from "./still_pointer.js";
import { TablePanel } from "./table_panel.js";
import { Ticker } from "./ticker.js";
import { Toast } from "./toast.js";

/** @import {Offer, Visit} from "../types.js" */
/** @import {PageEvent} from "../core/session_machine.js" */
/** @import {Effect, TimerName} from "../core/session_state.js" */
/** @import {Spoken} from "./language.js" */

/** Between clock questions, which are also what tells the worker that this tab is there: at least 2 a second. */
const TICK_MS = 250;
const TICKS_PER_S = 1000 / TICK_MS;

export class PlayPage {
  #state;
  /** @type {Map<TimerName, ReturnType<typeof setTimeout>>} */
  #timers = new Map();
  #ticks = 0;
  #stage = byId("stage", HTMLVideoElement);
  #soundHint = byId("hint_sound", HTMLElement);
  #store = new SettingsStore();
  #regions = new RegionProbe();
  #broker = new BrokerLink((event) => this.#dispatch(event), this.#regions);
  #trace = new StartTrace(crypto.getRandomValues(new Uint8Array(TRACE_RANDOM_BYTES)));
  #screenMode = new ScreenMode((isFull) => this.#panel.setFull(isFull));
  #language;
  #words;
  #sound;
  #screens;
  #toast = new Toast(byId("toast", HTMLElement));
  #closing;
  #figures;
  #away;
  #table;
  #live;
  #controls;
  #panel;
  #seat;

  /**
   * @param {Spoken} spoken
   * @param {Visit} visit
   */
  constructor(spoken, visit) {
    const { language, words } = spoken;
    this.#language = language;
    this.#words = words;
    this.#state = initialState(visit, videoCodecs());
    this.#screens = new Screens(spoken, () => this.#mainButton());
    this.#closing = new ClosingNotice(words);
    this.#figures = new FiguresPanel(words);
    this.#away = new AwayView(words);
    this.#table = new TablePanel(words, () => this.#dispatch({ on: "left", end: false }));
    this.#sound = new Sound(byId("sound", HTMLAudioElement), (blocked) => {
      this.#soundHint.hidden = !blocked;
    });
    this.#live = this.#makeLive();
    this.#controls = new ControlsSection(spoken);
    this.#panel = new Panel(words, this.#store, this.#screenMode, {
      onToggle: (isOpen) => this.#seat.lend(isOpen),
      onTouchMode: (mode) => this.#seat.playByTouch(mode),
      onArrange: () => this.#seat.arrange(true),
      onLeave: (end) => this.#dispatch({ on: "left", end }),
    });
    this.#seat = new PlayerSeat(this.#stage, words, this.#store, this.#toast, {
      push: (event, stampMs) => this.#live.push(event, stampMs),
      holdsAnything: () => this.#live.sender?.holdsAnything ?? false,
      onOverlayKey: () => this.#toggleFigures(),
      onMenu: () => this.#panel.open(),
      onMenuPads: (pads, raw) => this.#panel.takePads(pads, raw),
      onPads: (pads) => this.#panel.setPads(pads),
      onTouch: (mode, possible) => this.#panel.setTouch(mode, possible),
    });
    this.#store.follow((settings) => {
      this.#sound.setLevel(settings.volume, settings.muted);
      this.#figures.setDepth(settings.figures);
      this.#seat.showTouch();
      this.#dispatch({ on: "quality_chosen", videoMaxBps: videoMaxBps(settings.quality) });
    });
  }

  start() {
    new Ticker(TICK_MS, () => this.#tick());
    new StillPointer();
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

  #makeLive() {
    return new LivePeer(this.#stage, {
      onConnected: (peerId) => this.#dispatch({ on: "peer_connected", peerId }),
      onFirstFrame: (peerId) => {
        this.#broker.shown(this.#trace);
        this.#dispatch({ on: "first_frame", peerId });
      },
      onLost: (peerId, reason, detail) => this.#dispatch({ on: "peer_lost", peerId, reason, detail }),
      onAudio: (track) => void this.#sound.play(track),
      onCursor: (cursor) => this.#seat.takeCursor(cursor),
      onAbsence: (absence) => this.#away.show(absence),
      onRumble: (rumble) => this.#seat.rumble(rumble),
      onTextInput: (wanted) => this.#seat.wantText(wanted),
    });
  }

  /** @param {PageEvent} event */
  #dispatch(event) {
    const [state, effects] = step(this.#state, event, Math.random());
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
    this.#showState();
  }

  #showState() {
    const { phase, title, role, participantIndex } = this.#state;
    if (role === "player" && participantIndex !== null) this.#live.playAs(participantIndex);
    else this.#live.playNoMore();
    this.#seat.follow(this.#state);
    this.#screens.show(this.#state);
    this.#table.show(this.#state);
    this.#screenMode.keepAwake(phase === "playing");
    if (phase !== "playing") this.#away.hide();
    this.#controls.show(title);
    this.#panel.setTitle(shownName(this.#state, this.#language), role !== "player");
    if (!isFinal(this.#state)) return;
    this.#soundHint.hidden = true;
    this.#panel.close();
  }

  /** @param {Effect} effect */
  #carryOut(effect) {
    switch (effect.do) {
      case "redeem":
        void this.#broker.redeem(effect.token);
        break;
      case "create":
        void this.#broker.create(effect.titleId, this.#trace);
        break;
      case "show_address":
        history.replaceState(null, "", `/session/${encodeURIComponent(effect.sessionId)}`);
        break;
      case "open_socket":
        this.#broker.open(effect.sessionId, effect.role);
        break;
      case "close_socket":
        this.#broker.close();
        break;
      case "probe":
        void this.#broker.probe(effect.sessionId);
        break;
      case "read_title":
        void this.#broker.readTitle(effect.sessionId);
        break;
      case "send":
        this.#broker.send(effect.message);
        break;
      case "make_answer":
        void this.#answer(effect.offer);
        break;
      case "close_peer":
        this.#live.close();
        break;
      case "say":
        this.#toast.show(this.#words(effect.words));
        break;
      case "closing":
        this.#closing.set(effect.inMs);
        break;
      case "timer":
        this.#setTimer(effect.name, effect.ms);
        break;
    }
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

  #tick() {
    this.#live.tick();
    this.#closing.tick();
    this.#ticks += 1;
    if (this.#ticks % TICKS_PER_S === 0) void this.#eachSecond();
    if (this.#figures.isOpen && this.#ticks % 2 === 0) this.#showFigures();
  }

  async #eachSecond() {
    await this.#live.readFigures();
    const { report } = this.#live;
    if (report !== null && this.#state.socket === "welcomed") this.#broker.send({ type: "media_report", ...report });
    if (this.#state.phase === "playing") this.#figures.remember(this.#live.frames.stages(), this.#live.roundTripMs);
  }

  #toggleFigures() {
    this.#store.change({ figures: this.#store.current.figures === "full" ? "off" : "full" });
    this.#showFigures();
  }

  #showFigures() {
    this.#figures.show(this.#live.frames.stages(), this.#live.figures, this.#live.roundTripMs, this.#state.region);
  }

  #clicked() {
    this.#trace.click(performance.now());
    this.#dispatch({ on: "play_clicked" });
  }

  /** The screen's button: a click for the slot, or a new start from where this page ended. */
  #mainButton() {
    const { phase, titleId, sessionId } = this.#state;
    if (this.#table.isVisitor && sessionId !== null) location.assign(`/session/${encodeURIComponent(sessionId)}`);
    else if (phase === "asking") this.#clicked();
    else if (phase === "taken_over" && sessionId !== null) location.assign(`/session/${encodeURIComponent(sessionId)}`);
    else if (titleId !== null) location.assign(`/play/${encodeURIComponent(titleId)}`);
    else location.reload();
  }
}
