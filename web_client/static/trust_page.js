// The page that explains, system by system, how a device comes to trust this server's certificates. It is served over
// plain HTTP as well, so it must work without a secure context.

import { PLATFORMS, platformOf } from "./core/platform.js";
import { api, failureOf } from "./io/api.js";
import { speak } from "./io/language.js";
import { byId } from "./io/screens.js";
import { Reason } from "./wire/constants.js";

/** @import {Platform} from "./core/platform.js" */
/** @import {WordKey} from "./strings/words.js" */

/** Steps of each system; the last of some is a remark on other browsers. */
const STEPS = /** @type {const} */ ([1, 2, 3]);

/** Between looks whether the browser trusts the certificate by now. */
const CHECK_MS = 3000;

const { words } = speak();
document.title = `${words("trust.title")} – ${words("app.name")}`;

/** @param {Platform} platform */
function instructions(platform) {
  const box = document.createElement("details");
  box.dataset["platform"] = platform;
  const summary = document.createElement("summary");
  summary.textContent = words(`trust.${platform}`);
  const list = document.createElement("ol");
  list.replaceChildren(...STEPS.map((step) => {
    const item = document.createElement("li");
    item.textContent = words(`trust.${platform}_${step}`);
    return item;
  }));
  box.append(summary, list);
  box.open = platform === platformOf(navigator.userAgent, navigator.maxTouchPoints);
  return box;
}

/**
 * A fingerprint in parts that are not broken, so that it is compared line by line.
 * @param {string} sha256
 */
function groups(sha256) {
  return (sha256.match(/.{1,24}/g) ?? []).map((text) => {
    const part = document.createElement("span");
    part.textContent = text;
    return part;
  });
}

/**
 * Whether this browser opens the HTTPS address without a complaint.
 * @param {string} httpsUrl
 */
async function isTrusted(httpsUrl) {
  const init = /** @type {RequestInit} */ ({ mode: "no-cors", cache: "no-store", credentials: "omit" });
  return fetch(`${httpsUrl}/api/v1/trust/check`, init).then(() => true, () => false);
}

/** @param {string} httpsUrl */
async function watch(httpsUrl) {
  const open = byId("open", HTMLAnchorElement);
  open.href = `${httpsUrl}/`;
  const trusted = byId("trusted", HTMLElement);
  trusted.hidden = !(await isTrusted(httpsUrl));
  if (trusted.hidden) setTimeout(() => void watch(httpsUrl), CHECK_MS);
}

try {
  const { https_url: httpsUrl, sha256 } = await api.trust();
  byId("fingerprint", HTMLElement).replaceChildren(...groups(sha256));
  byId("systems", HTMLElement).replaceChildren(...PLATFORMS.map(instructions));
  byId("steps", HTMLElement).hidden = false;
  // A page over HTTPS may be here by a click through the warning, so it cannot tell.
  if (location.protocol === "http:") void watch(httpsUrl);
} catch (error) {
  const { reason } = failureOf(error);
  const nothingToDo = reason === Reason.NOT_FOUND;
  if (nothingToDo) byId("failure_title", HTMLElement).textContent = words("trust.none_title");
  byId("lead", HTMLElement).hidden = nothingToDo;
  byId("failure_words", HTMLElement).textContent = words(nothingToDo ? "trust.none" : `reason.${reason}`);
  byId("failure", HTMLElement).hidden = false;
}
