// The home page: what can be played, or how to sign in.

import { readVisit } from "./core/visit.js";
import { api, failureOf } from "./io/api.js";
import { registerShell } from "./io/app_shell.js";
import { showInsecureNotice } from "./io/insecure_notice.js";
import { byId } from "./io/screens.js";
import { fillWords, pickLanguage, wordsOf } from "./strings/words.js";
import { Reason } from "./wire/constants.js";

/** @import {FailureReason} from "./types.js" */
/** @import {Title} from "./io/api.js" */

const language = pickLanguage(navigator.languages);
document.documentElement.lang = language;
const words = wordsOf(language);
fillWords(document, words);

const message = byId("message", HTMLElement);
const list = byId("titles", HTMLUListElement);

/**
 * Redeem the address's token, if it has one.
 * @returns {Promise<FailureReason | null>} Why it did not work.
 */
async function signIn() {
  const { token } = readVisit(location);
  if (token === null) return null;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    await api.signIn(token);
    return null;
  } catch (error) {
    return failureOf(error).reason;
  }
}

/** @param {Title} title */
function titleCard(title) {
  const name = title.names[language] ?? title.names["en"] ?? title.id;
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = `/play/${encodeURIComponent(title.id)}`;
  link.className = "title_card";
  const art = document.createElement("span");
  art.className = "title_art";
  art.dataset["hue"] = String([...title.id].reduce((sum, char) => sum + char.charCodeAt(0), 0) % 6);
  art.textContent = [...name][0]?.toUpperCase() ?? "";
  art.setAttribute("aria-hidden", "true");
  const heading = document.createElement("strong");
  heading.textContent = name;
  const players = document.createElement("span");
  players.className = "title_players";
  const { max } = title.players;
  players.textContent = max > 1 ? words("home.players", { max }) : words("home.one_player");
  const play = document.createElement("span");
  play.className = "title_play";
  play.textContent = words("home.play");
  link.append(art, heading, players, play);
  item.append(link);
  return item;
}

/**
 * @param {FailureReason} reason
 * @param {FailureReason | null} linkFailure
 */
function showFailure(reason, linkFailure) {
  const signedOut = reason === Reason.NOT_SIGNED_IN;
  const shown = signedOut && linkFailure !== null ? linkFailure : reason;
  const heading = document.createElement("h2");
  heading.textContent = words(signedOut ? "home.sign_in" : "failed.title");
  const text = document.createElement("p");
  text.textContent = shown === Reason.NOT_SIGNED_IN ? words("home.sign_in_how") : words(`reason.${shown}`);
  message.replaceChildren(heading, text);
}

registerShell();
showInsecureNotice(byId("insecure_notice", HTMLElement), words);
const linkFailure = await signIn();
try {
  await api.me();
  const { titles } = await api.titles();
  list.replaceChildren(...titles.map(titleCard));
  message.hidden = titles.length > 0;
  message.textContent = titles.length > 0 ? "" : words("home.no_titles");
} catch (error) {
  showFailure(failureOf(error).reason, linkFailure);
}
