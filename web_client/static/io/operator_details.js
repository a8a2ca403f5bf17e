// One session in full, in a dialog: what happened, where it ran, its last words; and its end, after a question.

import { nameIn, spanText } from "../core/operator_format.js";
import { SessionState } from "../wire/constants.js";
import { api, failureOf } from "./api.js";
import { ClosingDialog } from "./closing_dialog.js";
import { make, setText } from "./kept_list.js";
import { byId } from "./screens.js";

/** @import {OperatorHistory, PastEvent} from "../types.js" */
/** @import {WordKey, Words} from "../strings/words.js" */

/** @type {ReadonlySet<string>} */
const KNOWN_EVENTS = new Set([
  "created", "placement", "priority", "handed_over", "joined", "left", "seat_moved", "invited", "violations",
]);
/** @type {ReadonlySet<string>} */
const STATES = new Set(Object.values(SessionState));

export class OperatorDetails {
  #words;
  #language;
  #onChange;
  /** @type {OperatorHistory | null} */
  #shown = null;
  /** @type {string | null} */
  #sessionId = null;
  #dialog = new ClosingDialog(byId("details", HTMLDialogElement), () => {
    this.#sessionId = null;
    this.#shown = null;
  });
  #confirm = new ClosingDialog(byId("confirm", HTMLDialogElement), () => {});
  #heading = byId("details_heading", HTMLElement);
  #content = byId("details_content", HTMLElement);
  #end = byId("details_end", HTMLButtonElement);
  #notice = byId("details_notice", HTMLElement);

  /**
   * @param {Words} words
   * @param {string} language
   * @param {() => void} onChange A session was told to end.
   */
  constructor(words, language, onChange) {
    this.#words = words;
    this.#language = language;
    this.#onChange = onChange;
    byId("details_close", HTMLButtonElement).onclick = () => this.#dialog.close();
    byId("confirm_no", HTMLButtonElement).onclick = () => this.#confirm.close();
    byId("confirm_yes", HTMLButtonElement).onclick = () => void this.#endIt();
    this.#end.onclick = () => this.#confirm.open();
  }

  /** @param {string} sessionId */
  async open(sessionId) {
    this.#sessionId = sessionId;
    this.#shown = null;
    this.#heading.textContent = this.#words("operator.details");
    this.#end.hidden = true;
    await this.refresh();
    this.#content.hidden = this.#shown === null;
    this.#dialog.open();
  }

  /** Read the shown session anew, if one is shown. */
  async refresh() {
    const sessionId = this.#sessionId;
    if (sessionId === null) return;
    try {
      const history = await api.history(sessionId);
      if (this.#sessionId === sessionId) this.#show(history);
    } catch (error) {
      this.#tell(this.#words(`reason.${failureOf(error).reason}`));
    }
  }

  async #endIt() {
    this.#confirm.close();
    if (this.#sessionId === null) return;
    this.#end.disabled = true;
    try {
      this.#show(await api.endAnySession(this.#sessionId));
    } catch (error) {
      this.#tell(this.#words(`reason.${failureOf(error).reason}`));
    }
    this.#end.disabled = false;
    this.#onChange();
  }

  /** @param {string} text */
  #tell(text) {
    setText(this.#notice, text);
    this.#notice.hidden = text === "";
  }

  /** @param {OperatorHistory} history */
  #show(history) {
    this.#tell(history.session.state === "ending" ? this.#words("operator.ending") : "");
    // Rendered anew only when something changed, so that a selection in it lives through the polls.
    if (JSON.stringify(history) === JSON.stringify(this.#shown)) return;
    this.#shown = history;
    this.#content.hidden = false;
    const words = this.#words;
    const { session, events, placements, detail } = history;
    const name = nameIn(session.title_names, this.#language, session.title_id);
    this.#heading.textContent = name;
    byId("confirm_words", HTMLElement).textContent = words("operator.end_words", { game: name });
    this.#end.hidden = session.state === "ended" || session.state === "ending";
    byId("details_facts", HTMLElement).replaceChildren(
      ...this.#fact("operator.col.state", words(`operator.state.${session.state}`)),
      ...this.#fact("operator.col.reason", session.reason ?? "–", session.reason === null ? "" : "code"),
      ...(session.reason === null ? [] : this.#fact("operator.told", words(`reason.${session.reason}`))),
      ...this.#fact("operator.session_id", session.session_id, "code"),
      ...this.#fact("operator.col.player", session.player_id, "code"),
      ...this.#fact("operator.version", session.title_version, "code"),
    );
    const names = new Map(placements.map((each) => [each.node_id, each.node_name]));
    byId("details_events", HTMLElement).replaceChildren(...events.map((each) => this.#event(each, session.created_at_ms, names)));
    byId("details_words_part", HTMLElement).hidden = detail === "";
    byId("details_words", HTMLElement).textContent = detail;
  }

  /**
   * @param {WordKey} key
   * @param {string} value
   * @param {string} [className]
   */
  #fact(key, value, className = "") {
    return [make("dt", "", this.#words(key)), make("dd", className, value)];
  }

  /**
   * @param {PastEvent} event
   * @param {number} beganMs
   * @param {ReadonlyMap<string, string>} nodeNames
   */
  #event(event, beganMs, nodeNames) {
    const item = make("li");
    const time = make("time", "", new Date(event.happened_at_ms).toLocaleTimeString(this.#language));
    time.dateTime = new Date(event.happened_at_ms).toISOString();
    time.title = `+${spanText((event.happened_at_ms - beganMs) / 1000, this.#words)}`;
    const text = make("span", "event_words", this.#eventName(event.event));
    item.append(time, text);
    for (const extra of this.#extras(event, nodeNames)) item.append(make("span", "event_extra", extra));
    if (event.reason !== null) item.append(make("span", "code", event.reason));
    return item;
  }

  /** @param {string} event */
  #eventName(event) {
    if (KNOWN_EVENTS.has(event)) return this.#words(/** @type {WordKey} */ (`operator.event.${event}`));
    return STATES.has(event) ? this.#words(/** @type {WordKey} */ (`operator.state.${event}`)) : event;
  }

  /**
   * What else is known of it: why placement decided as it did, how often the rules were broken.
   * @param {PastEvent} event
   * @param {ReadonlyMap<string, string>} nodeNames
   */
  #extras({ event, data }, nodeNames) {
    const extras = [];
    const node = data["node_id"];
    if (typeof node === "string") extras.push(this.#words("operator.placed_on", { node: nodeNames.get(node) ?? node }));
    const count = data["count"];
    if (event === "violations" && typeof count === "number") extras.push(`× ${count}`);
    const { region, round_trip_ms: ms } = data;
    if (typeof region === "string") {
      const far = typeof ms === "number" ? ` (${ms} ms)` : "";
      extras.push(this.#words("operator.in_region", { region: `${region}${far}` }));
    }
    for (const name of /** @type {const} */ (["refused", "behind"])) {
      const counted = data[name];
      if (typeof counted === "object" && counted !== null && Object.keys(counted).length > 0) {
        const reasons = Object.entries(counted).map(([reason, count]) => `${reason} × ${count}`).join(", ");
        extras.push(this.#words(`operator.${name}`, { reasons }));
      }
    }
    return extras;
  }
}
