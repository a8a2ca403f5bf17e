// The play page: carries out what the state machine says, shows it, and holds devices, media and menu together.

import { PLAIN_MAP } from "../core/pad_map.js";
import { videoMaxBps } from "../core/quality.js";
import { step } from "../core/session_machine.js";
import { initialState, isFinal } from "../core/session_state.js";
import { Reason } from "../wire/constants.js";
import { AwayView } from "./away_view.js";
import { BrokerLink } from "./broker_link.js";
import { CursorImage } from "./cursor_image.js";
import { Devices } from "./devices.js";
import { FiguresPanel } from "./figures_panel.js";
import { LivePeer } from "./live_peer.js";
import { padName } from "./pads_section.js";
import { Panel } from "./panel.js";
import { videoCodecs } from "./peer_link.js";
import { ScreenMode } from "./screen_mode.js";
import { byId, Screens } from "./screens.js";
import { SettingsStore } from "./settings_store.js";
import { Sound } from "./sound.js";
import { Ticker } from "./ticker.js";
import { Toast } from "./toast.js";
import { TouchControls } from "./touch_controls.js";
import { TouchWish } from "./touch_wish.js";

/** @import {Offer, Visit} from "../types.js" */
/** @import {PageEvent} from "../core/session_machine.js" */
/** @import {Effect, TimerName} from "../core/session_state.js" */
/** @import {Words} from "../strings/words.js" */

/** Between clock questions, which are also what tells the worker that this tab is there: at least 2 a second. */
const TICK_MS = 250;
const TICKS_PER_S = 1000 / TICK_MS;

export class PlayPage {
  #words;
  #state;
  /** @type {Map<TimerName, ReturnType<typeof setTimeout>>} */
  #timers = new Map();
  /** @type {Devices | null} */
  #devices = null;
  #ticks = 0;
  #textWanted = false;
  #arranging = false;
  #stage = byId("stage", HTMLVideoElement);
  #soundHint = byId("hint_sound", HTMLElement);
  #pointerHint = byId("hint_pointer", HTMLElement);
  #keyboardButton = byId("button_keyboard", HTMLButtonElement);
  #cursor = new CursorImage(this.#stage);
  #toast = new Toast(byId("toast", HTMLElement));
  #store = new SettingsStore();
  #broker = new BrokerLink((event) => this.#dispatch(event));
  #screenMode = new ScreenMode((isFull) => this.#panel.setFull(isFull));
  #wish = new TouchWish(this.#store, () => this.#showTouch());
  #sound;
  #screens;
  #figures;
  #away;
  #live;
  #panel;
  #touch;

