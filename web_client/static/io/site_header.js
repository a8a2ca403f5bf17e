// The header that all pages share: home, the other pages, the language.

import { pagesFor } from "../core/site_pages.js";
import { LANGUAGES, LANGUAGE_NAMES, LANGUAGE_TAGS } from "../strings/words.js";
import { api } from "./api.js";
import { rememberLanguage } from "./language.js";

/** @import {Words} from "../strings/words.js" */

/**
 * @typedef {object} HeaderWishes
 * @property {string} language
 * @property {Words} words
 * @property {readonly string[]} [roles] Of who is signed in.
 * @property {(language: string) => void} [onLanguage] Shows the page in another language; else it is loaded anew.
 */

/**
 * Fill the header, or fill it again.
 * @param {HTMLElement} header
 * @param {HeaderWishes} wishes
 */
export function showHeader(header, { language, words, roles = [], onLanguage = () => location.reload() }) {
  const skip = link("#main", words("nav.skip"), "skip_link");
  const brand = link("/", words("app.name"), "brand");
  const icon = document.createElement("img");
  Object.assign(icon, { src: new URL("../icon.svg", import.meta.url).href, alt: "", width: 32, height: 32 });
  brand.prepend(icon);
  const nav = navigation(words, roles);
  header.replaceChildren(skip, brand, nav, languageSwitch(language, words, onLanguage));
  const here = nav.querySelector("[aria-current]");
  if (here instanceof HTMLElement) nav.scrollLeft = here.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
}

/**
 * Fill the header at once, and again with the pages for whoever is signed in.
 * @param {HTMLElement} header
 * @param {HeaderWishes} wishes
 */
export function showHeaderToMe(header, wishes) {
  showHeader(header, wishes);
  api.me().then(({ roles }) => showHeader(header, { ...wishes, roles }), () => {});
}

/**
 * @param {Words} words
 * @param {readonly string[]} roles
 */
function navigation(words, roles) {
  const nav = document.createElement("nav");
  nav.setAttribute("aria-label", words("nav.pages"));
  const pages = pagesFor(roles);
  // A single entry leads nowhere that the brand does not.
  nav.hidden = pages.length < 2;
  for (const { href, label } of pages) {
    const entry = link(href, words(label), "nav_link");
    if (location.pathname === href) entry.setAttribute("aria-current", "page");
    nav.append(entry);
  }
  return nav;
}

/**
 * @param {string} current
 * @param {Words} words
 * @param {(language: string) => void} onLanguage
 */
function languageSwitch(current, words, onLanguage) {
  const group = document.createElement("div");
  group.className = "language_switch";
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", words("nav.language"));
  for (const language of Object.keys(LANGUAGES)) {
    const button = document.createElement("button");
    button.type = "button";
    button.lang = LANGUAGE_TAGS[language] ?? language;
    button.textContent = LANGUAGE_NAMES[language] ?? language;
    button.dataset["language"] = language;
    button.setAttribute("aria-pressed", String(language === current));
    button.addEventListener("click", () => {
      if (language === current) return;
      rememberLanguage(language);
      onLanguage(language);
    });
    group.append(button);
  }
  return group;
}

/**
 * @param {string} href
 * @param {string} text
 * @param {string} className
 */
function link(href, text, className) {
  const anchor = document.createElement("a");
  anchor.href = href;
  anchor.className = className;
  anchor.append(text);
  return anchor;
}
