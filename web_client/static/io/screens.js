// Shows the page's state in words: steps on the way to a picture, what went wrong, and what can be done.

import { failureView } from "../core/failure_view.js";
import { isFinal, isServed, queueWords, shownName, waitsForRoom } from "../core/session_state.js";
import { Reason } from "../wire/constants.js";
import { failureIcon } from "./failure_icons.js";

/** @import {PageState} from "../core/session_state.js" */
/** @import {Spoken} from "./language.js" */
/** @import {WordKey} from "../strings/words.js" */

/** Steps to a picture. @type {readonly WordKey[]} */
const STEPS = ["step.sign_in", "step.place", "step.start", "step.connect", "step.picture"];

/**
 * The element with this id, of the kind that the page's HTML gives it.
 * @template {HTMLElement} E
 * @param {string} id
 * @param {new () => E} kind
 * @returns {E}
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page has no #${id}`);
  return element;
}

export class Screens {
  #words;
  #language;
  #screen = byId("screen", HTMLElement);
  #heading = byId("screen_heading", HTMLElement);
  #text = byId("screen_words", HTMLElement);
  #steps = byId("screen_steps", HTMLOListElement);
  #icon = byId("screen_icon", HTMLElement);
  #check = byId("screen_check", HTMLAnchorElement);
  #details = byId("screen_details", HTMLDetailsElement);
  #detailsHeading = byId("screen_details_heading", HTMLElement);
  #detailsText = byId("screen_details_text", HTMLElement);
  #play = byId("screen_play", HTMLButtonElement);
  #home = byId("screen_home", HTMLAnchorElement);
  #notice = byId("notice", HTMLElement);

  /**
   * @param {Spoken} spoken
   * @param {() => void} onPlay The screen's main button was pressed.
   */
  constructor({ language, words }, onPlay) {
    this.#words = words;
    this.#language = language;
    this.#play.addEventListener("click", onPlay);
    // What went wrong stands at the end of last words.
    this.#details.addEventListener("toggle", () => {
      this.#detailsText.scrollTop = this.#detailsText.scrollHeight;
    });
    this.#steps.replaceChildren(...STEPS.map((key) => {
      const item = document.createElement("li");
      item.textContent = words(key);
      return item;
    }));
  }

  /** @param {PageState} state */
  show(state) {
    document.body.dataset["phase"] = state.phase;
    const name = shownName(state, this.#language);
    if (name !== "") document.title = `${name} – ${this.#words("app.name")}`;
    const playing = state.phase === "playing";
    this.#screen.hidden = playing;
    this.#notice.hidden = !(playing && state.socket !== "welcomed");
    if (!this.#notice.hidden) this.#notice.textContent = this.#words("link.lost");
    if (playing) return;
    this.#heading.textContent = this.#headingOf(state);
    this.#setText(this.#text, this.#wordsOf(state));
    this.#showSteps(state);
    this.#showButtons(state);
    this.#showFailure(state);
  }

  /** @param {PageState} state */
  #showFailure(state) {
    const over = isFinal(state);
    const view = failureView(state);
    this.#icon.hidden = !over;
    this.#icon.dataset["kind"] = over ? view.kind : "";
    this.#icon.replaceChildren(...(over ? [failureIcon(view.kind)] : []));
    const detail = state.failure?.detail ?? "";
    this.#details.hidden = detail === "" || !over;
    this.#detailsHeading.textContent = this.#words(view.wordsForDevelopers ? "button.last_words" : "button.details");
    this.#detailsText.textContent = detail;
  }

  /** @param {PageState} state */
  #headingOf(state) {
    switch (state.phase) {
      case "ended":
      case "failed":
        if (state.failure?.reason === Reason.KICKED) return this.#words("kicked.title");
        return this.#words(`heading.${failureView(state).kind}`);
      case "taken_over":
        return this.#words("taken_over.title");
      case "asking":
        return this.#words("ask.title");
      case "reconnecting":
        return this.#words(state.beginsAnew ? "anew.title" : "reconnecting.title");
      default:
        return shownName(state, this.#language) || this.#words("app.name");
    }
  }

  /** @param {PageState} state */
  #wordsOf(state) {
    if (state.phase === "taken_over") return this.#words("taken_over.words");
    if (state.phase === "asking") return this.#words("ask.words");
    if (isFinal(state)) return this.#words(reasonKey(state));
    if (state.failure?.reason === "unreachable") return this.#words("link.unreachable");
    if (waitsForRoom(state)) return this.#words(queueWords(state), { place: state.place ?? "" });
    if (state.beginsAnew) return this.#words("anew.words");
    if (state.phase === "reconnecting") return this.#words("reconnecting.words");
    return state.failure === null ? "" : this.#words(reasonKey(state));
  }

  /** @param {PageState} state */
  #showSteps(state) {
    this.#steps.hidden = isFinal(state) || state.phase === "asking" || state.phase === "reconnecting";
    const current = stepOf(state);
    [...this.#steps.children].forEach((item, n) => {
      item.className = n < current ? "done" : n === current ? "current" : "";
      if (n === current) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
  }

  /** @param {PageState} state */
  #showButtons(state) {
    const over = isFinal(state);
    const view = failureView(state);
    this.#play.hidden = !(over || state.phase === "asking");
    this.#home.hidden = !over && state.sessionState !== "queued";
    this.#check.hidden = !(over && view.check);
    this.#play.textContent = this.#words(over ? `button.${view.act}` : "button.play");
  }

  /**
   * @param {HTMLElement} element
   * @param {string} text
   */
  #setText(element, text) {
    element.textContent = text;
    element.hidden = text === "";
  }
}

/**
 * @param {PageState} state
 * @returns {WordKey}
 */
function reasonKey(state) {
  return `reason.${state.failure?.reason ?? "internal"}`;
}

/** @param {PageState} state */
function stepOf(state) {
  if (state.peer?.stage === "connected") return 4;
  if (state.phase === "connecting") return 3;
  if (state.phase !== "waiting") return 0;
  return state.sessionState === "starting" || isServed(state) ? 2 : 1;
}
