// The check page: tries each leg of the way to a game, one after the other, and names the one that fails.

import { canTry, LEGS, reportText, summarise, untried } from "./core/check_legs.js";
import { CheckProbes } from "./io/check_probes.js";
import { speak } from "./io/language.js";
import { byId } from "./io/screens.js";
import { showHeaderToMe } from "./io/site_header.js";

/** @import {LegResult} from "./core/check_legs.js" */

const { language, words } = speak();
showHeaderToMe(byId("site_header", HTMLElement), { language, words });
document.title = `${words("check.title")} – ${words("app.name")}`;

const COPIED_MS = 2_000;

class CheckPage {
  #results = untried();
  #running = false;
  #summary = byId("summary", HTMLElement);
  #summaryText = byId("summary_words", HTMLElement);
  #summaryAdvice = byId("summary_advice", HTMLElement);
  #list = byId("legs", HTMLOListElement);
  #again = byId("again", HTMLButtonElement);
  #copy = byId("copy", HTMLButtonElement);
  #report = byId("report", HTMLTextAreaElement);

  start() {
    this.#list.replaceChildren(...LEGS.map(([leg]) => legItem(leg)));
    this.#again.onclick = () => void this.#run();
    this.#copy.onclick = () => void this.#copyReport();
    void this.#run();
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    this.#again.disabled = true;
    this.#report.hidden = true;
    this.#results = untried();
    this.#show();
    const probes = new CheckProbes(words);
    for (const [index, [leg]] of LEGS.entries()) {
      if (!canTry(leg, this.#results)) {
        this.#set(index, { leg, state: "skipped", finding: null });
        continue;
      }
      this.#set(index, { leg, state: "running", finding: null });
      const finding = await probes.try(leg);
      this.#set(index, { leg, state: finding.verdict, finding });
    }
    probes.close();
    this.#running = false;
    this.#again.disabled = false;
    this.#show();
  }

  /**
   * @param {number} index
   * @param {LegResult} result
   */
  #set(index, result) {
    this.#results[index] = result;
    this.#show();
  }

  #show() {
    this.#results.forEach((result, index) => {
      const item = this.#list.children[index];
      if (item instanceof HTMLElement) showLeg(item, result);
    });
    const { state, leg } = summarise(this.#results);
    this.#summary.dataset["state"] = this.#running && state !== "fails" ? "running" : state;
    const shown = this.#running && state !== "fails" ? "running" : state;
    const values = leg === null ? {} : { leg: words(`check.leg.${leg}`) };
    setText(this.#summaryText, words(`check.summary.${shown}`, values));
    const advice = this.#results.find((each) => each.leg === leg)?.finding?.advice;
    setText(this.#summaryAdvice, advice === undefined ? "" : words(advice));
    this.#copy.disabled = this.#running;
  }

  async #copyReport() {
    const about = [new Date().toISOString(), location.origin, navigator.userAgent];
    const text = reportText(this.#results, about, words);
    try {
      await navigator.clipboard.writeText(text);
      this.#copy.textContent = words("check.copied");
      setTimeout(() => {
        this.#copy.textContent = words("check.copy");
      }, COPIED_MS);
    } catch {
      // Without the permission, or a secure page, the player copies by hand.
      this.#report.value = text;
      this.#report.hidden = false;
      this.#report.select();
    }
  }
}

/** @param {string} leg */
function legItem(leg) {
  const item = document.createElement("li");
  item.dataset["leg"] = leg;
  const icon = document.createElement("span");
  icon.className = "leg_icon";
  icon.setAttribute("aria-hidden", "true");
  const name = document.createElement("strong");
  const state = document.createElement("span");
  state.className = "leg_state";
  const found = document.createElement("p");
  found.className = "leg_words";
  const advice = document.createElement("p");
  advice.className = "leg_advice";
  item.append(icon, name, state, found, advice);
  return item;
}

/**
 * @param {HTMLElement} item
 * @param {LegResult} result
 */
function showLeg(item, { leg, state, finding }) {
  item.dataset["state"] = state;
  const [, name, label, found, advice] = /** @type {HTMLElement[]} */ ([...item.children]);
  if (!name || !label || !found || !advice) return;
  setText(name, words(`check.leg.${leg}`));
  setText(label, state === "waiting" ? "" : words(`check.state.${state}`));
  setText(found, finding === null ? words(`check.about.${leg}`) : words(finding.words, finding.values));
  setText(advice, finding?.advice === undefined ? "" : words(finding.advice));
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}

new CheckPage().start();
