// What stands in the grid's place: nobody is signed in, a guest is here, nothing is installed, nothing fits, or it did
// not work.

import { textOf } from "../core/title_texts.js";
import { Reason } from "../wire/constants.js";
import { element } from "./elements.js";
import { icon } from "./icons.js";

/** @import {FailureReason, Invited, LibraryView} from "../types.js" */
/** @import {Words} from "../strings/words.js" */
/** @import {IconName} from "./icons.js" */

/**
 * @param {IconName} name
 * @param {string} heading
 * @param {...(Node | string | null)} children
 */
function panel(name, heading, ...children) {
  return element("div", { class: "panel" }, icon(name), element("h2", {}, heading), ...children);
}

/**
 * @param {Words} words
 * @param {FailureReason | null} linkFailure Why the sign-in link that was opened did not work.
 */
export function signedOutPanel(words, linkFailure) {
  const used = linkFailure === Reason.LINK_USED || linkFailure === Reason.LINK_EXPIRED;
  return panel(
    "link",
    words("home.sign_in"),
    brokenLink(words, linkFailure),
    element("p", {}, words("home.sign_in_how")),
    used ? element("p", {}, words("home.sign_in_used")) : null,
  );
}

/**
 * @param {LibraryView} view
 * @param {Invited} invited
 * @param {FailureReason | null} linkFailure Why the sign-in link that was opened did not work.
 */
export function invitedPanel({ words, language }, { sessionId, title }, linkFailure) {
  const name = title === null ? "" : textOf(title.names, language);
  const href = `/session/${encodeURIComponent(sessionId)}`;
  return panel(
    "players",
    words("home.invited"),
    brokenLink(words, linkFailure),
    element("p", {}, title === null ? words("home.invited_over") : words("home.invited_to", { name })),
    title === null ? null : element("a", { class: "button primary", href, "data-focus": "panel" }, words("home.invited_back")),
    element("p", {}, words("home.invited_sign_in")),
  );
}

/**
 * @param {Words} words
 * @param {FailureReason | null} linkFailure
 */
function brokenLink(words, linkFailure) {
  if (linkFailure === null) return null;
  return element("p", { class: "callout" }, icon("warning"), words(`reason.${linkFailure}`));
}

/**
 * @param {Words} words
 * @param {FailureReason} reason
 * @param {() => void} onRetry
 */
export function failurePanel(words, reason, onRetry) {
  return panel("warning", words("failed.title"), element("p", {}, words(`reason.${reason}`)), button(words("button.try_again"), onRetry));
}

/** @param {Words} words */
export function emptyPanel(words) {
  return panel(
    "pad",
    words("home.no_titles"),
    element("p", {}, words("home.no_titles_how")),
    element("pre", {}, element("code", {}, "farplay up --title path/to/game")),
  );
}

/**
 * @param {Words} words
 * @param {() => void} onClear
 */
export function nothingFitsPanel(words, onClear) {
  return panel(
    "search",
    words("library.nothing_fits"),
    element("p", {}, words("library.nothing_fits_how")),
    button(words("library.clear"), onClear),
  );
}

/**
 * @param {string} label
 * @param {() => void} onClick
 */
function button(label, onClick) {
  const made = element("button", { type: "button", class: "primary", "data-focus": "panel" }, label);
  made.addEventListener("click", onClick);
  return made;
}
