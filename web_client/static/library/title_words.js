// What is said of a title in several places of the library.

import { ago } from "../core/relative_time.js";
import { textOf } from "../core/title_texts.js";
import { LANGUAGE_TAGS } from "../strings/words.js";
import { element } from "./elements.js";
import { icon } from "./icons.js";

/** @import {Device, LibraryView, SessionStateLabel, Title} from "../types.js" */
/** @import {WordKey} from "../strings/words.js" */

/** @type {Readonly<Record<Device, WordKey>>} */
export const DEVICE_WORDS = {
  keyboard: "device.keyboard",
  mouse: "device.mouse",
  touch: "device.touch",
  pad: "device.pad",
};

/**
 * @param {Title} title
 * @param {LibraryView} view
 */
export function nameOf(title, view) {
  return textOf(title.names, view.language) || title.id;
}

/**
 * @param {Title} title
 * @param {LibraryView} view
 */
export function playersOf({ players: { min, max } }, { words }) {
  if (max === 1) return words("home.one_player");
  return min === max ? words("home.players", { max }) : words("library.players_range", { min, max });
}

/**
 * @param {Title} title
 * @param {LibraryView} view
 */
export function lastPlayed({ last_played_ms }, { words, language, nowMs }) {
  if (last_played_ms === null) return words("library.never_played");
  const since = ago(nowMs - last_played_ms);
  if (since === null) return words("library.played_now");
  const format = new Intl.RelativeTimeFormat(LANGUAGE_TAGS[language] ?? "en", { numeric: "auto" });
  return words("library.played_ago", { when: format.format(since.value, since.unit) });
}

/**
 * What the title's session does, in words.
 * @param {SessionStateLabel} state
 * @returns {WordKey}
 */
export function sessionWords(state) {
  if (state === "queued") return "library.queued";
  return state === "paused" ? "library.paused" : "library.running";
}

/**
 * Why a title cannot be played now; empty if it can.
 * @param {Title} title
 * @param {LibraryView} view
 */
export function hindrance({ availability, session }, { words }) {
  if (availability.can_start || availability.reason === null || session !== null) return "";
  return availability.reason === "no_room" ? words("library.busy") : words(`reason.${availability.reason}`);
}

/**
 * Icons of the title's devices, with their names for whoever does not see them.
 * @param {Title} title
 * @param {LibraryView} view
 */
export function deviceIcons(title, { words }) {
  const list = element("ul", { class: "device_icons" });
  for (const device of title.devices) {
    const name = words(DEVICE_WORDS[device]);
    list.append(element("li", { title: name }, icon(device), element("span", { class: "visually_hidden" }, name)));
  }
  return list;
}

/**
 * The link that plays, or goes on with what runs.
 * @param {Title} title
 * @param {LibraryView} view
 * @param {string} focusKey Finds the link again when the page is shown anew.
 */
export function playLink(title, view, focusKey) {
  const goesOn = title.session !== null;
  const name = nameOf(title, view);
  return element(
    "a",
    {
      class: "button primary play_link",
      href: `/play/${encodeURIComponent(title.id)}`,
      "aria-label": view.words(goesOn ? "library.continue_title" : "library.play_title", { name }),
      "data-focus": focusKey,
    },
    icon("play"),
    view.words(goesOn ? "library.continue" : "home.play"),
  );
}
