// The table: who is here and on which seat; for the host also invitations, handing seats over and sending away.
// It makes its own elements, so that a page needs no more than to hand it the session's state.

import { isFinal, myself } from "../core/session_state.js";
import { changes, hasFreeSeat, nameOf, placeOf } from "../core/table_view.js";
import { Reason } from "../wire/constants.js";
import { failureOf, tableApi } from "./api.js";
import { ClosingDialog } from "./closing_dialog.js";
import { element } from "./elements.js";
import { InvitationPart } from "./invitation_part.js";
import { byId } from "./screens.js";

/** @import {Present, TableNews} from "../types.js" */
/** @import {PageState} from "../core/session_state.js" */
/** @import {Words} from "../strings/words.js" */

/** How long news of the table stay on the screen. */
const NEWS_MS = 5_000;

export class TablePanel {
  #words;
  /** @type {TableNews | null} */
  #table = null;
  /** @type {string | null} */
  #sessionId = null;
  #people = element("ul", { className: "table_people" });
  #seats = element("div", { className: "table_seats" });
  #count = element("span");
  #failure = element("p", { className: "table_failure" });
  #news = element("p", { className: "table_news" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #newsTimer;
  #seatsPart;
  #leave;
  #close;
  #button;
  #dialog;
  #invitations;

