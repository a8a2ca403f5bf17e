// The host's invitations: make a link, copy it or let a phone scan it, see which links hold, take one back.

import { InvitationKind } from "../wire/constants.js";
import { tableApi } from "./api.js";
import { element } from "./elements.js";
import { qrImage } from "./qr_image.js";

/** @import {Invitation, NewInvitation} from "./api.js" */
/** @import {InvitationKindLabel} from "../types.js" */
/** @import {Words} from "../strings/words.js" */

export class InvitationPart {
  #words;
  #onFailure;
  /** @type {ReturnType<typeof tableApi> | null} */
  #api = null;
  #seat;
  #watch;
  #full;
  #link = element("input", { type: "text", readOnly: true, className: "table_link" });
  #copy;
  #code = element("div", { className: "table_code" });
  #scan;
  #here;
  #made;
  /** @type {string | null} The link that is shown, until it is used or taken back. */
  #madeId = null;
  #said = element("p", { className: "table_said" });
  #links = element("ul", { className: "table_links" });
  #linksPart;
  /** @type {InvitationKindLabel} */
  #kind = InvitationKind.SEAT;
  root;

  /**
   * @param {Words} words
   * @param {(error: unknown) => void} onFailure
   */
  constructor(words, onFailure) {
    this.#words = words;
    this.#onFailure = onFailure;
    this.#seat = element("button", { type: "button", className: "primary", textContent: words("table.invite_seat") });
    this.#watch = element("button", { type: "button", textContent: words("table.invite_watch") });
    this.#seat.onclick = () => void this.#invite(InvitationKind.SEAT);
    this.#watch.onclick = () => void this.#invite(InvitationKind.WATCH);
    this.#full = element("p", { className: "table_note", textContent: words("table.no_free_seat"), hidden: true });
    this.#copy = element("button", { type: "button", textContent: words("table.copy") });
    this.#copy.onclick = () => void this.#copyLink();
    this.#link.setAttribute("aria-label", words("table.link"));
    // Backward, so that the beginning of a long address stays in sight.
    this.#link.onfocus = () => this.#link.setSelectionRange(0, this.#link.value.length, "backward");
    this.#said.setAttribute("role", "status");
    this.#scan = element("p", { className: "table_note", textContent: words("table.scan") });
    this.#here = element("div", {}, [
      element("p", { className: "table_note", textContent: words("table.only_here") }),
      element("code", { className: "command", textContent: "farplay up --lan" }),
    ]);
    this.#made = element("div", { className: "table_made", hidden: true }, [
      element("div", { className: "table_row" }, [this.#link, this.#copy]), this.#code, this.#scan, this.#here,
    ]);
    this.#linksPart = element("div", { hidden: true }, [
      element("h4", { textContent: words("table.links") }), this.#links,
    ]);
    this.root = element("section", { hidden: true }, [
      element("h3", { textContent: words("table.invite") }),
      element("p", { className: "table_note", textContent: words("table.invite_how") }),
      element("div", { className: "table_row" }, [this.#seat, this.#watch]),
      this.#full, this.#made, this.#said, this.#linksPart,
    ]);
  }

  /** @param {string | null} sessionId */
  useSession(sessionId) {
    this.#api = sessionId === null ? null : tableApi(sessionId);
  }

  /**
   * @param {number} seats Of the title.
   * @param {boolean} free
   */
  setSeats(seats, free) {
    this.#seat.hidden = seats < 2;
    this.#watch.classList.toggle("primary", seats < 2);
    this.#seat.disabled = !free;
    this.#full.hidden = seats < 2 || free;
  }

  async refresh() {
    if (this.#api === null) return;
    try {
      const { invitations } = await this.#api.invitations();
      if (invitations.some(({ invitation_id, used }) => used && invitation_id === this.#madeId)) this.#hideMade();
      this.#linksPart.hidden = invitations.length === 0;
      this.#links.replaceChildren(...invitations.map((each) => this.#row(each)));
    } catch (error) {
      this.#onFailure(error);
    }
  }

  /** @param {InvitationKindLabel} kind */
  async #invite(kind) {
    if (this.#api === null) return;
    try {
      this.#showMade(await this.#api.invite(kind));
      await this.#copyLink();
    } catch (error) {
      this.#onFailure(error);
    }
    await this.refresh();
  }

  /** @param {NewInvitation} invitation */
  #showMade({ invitation_id, kind, path, code }) {
    this.#madeId = invitation_id;
    this.#kind = kind;
    this.#link.value = code?.text ?? new URL(path, location.href).href;
    this.#code.replaceChildren(...(code === null ? [] : [qrImage(code.qr, this.#words("table.code"))]));
    this.#code.hidden = this.#scan.hidden = code === null;
    this.#here.hidden = code !== null;
    this.#made.hidden = false;
  }

  #hideMade() {
    this.#madeId = null;
    this.#made.hidden = true;
    this.#code.replaceChildren();
    this.#said.textContent = "";
  }

  async #copyLink() {
    try {
      await navigator.clipboard.writeText(this.#link.value);
      this.#said.textContent = this.#words(this.#kind === InvitationKind.SEAT ? "table.copied" : "table.copied_watch");
    } catch {
      // Without a secure context or the right to it there is no clipboard; the link is there to be selected.
      this.#said.textContent = this.#words("table.copy_failed");
      this.#link.focus();
    }
  }

  /** @param {Invitation} invitation */
  #row({ invitation_id, kind, used, expires_in_s }) {
    const key = kind === InvitationKind.WATCH ? "table.link_watch" : used ? "table.link_seat_used" : "table.link_seat";
    const revoke = element("button", { type: "button", textContent: this.#words("table.revoke") });
    revoke.onclick = () => void this.#revoke(invitation_id);
    const hours = this.#words("table.link_hours", { hours: Math.ceil(expires_in_s / 3600) });
    return element("li", {}, [
      element("span", { textContent: this.#words(key) }), element("small", { textContent: hours }), revoke,
    ]);
  }

  /** @param {string} id */
  async #revoke(id) {
    try {
      await this.#api?.revoke(id);
      if (id === this.#madeId) this.#hideMade();
    } catch (error) {
      this.#onFailure(error);
    }
    await this.refresh();
  }
}