  /**
   * @param {Words} words
   * @param {Visit} visit
   */
  constructor(words, visit) {
    this.#words = words;
    this.#state = initialState(visit, videoCodecs());
    this.#screens = new Screens(words, () => this.#mainButton());
    this.#figures = new FiguresPanel(words);
    this.#away = new AwayView(words);
    this.#sound = new Sound(byId("sound", HTMLAudioElement), (blocked) => {
      this.#soundHint.hidden = !blocked;
    });
    this.#live = this.#makeLive();
    this.#panel = new Panel(words, this.#store, this.#screenMode, {
      onToggle: (isOpen) => {
        this.#touch.release();
        this.#devices?.lend(isOpen);
        this.#panel.setPads(this.#devices?.pads ?? []);
      },
      onTouchMode: (mode) => this.#wish.choose({ mode }),
      onArrange: () => this.#arrange(true),
      onLeave: (end) => this.#dispatch({ on: "left", end }),
    });
    this.#touch = new TouchControls(words, {
      onReading: (reading) => this.#devices?.drawPad(reading),
      onArranged: (placings) => this.#wish.choose({ placings }),
      onDone: () => this.#arrange(false),
    });
    this.#keyboardButton.onclick = () => this.#devices?.toggleTextEntry();
    window.addEventListener("blur", () => this.#touch.release());
    this.#store.follow((settings) => {
      this.#sound.setLevel(settings.volume, settings.muted);
      this.#figures.setDepth(settings.figures);
      this.#showTouch();
      this.#dispatch({ on: "quality_chosen", videoMaxBps: videoMaxBps(settings.quality) });
    });
  }

  start() {
    new Ticker(TICK_MS, () => this.#tick());
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
      onFirstFrame: (peerId) => this.#dispatch({ on: "first_frame", peerId }),
      onLost: (peerId, reason, detail) => this.#dispatch({ on: "peer_lost", peerId, reason, detail }),
      onAudio: (track) => void this.#sound.play(track),
      onCursor: (cursor) => {
        this.#cursor.show(cursor);
        this.#devices?.takeCursor(cursor);
      },
      onAbsence: (absence) => this.#away.show(absence),
      onRumble: (rumble) => this.#devices?.rumble(rumble),
      onTextInput: (wanted) => {
        if (wanted === this.#textWanted) return;
        this.#textWanted = wanted;
        this.#keyboardButton.hidden = !wanted || this.#devices === null;
        this.#devices?.wantText(wanted);
      },
    });
  }

  /** @param {PageEvent} event */
  #dispatch(event) {
    const [state, effects] = step(this.#state, event, Math.random());
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
    this.#useDevices();
    this.#showState();
  }

  #showState() {
    const { phase, titleId, titleName, role } = this.#state;
    this.#screens.show(this.#state);
    this.#screenMode.keepAwake(phase === "playing");
    if (phase !== "playing") this.#away.hide();
    this.#panel.setTitle(titleName, role !== "player");
    if (titleId !== null && this.#devices !== null) void this.#wish.learn(titleId);
    this.#showTouch();
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
        void this.#broker.create(effect.titleId);
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
      case "send":
        this.#broker.send(effect.message);
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

  /** Devices follow the seat: made once the broker has seated this tab as a player, gone when all is over. */
  #useDevices() {
    const { role, participantIndex } = this.#state;
    const seated = role === "player" && participantIndex !== null && !isFinal(this.#state);
    if (seated) this.#live.playAs(participantIndex);
    if (seated && this.#devices === null) this.#devices = this.#makeDevices();
    if (isFinal(this.#state)) {
      this.#devices?.stop();
      this.#devices = null;
      this.#cursor.reset();
      this.#pointerHint.hidden = true;
      this.#keyboardButton.hidden = true;
    }
  }

  #makeDevices() {
    return new Devices(this.#stage, byId("text_entry", HTMLTextAreaElement), {
      push: (event, stampMs) => this.#live.push(event, stampMs),
      holdsAnything: () => this.#live.sender?.holdsAnything ?? false,
      onOverlayKey: () => this.#toggleFigures(),
      onLock: (lock) => {
        this.#pointerHint.hidden = lock !== "wanted";
      },
      onMenu: () => this.#panel.open(),
      mapOf: (id) => this.#store.current.padMaps.get(id) ?? PLAIN_MAP,
      onPlug: (pad, connected) => {
        const name = padName(pad.id);
        this.#toast.show(this.#words(connected ? "pads.plugged" : "pads.unplugged", { name, number: pad.index + 1 }));
        this.#panel.setPads(this.#devices?.pads ?? []);
        this.#showTouch();
      },
      onMenuPads: (pads, raw) => this.#panel.takePads(pads, raw),
    });
  }

  /** The pad is drawn where fingers play a title with it, unless a real one is plugged in. */
  #showTouch() {
    const playing = this.#state.phase === "playing" || this.#state.phase === "reconnecting";
    const possible = this.#devices !== null && this.#wish.isByTouch;
    const drawn = possible && playing && this.#wish.mode === "pad" && this.#devices?.pads.length === 0;
    this.#panel.setTouch(this.#wish.mode, possible);
    if (this.#arranging && !drawn) this.#arrange(false);
    this.#touch.show(drawn ? this.#wish.parts : [], this.#wish.placings, this.#store.current.haptics);
  }

  /** @param {boolean} arranging */
  #arrange(arranging) {
    this.#arranging = arranging;
    this.#touch.edit(arranging);
    this.#devices?.lend(arranging);
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
    if (report !== null && this.#state.socket === "welcomed") this.#broker.send({ type: "media_report", ...report });
    if (this.#state.phase === "playing") this.#figures.remember(this.#live.frames.stages(), this.#live.roundTripMs);
  }

  #toggleFigures() {
    this.#store.change({ figures: this.#store.current.figures === "full" ? "off" : "full" });
    this.#showFigures();
  }

  #showFigures() {
    this.#figures.show(this.#live.frames.stages(), this.#live.figures, this.#live.roundTripMs);
  }

  /** The screen's button: a click for the slot, or a new start from where this page ended. */
  #mainButton() {
    const { phase, titleId, sessionId } = this.#state;
    if (phase === "asking") this.#dispatch({ on: "play_clicked" });
    else if (phase === "taken_over" && sessionId !== null) location.assign(`/session/${encodeURIComponent(sessionId)}`);
    else if (titleId !== null) location.assign(`/play/${encodeURIComponent(titleId)}`);
    else location.reload();
  }
}
