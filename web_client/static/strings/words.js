// Picks the page's language and fills in its words.

import { en } from "./en.js";
import { zh } from "./zh.js";

/** @typedef {keyof typeof en} WordKey */

/** Languages by their BCP 47 primary tag. @type {Readonly<Record<string, Record<WordKey, string>>>} */
export const LANGUAGES = { en, zh };

/** What each language calls itself. @type {Readonly<Record<string, string>>} */
export const LANGUAGE_NAMES = { en: "English", zh: "简体中文" };

/** BCP 47 tags for `lang` and `Intl`. @type {Readonly<Record<string, string>>} */
export const LANGUAGE_TAGS = { en: "en", zh: "zh-Hans" };

/**
 * The first language that the player wants and the pages speak, else English.
 * @param {readonly string[]} wanted As `navigator.languages`.
 */
export function pickLanguage(wanted) {
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split("-")[0] ?? "";
    if (Object.hasOwn(LANGUAGES, primary)) return primary;
  }
  return "en";
}

/**
 * A function that gives the words of a language.
 * @param {string} language
 */
export function wordsOf(language) {
  const words = LANGUAGES[language] ?? en;
  /**
   * @param {WordKey} key
   * @param {Readonly<Record<string, string | number>>} [values] For `{name}` in the words.
   */
  return (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** @typedef {ReturnType<typeof wordsOf>} Words */

/** Where the words go that an attribute names. @type {readonly (readonly [string, readonly string[]])[]} */
const WORDED_ATTRIBUTES = [
  ["data-words-title", ["title", "aria-label"]],
  ["data-words-label", ["aria-label"]],
  ["data-words-placeholder", ["placeholder"]],
];

/**
 * Put words into every element that names them by `data-words`, and into the attributes of those that name them by
 * `data-words-title`, `data-words-label` or `data-words-placeholder`.
 * @param {ParentNode} root
 * @param {Words} words
 */
export function fillWords(root, words) {
  for (const element of root.querySelectorAll("[data-words]")) {
    element.textContent = words(/** @type {WordKey} */ (element.getAttribute("data-words")));
  }
  for (const [source, attributes] of WORDED_ATTRIBUTES) {
    for (const element of root.querySelectorAll(`[${source}]`)) {
      const label = words(/** @type {WordKey} */ (element.getAttribute(source)));
      for (const attribute of attributes) element.setAttribute(attribute, label);
    }
  }
}
