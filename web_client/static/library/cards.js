// The grid: a card per title; a click on it shows the details, its button plays at once.

import { canPlay } from "../core/library.js";
import { textOf } from "../core/title_texts.js";
import { Reason } from "../wire/constants.js";
import { artwork } from "./artwork.js";
import { element } from "./elements.js";
import { icon } from "./icons.js";
import { deviceIcons, hindrance, lastPlayed, nameOf, playersOf, playLink, sessionWords } from "./title_words.js";

/** @import {LibraryView, ReasonLabel, Title} from "../types.js" */
/** @import {WordKey} from "../strings/words.js" */

/** What a card has room to say; the details say it in full. @type {ReadonlyMap<ReasonLabel, WordKey>} */
const LACKS = new Map([[Reason.NO_GPU, "library.lacks_gpu"], [Reason.NO_MEMORY, "library.lacks_memory"]]);

/**
 * @param {Title} title
 * @param {LibraryView} view
 * @param {(titleId: string) => void} onDetails
 */
export function card(title, view, onDetails) {
  const open = element(
    "button",
    { type: "button", class: "card_open", "aria-haspopup": "dialog", "data-focus": `details ${title.id}` },
    nameOf(title, view),
  );
  open.addEventListener("click", () => onDetails(title.id));
  const summary = textOf(title.summary, view.language);
  return element(
    "li",
    { class: "card", "data-title": title.id },
    element("div", { class: "card_art" }, artwork(title, "lazy"), badge(title, view)),
    element(
      "div",
      { class: "card_body" },
      element("h3", {}, open),
      element("p", { class: "card_summary" }, summary),
      element(
        "p",
        { class: "card_facts" },
        icon("players"),
        playersOf(title, view),
        title.last_played_ms === null ? null : element("span", { class: "card_played" }, lastPlayed(title, view)),
      ),
      element(
        "div",
        { class: "card_foot" },
        canPlay(title) ? playLink(title, view, `play ${title.id}`) : refusal(title, view),
        deviceIcons(title, view),
      ),
    ),
  );
}

/**
 * @param {Title} title
 * @param {LibraryView} view
 */
function badge(title, view) {
  if (title.session === null) return null;
  return element("span", { class: "badge live" }, view.words(sessionWords(title.session.state)));
}

/**
 * @param {Title} title
 * @param {LibraryView} view
 */
function refusal(title, view) {
  const lack = LACKS.get(title.availability.reason ?? Reason.NO_NODE) ?? "library.unavailable";
  return element("p", { class: "refusal", title: hindrance(title, view) }, icon("warning"), view.words(lack));
}

/** @param {number} count */
export function skeletons(count) {
  return Array.from({ length: count }, () => {
    return element(
      "li",
      { class: "card skeleton", "aria-hidden": "true" },
      element("div", { class: "card_art" }),
      element("div", { class: "card_body" }, ...["long", "short", "button_like"].map((kind) => element("span", { class: `bone ${kind}` }))),
    );
  });
}
