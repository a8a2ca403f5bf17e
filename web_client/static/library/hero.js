// The top of the library: the game to go on with, and whatever else is running.

import { canPlay } from "../core/library.js";
import { textOf } from "../core/title_texts.js";
import { artwork } from "./artwork.js";
import { element } from "./elements.js";
import { icon } from "./icons.js";
import { deviceIcons, hindrance, lastPlayed, nameOf, playersOf, playLink, sessionWords } from "./title_words.js";

/** @import {LibraryView, Spotlight, Title} from "../types.js" */

/**
 * @param {Spotlight} spotlight
 * @param {LibraryView} view
 * @param {(titleId: string) => void} onDetails
 */
export function hero({ title, why }, view, onDetails) {
  const details = element(
    "button",
    { type: "button", class: "glass", "aria-haspopup": "dialog", "data-focus": "hero details" },
    view.words("library.details"),
  );
  details.addEventListener("click", () => onDetails(title.id));
  const eyebrow = title.session !== null ? sessionWords(title.session.state) : why === "again" ? "library.again" : "library.new";
  const refusal = hindrance(title, view);
  return element(
    "section",
    { class: `hero hero_${why}`, "data-title": title.id, "aria-labelledby": "hero_name" },
    artwork(title, "eager"),
    element(
      "div",
      { class: "hero_words" },
      element("p", { class: "eyebrow" }, view.words(eyebrow)),
      element("h2", { id: "hero_name" }, nameOf(title, view)),
      element("p", { class: "hero_summary" }, textOf(title.summary, view.language)),
      element(
        "p",
        { class: "hero_facts" },
        icon("players"),
        playersOf(title, view),
        ...(title.last_played_ms === null ? [] : [icon("clock"), lastPlayed(title, view)]),
        deviceIcons(title, view),
      ),
      element("div", { class: "hero_buttons" }, canPlay(title) ? playLink(title, view, "hero play") : null, details),
      refusal === "" ? null : element("p", { class: "hero_refusal" }, icon("warning"), refusal),
    ),
  );
}

/** Keeps the hero's place until the catalogue is here. */
export function heroSkeleton() {
  return element("div", { class: "hero skeleton", "aria-hidden": "true" });
}

/**
 * What runs beside the title in the hero; null if nothing does.
 * @param {readonly Title[]} titles
 * @param {LibraryView} view
 */
export function alsoRunning(titles, view) {
  if (titles.length === 0) return null;
  const items = titles.map((title) => {
    return element(
      "li",
      { "data-title": title.id },
      artwork(title, "eager"),
      element("strong", {}, nameOf(title, view)),
      playLink(title, view, `row ${title.id}`),
    );
  });
  return element(
    "section",
    { class: "also_running", "aria-labelledby": "also_running_heading" },
    element("h2", { id: "also_running_heading" }, view.words("library.also_running")),
    element("ul", {}, ...items),
  );
}
