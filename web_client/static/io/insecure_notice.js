// Says which features are lost on a page that came by an insecure way, and how to get them.

import { lostFeatures } from "../core/lost_features.js";

/** @import {Words} from "../strings/words.js" */

/**
 * Fill the page's notice, or leave it hidden where nothing is lost.
 * @param {HTMLElement} notice
 * @param {Words} words
 */
export function showInsecureNotice(notice, words) {
  const lost = lostFeatures(isSecureContext);
  notice.hidden = lost.length === 0;
  if (notice.hidden) return;
  const heading = document.createElement(notice instanceof HTMLDetailsElement ? "summary" : "h2");
  heading.textContent = words("insecure.title");
  const list = document.createElement("ul");
  list.replaceChildren(...lost.map((key) => {
    const item = document.createElement("li");
    item.textContent = words(key);
    return item;
  }));
  const how = document.createElement("p");
  how.textContent = words("insecure.how");
  const command = document.createElement("code");
  command.className = "command";
  command.textContent = "farplay up --lan";
  notice.replaceChildren(heading, list, how, command);
}
