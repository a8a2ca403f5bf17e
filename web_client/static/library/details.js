// The dialog of one title: what it is, what it needs, how it is played.

import { canPlay, playsWith } from "../core/library.js";
import { textOf } from "../core/title_texts.js";
import { ClosingDialog } from "../io/closing_dialog.js";
import { artwork } from "./artwork.js";
import { controlsLegend } from "./controls_legend.js";
import { element } from "./elements.js";
import { icon } from "./icons.js";
import { DEVICE_WORDS, hindrance, lastPlayed, nameOf, playersOf, playLink } from "./title_words.js";

/** @import {LibraryView, Title} from "../types.js" */

export class DetailsDialog {
  #element;
  #dialog;
  /** @type {string | null} */
  #titleId = null;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {() => void} onClosed
   */
  constructor(dialog, onClosed) {
    this.#element = dialog;
    this.#dialog = new ClosingDialog(dialog, () => {
      this.#titleId = null;
      onClosed();
    });
  }

  /** The title that is shown. */
  get titleId() {
    return this.#titleId;
  }

  /**
   * Show a title, or what has changed about it.
   * @param {Title} title
   * @param {LibraryView} view
   */
  show(title, view) {
    this.#titleId = title.id;
    const close = element("button", { type: "button", class: "close", "aria-label": view.words("library.close"), "data-focus": "close" }, icon("cross"));
    close.addEventListener("click", () => this.#dialog.close());
    this.#element.replaceChildren(
      element(
        "div",
        { class: "details" },
        element("div", { class: "details_art" }, artwork(title, "eager"), close),
        element("div", { class: "details_body" }, ...body(title, view)),
      ),
    );
    if (this.#dialog.isOpen) return;
    this.#dialog.open();
    const play = this.#element.querySelector(".play_link");
    if (play instanceof HTMLElement) play.focus();
  }

  close() {
    this.#dialog.close();
  }
}

/**
 * @param {Title} title
 * @param {LibraryView} view
 */
function body(title, view) {
  const { words } = view;
  const refusal = hindrance(title, view);
  const devices = title.devices.map((device) => words(DEVICE_WORDS[device])).join(", ");
  return [
    element("h2", { id: "details_name" }, nameOf(title, view)),
    element("p", { class: "details_summary" }, textOf(title.summary, view.language)),
    element("p", { class: "details_facts" }, icon("players"), playersOf(title, view), icon("clock"), lastPlayed(title, view)),
    refusal === "" ? null : element("p", { class: "callout" }, icon("warning"), refusal),
    playsWith(title, view.here) ? null : element("p", { class: "callout" }, icon("warning"), words("library.other_device", { devices })),
    canPlay(title) ? element("div", { class: "details_buttons" }, playLink(title, view, "details play")) : null,
    element("h3", {}, words("library.controls")),
    controlsLegend(title, view),
    element("h3", {}, words("library.needs")),
    needs(title, view),
  ].filter((each) => each !== null);
}

/**
 * @param {Title} title
 * @param {LibraryView} view
 */
function needs({ needs: { memory_mib, memory_met, gpu, gpu_met }, picture }, { words }) {
  /** @type {(text: string, met: boolean | null) => HTMLLIElement} */
  const line = (text, met) => {
    const mark = met === null ? "question" : met ? "check" : "cross";
    const answer = words(met === null ? "library.unknown" : met ? "library.met" : "library.unmet");
    return element("li", { class: `need need_${mark}` }, icon(mark), text, element("span", { class: "quiet" }, answer));
  };
  return element(
    "ul",
    { class: "needs" },
    line(words("library.need_memory", { mib: memory_mib }), memory_met),
    gpu ? line(words("library.need_gpu"), gpu_met) : line(words("library.need_no_gpu"), true),
    element("li", { class: "need" }, icon("play"), words("library.need_picture", picture)),
  );
}