  /**
   * @param {Words} words
   * @param {() => void} onLeave A guest leaves the table.
   */
  constructor(words, onLeave) {
    this.#words = words;
    this.#invitations = new InvitationPart(words, (error) => this.#fail(error));
    this.#seatsPart = element("section", {}, [element("h3", { textContent: words("table.who_plays") }), this.#seats]);
    this.#leave = element("button", { type: "button", className: "table_leave", textContent: words("table.leave") });
    this.#leave.onclick = () => {
      this.#dialog.close();
      onLeave();
    };
    const title = element("h2", { id: "table_title", textContent: words("table.title") });
    this.#close = element("button", { type: "button", className: "table_close", textContent: "×" });
    this.#close.setAttribute("aria-label", words("table.close"));
    this.#close.onclick = () => this.#dialog.close();
    this.#failure.setAttribute("role", "alert");
    this.#failure.hidden = true;
    const dialog = element("dialog", { id: "table_panel" }, [
      element("header", {}, [title, this.#close]), this.#people, this.#seatsPart, this.#invitations.root, this.#failure,
      this.#leave,
    ]);
    dialog.setAttribute("aria-labelledby", title.id);
    // Enter and Space are the game's again.
    this.#dialog = new ClosingDialog(dialog, () => this.#button.blur());
    this.#button = element("button", { type: "button", id: "button_table", hidden: true }, [icon(), this.#count]);
    this.#button.setAttribute("aria-haspopup", "dialog");
    this.#button.onclick = () => this.open();
    this.#news.setAttribute("role", "status");
    document.body.append(this.#button, this.#news, dialog);
  }

  /** Whether a guest is here, who can start and end nothing. */
  get isVisitor() {
    return this.#table !== null && !this.#table.participants.some((who) => who.me && (who.host || !who.guest));
  }

  open() {
    this.#failure.hidden = true;
    this.#dialog.open();
    if (this.#isHost) void this.#invitations.refresh();
  }

  /** @param {PageState} state */
  show(state) {
    const over = isFinal(state);
    byId("watching", HTMLElement).hidden = state.role === "player";
    this.#showEnd(state);
    if (over) this.#dialog.close();
    this.#button.hidden = over || state.table === null;
    if (over) this.#offerReturn(state);
    if (state.table === null || state.table === this.#table) return;
    this.#tell(changes(this.#table, state.table));
    this.#table = state.table;
    if (state.sessionId !== this.#sessionId) {
      this.#sessionId = state.sessionId;
      this.#invitations.useSession(state.sessionId);
    }
    this.#render(state.table);
  }

  get #isHost() {
    return this.#table?.participants.some((who) => who.me && who.host) === true;
  }

  /** Only the host ends the game. @param {PageState} state */
  #showEnd(state) {
    const asked = state.visit.kind !== "session" || state.visit.role === "player";
    byId("button_end", HTMLElement).hidden = !(myself(state)?.host ?? asked);
  }

  /** A guest has no library to go to and starts no game; who only left may come back. @param {PageState} state */
  #offerReturn(state) {
    if (!this.isVisitor) return;
    byId("screen_home", HTMLElement).hidden = true;
    byId("screen_play", HTMLElement).hidden = state.failure?.reason !== Reason.LEFT && state.phase !== "taken_over";
  }

  /** @param {TableNews} table */
  #render(table) {
    const here = table.participants.filter((who) => who.here).length;
    this.#count.textContent = String(here);
    this.#button.setAttribute("aria-label", this.#words("table.open", { count: here }));
    const focused = this.#people.contains(document.activeElement);
    this.#people.replaceChildren(...table.participants.map((who) => this.#person(who)));
    if (focused) this.#close.focus();
    this.#leave.hidden = this.#isHost;
    this.#seatsPart.hidden = !this.#isHost || table.participants.length < 2;
    if (!this.#seatsPart.hidden) this.#renderSeats(table);
    this.#invitations.root.hidden = !this.#isHost;
    this.#invitations.setSeats(table.seats, hasFreeSeat(table));
    if (this.#dialog.isOpen && this.#isHost) void this.#invitations.refresh();
  }

  /** @param {Present} who */
  #person(who) {
    const name = this.#name(who);
    const shown = who.me ? this.#words("table.you", { name }) : name;
    const place = this.#words(...placeOf(who));
    const row = element("li", { className: who.here ? "" : "away" }, [
      element("span", { className: "table_badge", textContent: who.seats.length > 0 ? seatsText(who) : "–" }),
      element("span", { className: "table_name" }, [
        element("strong", { textContent: shown }),
        element("small", { textContent: who.here ? place : `${place} · ${this.#words("table.away")}` }),
      ]),
    ]);
    row.firstElementChild?.setAttribute("aria-hidden", "true");
    if (who.seats.length > 0) row.dataset["seat"] = String(who.seats[0]);
    if (this.#isHost && !who.me && !who.host) row.append(this.#kickButton(who, name));
    return row;
  }

  /**
   * @param {Present} who
   * @param {string} name
   */
  #kickButton(who, name) {
    const kick = element("button", { type: "button", className: "table_kick" });
    kick.textContent = this.#words("table.send_away");
    kick.setAttribute("aria-label", this.#words("table.send_away_name", { name }));
    kick.onclick = () => {
      // It cannot be undone: the first click asks.
      if (kick.classList.contains("sure")) void this.#act((api) => api.sendAway(who.participant_id));
      kick.classList.add("sure");
      kick.textContent = this.#words("table.send_away_sure");
      kick.setAttribute("aria-label", this.#words("table.send_away_sure_name", { name }));
    };
    kick.onblur = () => {
      kick.classList.remove("sure");
      kick.textContent = this.#words("table.send_away");
      kick.setAttribute("aria-label", this.#words("table.send_away_name", { name }));
    };
    return kick;
  }

  /** One choice per seat: giving it to somebody hands it over, choosing oneself takes it back. @param {TableNews} table */
  #renderSeats(table) {
    const rows = [];
    for (let seat = 0; seat < table.seats; seat += 1) {
      const choice = element("select", { id: `table_seat_${seat}` });
      for (const who of table.participants) {
        const option = element("option", { value: who.participant_id, selected: who.seats.includes(seat) });
        option.textContent = this.#name(who);
        choice.append(option);
      }
      choice.setAttribute("aria-label", this.#words("table.hand_over", { seat: seat + 1 }));
      choice.onchange = () => void this.#act((api) => api.handOver(seat, choice.value));
      const label = element("label", { htmlFor: choice.id, textContent: this.#words("table.seat", { seat: seat + 1 }) });
      rows.push(element("div", { className: "table_row" }, [label, choice]));
    }
    const focused = document.activeElement?.id ?? "";
    this.#seats.replaceChildren(...rows);
    if (focused.startsWith("table_seat_")) document.getElementById(focused)?.focus();
  }

  /** @param {(api: ReturnType<typeof tableApi>) => Promise<unknown>} act */
  async #act(act) {
    if (this.#sessionId === null) return;
    this.#failure.hidden = true;
    try {
      await act(tableApi(this.#sessionId));
    } catch (error) {
      this.#fail(error);
      if (this.#table !== null) this.#render(this.#table);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#failure.textContent = this.#words(`reason.${failureOf(error).reason}`);
    this.#failure.hidden = false;
  }

  /** @param {ReturnType<typeof changes>} found */
  #tell(found) {
    if (found.length === 0) return;
    const texts = found.map(({ key, who }) =>
      this.#words(key, { name: this.#name(who), seat: who.seats.map((seat) => seat + 1).join(", ") }));
    this.#news.textContent = texts.join(" · ");
    clearTimeout(this.#newsTimer);
    this.#newsTimer = setTimeout(() => {
      this.#news.textContent = "";
    }, NEWS_MS);
  }

  /** @param {Present} who */
  #name(who) {
    const name = nameOf(who);
    return typeof name === "string" ? name : this.#words(...name);
  }
}

/** @param {Present} who */
function seatsText(who) {
  return who.seats.map((seat) => seat + 1).join("·");
}

function icon() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm7.5.5a3 3 0 1 0 0-6M2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 "
    + "6.5 6m2-5.7c2.4.5 4 2.5 4 5.2");
  svg.append(path);
  return svg;
}
