// The page's language: what was chosen on this device, else what the browser wants.

import { LANGUAGE_TAGS, fillWords, pickLanguage, wordsOf } from "../strings/words.js";

/** @import {Words} from "../strings/words.js" */

/** @typedef {{language: string, words: Words}} Spoken The page's language, and its words. */

const KEY = "farplay.language";

/** @returns {string} */
export function pageLanguage() {
  return pickLanguage([...remembered(), ...navigator.languages]);
}

/**
 * Remember a choice on this device.
 * @param {string} language
 */
export function rememberLanguage(language) {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Storage is shut off; the choice holds for this page.
  }
}

/**
 * Put a language into the whole page: its `lang` and every element that names its words.
 * @param {string} [language]
 * @returns {Spoken}
 */
export function speak(language = pageLanguage()) {
  const words = wordsOf(language);
  document.documentElement.lang = LANGUAGE_TAGS[language] ?? "en";
  fillWords(document, words);
  return { language, words };
}

function remembered() {
  try {
    const chosen = localStorage.getItem(KEY);
    return chosen === null ? [] : [chosen];
  } catch {
    return [];
  }
}
