// The library as a whole: hero, filters, grid, dialog, and what stands there when there is nothing to show.

import { arranged, fits, spotlightOf } from "../core/library.js";
import { byId } from "../io/screens.js";
import { card, skeletons } from "./cards.js";
import { DetailsDialog } from "./details.js";
import { Filters } from "./filters.js";
import { alsoRunning, hero, heroSkeleton } from "./hero.js";
import { emptyPanel, failurePanel, invitedPanel, nothingFitsPanel, signedOutPanel } from "./panels.js";

/** @import {FailureReason, Invited, LibraryView, Title} from "../types.js" */

/**
 * What the page knows. `catalogue` is null before the first answer; `failure` is why the newest one did not come.
 * @typedef {object} LibraryState
 * @property {readonly Title[] | null} catalogue
 * @property {FailureReason | null} failure
 * @property {boolean} signedOut
 * @property {Invited | null} invited What a guest's browser may open in the catalogue's place.
 * @property {FailureReason | null} linkFailure
 */

const SKELETONS = 4;

export class Library {
  #top = byId("top", HTMLElement);
  #games = byId("games", HTMLElement);
  #bar = byId("games_bar", HTMLElement);
  #grid = byId("titles", HTMLUListElement);
  #message = byId("message", HTMLElement);
  #notice = byId("notice", HTMLElement);
  #filters = new Filters(() => this.#showAgain());
  #details;
  #onDetails;
  #onRetry;
  /** @type {[LibraryState, LibraryView] | null} */
  #shown = null;

  /**
   * @param {(titleId: string | null) => void} onDetails The dialog shows this title now, or nothing any more.
   * @param {() => void} onRetry
   */
  constructor(onDetails, onRetry) {
    this.#onRetry = onRetry;
    this.#onDetails = onDetails;
    this.#details = new DetailsDialog(byId("details", HTMLDialogElement), () => onDetails(null));
  }

  /**
   * Show everything anew; the focus stays on what it was on.
   * @param {LibraryState} state
   * @param {LibraryView} view
   */
  show(state, view) {
    this.#shown = [state, view];
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["focus"] : undefined;
    const { catalogue, failure, signedOut, invited } = state;
    const titles = catalogue ?? [];
    if (catalogue === null && failure === null && !signedOut && invited === null) this.#top.replaceChildren(heroSkeleton());
    else this.#showTop(titles, view);
    this.#showGrid(state, view);
    this.#notice.hidden = failure === null || (catalogue === null && invited === null);
    this.#notice.textContent = this.#notice.hidden ? "" : view.words("link.unreachable");
    const open = titles.find(({ id }) => id === this.#details.titleId);
    if (open !== undefined) this.#details.show(open, view);
    if (focused !== undefined) refocus(focused);
  }

  /** @param {string | null} titleId */
  openDetails(titleId) {
    const [state, view] = this.#shown ?? [];
    const title = state?.catalogue?.find(({ id }) => id === titleId);
    if (title !== undefined && view !== undefined) this.#details.show(title, view);
    else this.#details.close();
  }

  #showAgain() {
    if (this.#shown !== null) this.show(...this.#shown);
  }

  /**
   * @param {readonly Title[]} titles
   * @param {LibraryView} view
   */
  #showTop(titles, view) {
    const spotlight = spotlightOf(titles);
    if (spotlight === null) {
      this.#top.replaceChildren();
      return;
    }
    const others = titles.filter((title) => title.session !== null && title !== spotlight.title);
    const row = alsoRunning(others, view);
    this.#top.replaceChildren(hero(spotlight, view, this.#onDetails), ...(row === null ? [] : [row]));
  }

  /**
   * @param {LibraryState} state
   * @param {LibraryView} view
   */
  #showGrid(state, view) {
    const all = state.catalogue ?? [];
    const fitting = arranged(all).filter((title) => fits(title, this.#filters.filter));
    this.#filters.show(view.words, fitting.length, all.length);
    const panel = this.#panel(state, view, fitting.length);
    const loading = state.catalogue === null && panel === null;
    this.#bar.hidden = all.length === 0 && !loading;
    this.#games.setAttribute("aria-busy", String(loading));
    this.#grid.hidden = panel !== null;
    this.#message.hidden = panel === null && !loading;
    this.#message.classList.toggle("visually_hidden", loading);
    this.#message.replaceChildren(panel ?? (loading ? view.words("home.loading") : ""));
    this.#grid.replaceChildren(...(loading ? skeletons(SKELETONS) : fitting.map((title) => card(title, view, this.#onDetails))));
  }

  /**
   * @param {LibraryState} state
   * @param {LibraryView} view
   * @param {number} fitting
   */
  #panel({ catalogue, failure, signedOut, invited, linkFailure }, view, fitting) {
    const { words } = view;
    if (signedOut) return signedOutPanel(words, linkFailure);
    if (invited !== null) return invitedPanel(view, invited, linkFailure);
    if (catalogue === null) return failure === null ? null : failurePanel(words, failure, this.#onRetry);
    if (catalogue.length === 0) return emptyPanel(words);
    return fitting === 0 ? nothingFitsPanel(words, () => this.#filters.clear()) : null;
  }
}

/** @param {string} focused */
function refocus(focused) {
  const scope = document.querySelector("dialog[open]") ?? document;
  const target = scope.querySelector(`[data-focus="${CSS.escape(focused)}"]`);
  if (target instanceof HTMLElement && target !== document.activeElement) target.focus({ preventScroll: true });
}
