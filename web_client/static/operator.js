// The operator's page: looks every two seconds while somebody looks at it.

import { backoffMs } from "./core/backoff.js";
import { api, failureOf } from "./io/api.js";
import { OperatorDetails } from "./io/operator_details.js";
import { OperatorPools } from "./io/operator_pools.js";
import { OperatorTables } from "./io/operator_tables.js";
import { speak } from "./io/language.js";
import { byId } from "./io/screens.js";
import { showHeaderToMe } from "./io/site_header.js";
import { Reason } from "./wire/constants.js";

const { language, words } = speak();
showHeaderToMe(byId("site_header", HTMLElement), { language, words });
document.title = `${words("operator.title")} – ${words("app.name")}`;

const POLL_MS = 2_000;

class OperatorPage {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #failures = 0;
  #details = new OperatorDetails(words, language, () => void this.#poll());
  #tables = new OperatorTables(words, language, (sessionId) => void this.#details.open(sessionId));
  #pools = new OperatorPools(words);
  #state = byId("live", HTMLElement);
  #content = byId("content", HTMLElement);
  #message = byId("message", HTMLElement);

  start() {
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#pause();
      else void this.#poll();
    });
    void this.#poll();
  }

  #pause() {
    clearTimeout(this.#timer);
    this.#say("paused", words("operator.paused"));
  }

  async #poll() {
    clearTimeout(this.#timer);
    try {
      const [overview, pools] = await Promise.all([api.overview(), api.pools()]);
      this.#failures = 0;
      this.#tables.show(overview, Date.now());
      this.#pools.show(pools);
      await this.#details.refresh();
      this.#content.hidden = false;
      this.#message.hidden = true;
      this.#say("live", words("operator.live"));
    } catch (error) {
      if (!this.#failed(error)) return;
    }
    if (document.hidden) return this.#pause();
    clearTimeout(this.#timer);
    const ms = this.#failures === 0 ? POLL_MS : POLL_MS + backoffMs(this.#failures, Math.random());
    this.#timer = setTimeout(() => void this.#poll(), ms);
  }

  /** @param {unknown} error @returns {boolean} Whether trying again makes sense. */
  #failed(error) {
    const { reason } = failureOf(error);
    if (reason === Reason.NOT_SIGNED_IN || reason === Reason.FORBIDDEN) {
      this.#content.hidden = true;
      this.#message.hidden = false;
      const forbidden = reason === Reason.FORBIDDEN;
      byId("message_heading", HTMLElement).textContent = words(forbidden ? "operator.forbidden" : "home.sign_in");
      byId("message_words", HTMLElement).textContent = words(forbidden ? "reason.forbidden" : "home.sign_in_how");
      this.#state.hidden = true;
      return false;
    }
    this.#failures += 1;
    this.#say("offline", words("operator.offline"));
    return true;
  }

  /**
   * @param {"live" | "paused" | "offline"} state
   * @param {string} text
   */
  #say(state, text) {
    this.#state.hidden = false;
    this.#state.dataset["state"] = state;
    if (this.#state.textContent !== text) this.#state.textContent = text;
  }
}

new OperatorPage().start();
