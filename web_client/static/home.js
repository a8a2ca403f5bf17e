// The home page: signs in by the address's token, shows the library and keeps it current.

import { ago } from "./core/relative_time.js";
import { readVisit } from "./core/visit.js";
import { api, failureOf } from "./io/api.js";
import { registerShell } from "./io/app_shell.js";
import { deviceHere } from "./io/device_here.js";
import { followFocusSteps } from "./io/focus_steps.js";
import { showInsecureNotice } from "./io/insecure_notice.js";
import { speak } from "./io/language.js";
import { RegionProbe } from "./io/region_probe.js";
import { byId } from "./io/screens.js";
import { showHeader } from "./io/site_header.js";
import { Library } from "./library/library.js";
import { Reason } from "./wire/constants.js";

/** @import {FailureReason, Invited} from "./types.js" */
/** @import {Me} from "./io/api.js" */
/** @import {LibraryState} from "./library/library.js" */

/** Between looks at the catalogue while the page is seen. */
const REFRESH_MS = 10_000;
const REFRESH_AFTER_FAILURE_MS = 3_000;

class HomePage {
  /** @type {LibraryState} */
  #state = { catalogue: null, failure: null, signedOut: false, invited: null, linkFailure: null };
  /** @type {Me | null} */
  #me = null;
  #spoken = speak();
  #library = new Library((titleId) => this.#showAddress(titleId), () => void this.refresh());
  /** Of the server less our own clock. */
  #clockOffsetMs = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #shownAs = "";
  #headerShownAs = "";

  async start() {
    this.#show();
    followFocusSteps();
    registerShell();
    this.#state = { ...this.#state, linkFailure: await signIn() };
    await this.refresh();
    if (this.#me !== null && this.#me.guest_of === null) void new RegionProbe().measure();
    window.addEventListener("popstate", () => this.#library.openDetails(addressed()));
    window.addEventListener("pageshow", ({ persisted }) => {
      if (persisted) void this.refresh();
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.refresh();
    });
    for (const change of ["gamepadconnected", "gamepaddisconnected"]) {
      window.addEventListener(change, () => this.#showChanges());
    }
    this.#library.openDetails(addressed());
  }

  async refresh() {
    clearTimeout(this.#timer);
    try {
      // Who is asked only once: a sign-in that ends is told by the other answers as well.
      this.#me ??= await api.me();
      const known = { failure: null, signedOut: false };
      if (this.#me.guest_of !== null) {
        this.#state = { ...this.#state, ...known, invited: await invitation(this.#me.guest_of) };
      } else {
        const { titles, now_ms } = await api.titles();
        this.#clockOffsetMs = now_ms - Date.now();
        this.#state = { ...this.#state, ...known, catalogue: titles };
      }
    } catch (error) {
      this.#fail(failureOf(error).reason);
    }
    this.#showChanges();
    const pause_ms = this.#state.failure === null ? REFRESH_MS : REFRESH_AFTER_FAILURE_MS;
    // Two looks may have run side by side; one goes on.
    clearTimeout(this.#timer);
    if (!this.#state.signedOut) this.#timer = setTimeout(() => this.#refreshIfSeen(), pause_ms);
  }

  #refreshIfSeen() {
    // What happens in the background is caught up with when the page is seen again.
    if (!document.hidden) void this.refresh();
  }

  /** @param {FailureReason} reason */
  #fail(reason) {
    const signedOut = reason === Reason.NOT_SIGNED_IN;
    if (signedOut) {
      this.#me = null;
      this.#state = { ...this.#state, catalogue: null, invited: null };
    }
    this.#state = { ...this.#state, failure: signedOut ? null : reason, signedOut };
  }

  /** Leave the page alone when nothing has changed that it shows: a reader's place in it stays. */
  #showChanges() {
    const played = this.#state.catalogue?.map(({ last_played_ms }) => ago(this.#nowMs - (last_played_ms ?? this.#nowMs)));
    const shownAs = JSON.stringify([this.#state, this.#me, played, deviceHere()]);
    if (shownAs === this.#shownAs) return;
    this.#shownAs = shownAs;
    this.#show();
  }

  #show() {
    const { language, words } = this.#spoken;
    this.#showHeader();
    showInsecureNotice(byId("insecure_notice", HTMLElement), words);
    this.#library.show(this.#state, { words, language, here: deviceHere(), nowMs: this.#nowMs });
  }

  #showHeader() {
    const roles = this.#me?.roles ?? [];
    const headerShownAs = JSON.stringify([this.#spoken.language, roles]);
    if (headerShownAs === this.#headerShownAs) return;
    this.#headerShownAs = headerShownAs;
    showHeader(byId("site_header", HTMLElement), {
      ...this.#spoken,
      roles,
      onLanguage: (chosen) => {
        this.#spoken = speak(chosen);
        this.#show();
        const pressed = document.querySelector(`[data-language="${chosen}"]`);
        if (pressed instanceof HTMLElement) pressed.focus();
      },
    });
  }

  /** The server's clock. */
  get #nowMs() {
    return Date.now() + this.#clockOffsetMs;
  }

  /**
   * The dialog has an address, so that a phone's back gesture closes it and a link can lead to it.
   * @param {string | null} titleId
   */
  #showAddress(titleId) {
    if (titleId === addressed()) return;
    if (titleId !== null) {
      history.pushState({ opened: true }, "", `/?title=${encodeURIComponent(titleId)}`);
      this.#library.openDetails(titleId);
    } else if (history.state?.opened === true) history.back();
    else history.replaceState(null, "", "/");
  }
}

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

/**
 * Where a guest may go.
 * @param {string} sessionId
 * @returns {Promise<Invited>}
 */
async function invitation(sessionId) {
  try {
    return { sessionId, title: await api.titleOfSession(sessionId) };
  } catch (error) {
    const { reason } = failureOf(error);
    if (reason === Reason.UNKNOWN_SESSION || reason === Reason.KICKED) return { sessionId, title: null };
    throw error;
  }
}

/** The title that the address names. */
function addressed() {
  return new URLSearchParams(location.search).get("title");
}

await new HomePage().start();
