// "Add a device": makes a link that works once, shows it as a code, counts down, and tells when it was used.

import { countdown } from "../core/device_list.js";
import { api } from "./api.js";
import { qrImage } from "./qr_image.js";
import { byId } from "./screens.js";

/** @import {Words} from "../strings/words.js" */
/** @import {Code, DeviceLink} from "./api.js" */

/** Between questions to the server whether the link was used. */
const ASK_MS = 1500;

/** Between steps of the countdown. */
const COUNT_MS = 500;

export class DeviceLinkPanel {
  #words;
  #on;
  #button = byId("add_button", HTMLButtonElement);
  #box = byId("link", HTMLElement);
  #code = byId("code", HTMLElement);
  #how = byId("add_how", HTMLElement);
  #state = byId("link_state", HTMLElement);
  #left = byId("link_left", HTMLElement);
  #url = byId("link_url", HTMLInputElement);
  #copy = byId("link_copy", HTMLButtonElement);
  /** @type {DeviceLink | null} */
  #link = null;
  #endsAt_ms = 0;
  #askedAt_ms = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer = undefined;

  /**
   * @param {Words} words
   * @param {{onUsed: () => void, onFailed: (error: unknown) => void}} on
   */
  constructor(words, on) {
    this.#words = words;
    this.#on = on;
    this.#button.addEventListener("click", () => void this.#make());
    byId("link_done", HTMLButtonElement).addEventListener("click", () => this.#close());
    this.#copy.addEventListener("click", () => void this.#copyLink());
    this.#url.addEventListener("focus", () => this.#url.select());
    addEventListener("pagehide", () => this.#withdraw());
  }

  /**
   * Say whether a device can be added, and what it must trust first.
   * @param {boolean} reachable
   * @param {Code | null} trust
   */
  offer(reachable, trust) {
    byId("add", HTMLElement).hidden = false;
    byId("add_unreachable", HTMLElement).hidden = reachable;
    this.#how.hidden = !reachable || !this.#state.hidden;
    this.#button.hidden = !reachable || this.#link !== null;
    const box = byId("trust", HTMLDetailsElement);
    box.hidden = trust === null || !reachable;
    if (trust === null) return;
    const link = byId("trust_link", HTMLAnchorElement);
    link.href = trust.text;
    link.textContent = trust.text;
    byId("trust_code", HTMLElement).replaceChildren(qrImage(trust.qr, this.#words("devices.trust_code")));
  }

  async #make() {
    this.#button.disabled = true;
    try {
      this.#show(await api.addDeviceLink());
    } catch (error) {
      this.#on.onFailed(error);
    } finally {
      this.#button.disabled = false;
    }
  }

  /** @param {DeviceLink} link */
  #show(link) {
    this.#link = link;
    this.#endsAt_ms = performance.now() + link.expires_in_s * 1000;
    this.#askedAt_ms = performance.now();
    this.#code.replaceChildren(qrImage(link.qr, this.#words("devices.code")));
    this.#code.classList.remove("over");
    this.#code.removeAttribute("aria-hidden");
    this.#url.value = link.url;
    this.#copy.textContent = this.#words("devices.copy");
    this.#how.hidden = this.#button.hidden = true;
    this.#box.hidden = false;
    this.#say("open");
    this.#count();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#count(), COUNT_MS);
  }

  #count() {
    const now_ms = performance.now();
    const left_ms = this.#endsAt_ms - now_ms;
    this.#left.textContent = this.#words("devices.left", { time: countdown(left_ms) });
    if (left_ms <= 0) this.#over("expired");
    else if (now_ms - this.#askedAt_ms >= ASK_MS) void this.#ask();
  }

  async #ask() {
    const asked = this.#link;
    this.#askedAt_ms = performance.now();
    if (asked === null) return;
    // Without an answer the next question is the next chance; the countdown goes on.
    const answer = await api.deviceLink(asked.link_id).catch(() => null);
    if (answer === null || this.#link !== asked || answer.state === "open") return;
    this.#over(answer.state);
    if (answer.state === "used") this.#on.onUsed();
  }

  /** @param {"used" | "expired"} state */
  #over(state) {
    clearInterval(this.#timer);
    this.#link = null;
    this.#box.hidden = true;
    this.#code.classList.add("over");
    this.#code.setAttribute("aria-hidden", "true");
    this.#url.value = "";
    this.#button.textContent = this.#words("devices.add_again");
    this.#button.hidden = false;
    this.#say(state);
  }

  #close() {
    this.#withdraw();
    clearInterval(this.#timer);
    this.#link = null;
    this.#box.hidden = this.#state.hidden = true;
    this.#how.hidden = false;
    this.#code.replaceChildren();
    this.#button.textContent = this.#words("devices.add_button");
    this.#button.hidden = false;
    this.#button.focus();
  }

  /** A link that nobody looks at any more is nobody's to use. */
  #withdraw() {
    if (this.#link !== null) api.withdrawDeviceLink(this.#link.link_id);
  }

  /** @param {"open" | "used" | "expired"} state */
  #say(state) {
    this.#state.hidden = false;
    this.#state.dataset["state"] = state;
    this.#state.textContent = this.#words(`devices.link_${state}`);
  }

  async #copyLink() {
    this.#url.select();
    try {
      await navigator.clipboard.writeText(this.#url.value);
      this.#copy.textContent = this.#words("devices.copied");
    } catch {
      // Selected, so that Ctrl+C takes it: without a secure context a page may not copy.
    }
  }
}
