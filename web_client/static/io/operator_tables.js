// The operator's tiles, machines and sessions on the page.

import { bytesText, msText, nameIn, rateText, shortId, spanText } from "../core/operator_format.js";
import { totalsOf, Trends } from "../core/operator_totals.js";
import { keepInStep, make, setText } from "./kept_list.js";
import { byId } from "./screens.js";

/** @import {OperatorNode, OperatorOverview, OperatorSession, PastSession, ReasonLabel} from "../types.js" */
/** @import {WordKey, Words} from "../strings/words.js" */

const SVG = "http://www.w3.org/2000/svg";
const TREND = { width: 64, height: 20, least: 50 };

/** @type {ReadonlyArray<readonly [string, WordKey]>} */
const LIVE_COLUMNS = [
  ["game", "operator.col.game"], ["player", "operator.col.player"], ["state", "operator.col.state"],
  ["machine", "operator.col.machine"], ["since", "operator.col.since"], ["people", "operator.col.people"],
  ["picture", "operator.col.picture"], ["encode", "operator.col.encode"], ["delay", "operator.col.delay"],
];
/** @type {ReadonlyArray<readonly [string, WordKey]>} */
const ENDED_COLUMNS = [
  ["game", "operator.col.game"], ["player", "operator.col.player"], ["reason", "operator.col.reason"],
  ["lasted", "operator.col.lasted"], ["when", "operator.col.when"],
];

export class OperatorTables {
  #words;
  #language;
  #onDetails;
  #trends = new Trends();
  #tiles = byId("tiles", HTMLElement);
  #nodes = byId("nodes", HTMLElement);
  #live = byId("sessions", HTMLTableSectionElement);
  #ended = byId("ended", HTMLTableSectionElement);

  /**
   * @param {Words} words
   * @param {string} language
   * @param {(sessionId: string) => void} onDetails
   */
  constructor(words, language, onDetails) {
    this.#words = words;
    this.#language = language;
    this.#onDetails = onDetails;
    this.#heads(byId("sessions_head", HTMLTableSectionElement), LIVE_COLUMNS);
    this.#heads(byId("ended_head", HTMLTableSectionElement), ENDED_COLUMNS);
  }

  /**
   * @param {OperatorOverview} overview
   * @param {number} nowMs Since 1970.
   */
  show(overview, nowMs) {
    this.#trends.add(overview.sessions);
    this.#showTiles(overview);
    const names = new Map(overview.nodes.map((node) => [node.node_id, node.name]));
    keepInStep(this.#nodes, overview.nodes, (node) => node.node_id, () => this.#card(), (card, node) => this.#showNode(card, node));
    keepInStep(
      this.#live, overview.sessions, (each) => each.session_id, (each) => this.#row(LIVE_COLUMNS, each),
      (row, each) => this.#showSession(row, each, names, nowMs),
    );
    keepInStep(
      this.#ended, overview.ended, (each) => each.session_id, (each) => this.#row(ENDED_COLUMNS, each),
      (row, each) => this.#showEnded(row, each, nowMs),
    );
    this.#note("nodes_note", overview.nodes.length, overview.nodes_known, "operator.no_nodes");
    this.#note("sessions_note", overview.sessions.length, overview.sessions_live, "operator.no_sessions");
    this.#note("ended_note", overview.ended.length, overview.ended.length, "operator.no_ended");
    byId("sessions_table", HTMLTableElement).hidden = overview.sessions.length === 0;
    byId("ended_table", HTMLTableElement).hidden = overview.ended.length === 0;
  }

  /**
   * @param {string} id
   * @param {number} shown
   * @param {number} known
   * @param {WordKey} none
   */
  #note(id, shown, known, none) {
    const note = byId(id, HTMLElement);
    note.hidden = shown > 0 && shown >= known;
    setText(note, shown === 0 ? this.#words(none) : this.#words("operator.more", { n: known - shown }));
  }

  /** @param {OperatorOverview} overview */
  #showTiles(overview) {
    const words = this.#words;
    const totals = totalsOf(overview);
    const waiting = totals.waiting === 0 ? words("operator.none_waiting") : words("operator.waiting", { n: totals.waiting });
    /** @type {Array<[WordKey, string, string]>} */
    const tiles = [
      ["operator.playing", String(totals.sessions), waiting],
      ["operator.slots", words("operator.of", { part: totals.slots_used, whole: totals.slots }), ""],
      ["operator.nodes", String(totals.nodes), words("operator.ready", { n: totals.nodes_ready })],
      ["operator.delay", totals.delay_ms === null ? "–" : `${msText(totals.delay_ms)} ms`,
        totals.delays === 0 ? words("operator.no_figures") : words("operator.median", { n: totals.delays })],
      ["operator.traffic", rateText(totals.sent_bps), ""],
    ];
    keepInStep(
      this.#tiles, tiles, ([key]) => key,
      ([key]) => {
        const tile = make("div", "tile");
        tile.append(make("dt", "", words(key)), make("dd", "tile_value"), make("dd", "tile_note"));
        return tile;
      },
      (tile, [key, value, note]) => {
        setText(part(tile, ".tile_value"), value);
        setText(part(tile, ".tile_note"), note);
        if (key === "operator.slots") showBar(tile, totals.slots_used, totals.slots);
      },
    );
  }

  #card() {
    const words = this.#words;
    const card = make("li", "node");
    const head = make("div", "node_head");
    head.append(make("h3"), make("span", "pill"));
    const facts = make("dl", "facts");
    for (const [name, key] of /** @type {ReadonlyArray<[string, WordKey]>} */ ([
      ["region", "operator.region"], ["slots", "operator.slots"], ["cpu", "operator.cpu"], ["memory", "operator.memory"], ["encoders", "operator.encoders"],
      ["gpus", "operator.gpus"], ["sandbox", "operator.sandbox"], ["heard", "operator.heard"],
    ])) {
      const fact = make("div", `fact fact_${name}`);
      fact.append(make("dt", "", words(key)), make("dd"));
      facts.append(fact);
    }
    card.append(head, facts);
    return card;
  }

  /** @param {HTMLElement} card @param {OperatorNode} node */
  #showNode(card, node) {
    const words = this.#words;
    const lost = node.state === "lost" || !node.connected;
    card.dataset["state"] = lost && node.state === "ready" ? "lost" : node.state;
    setText(part(card, "h3"), node.name);
    setText(part(card, ".pill"), words(`operator.node.${lost && node.state === "ready" ? "lost" : node.state}`));
    /** @param {string} name @param {string} text */
    const fact = (name, text) => setText(part(card, `.fact_${name} dd`), text);
    fact("region", node.region_known ? node.region : words("operator.region_unknown", { region: node.region }));
    part(card, ".fact_region").hidden = node.region === "";
    fact("slots", words("operator.of", { part: node.slots_used, whole: node.slots }));
    showBar(part(card, ".fact_slots"), node.slots_used, node.slots);
    const known = node.cpu_cores !== null && node.connected;
    fact("cpu", known ? `${Math.round(node.cpu_percent)} % · ${node.cpu_cores} ${words("operator.cores")}` : "–");
    showBar(part(card, ".fact_cpu"), known ? node.cpu_percent : 0, 100);
    fact("memory", known ? words("operator.of", { part: bytesText(node.memory_used_bytes), whole: bytesText(node.memory_bytes ?? 0) }) : "–");
    showBar(part(card, ".fact_memory"), known ? node.memory_used_bytes : 0, node.memory_bytes ?? 1);
    fact("encoders", this.#encoders(node));
    fact("gpus", node.gpus === null ? "–" : node.gpus.join(", ") || words("operator.no_gpus"));
    fact("sandbox", this.#walls(node));
    part(card, ".fact_sandbox").classList.toggle("bad", node.missing_walls.length > 0);
    const never = node.cpu_cores === null;
    fact("heard", never ? words("operator.never") : words("operator.ago", { time: spanText(node.heard_s, words) }));
  }

  /** @param {OperatorNode} node */
  #walls(node) {
    if (node.sandbox === null) return "–";
    const profile = node.sandbox;
    if (node.missing_walls.length === 0) return this.#words("operator.sandbox.whole", { profile });
    return this.#words("operator.sandbox.missing", { profile, walls: node.missing_walls.join(", ") });
  }

  /** @param {OperatorNode} node */
  #encoders(node) {
    if (node.encoders === null) return "–";
    if (node.encoders.length === 0) return this.#words("operator.no_encoders");
    return this.#words("operator.per_frame", { encoders: node.encoders.join(", "), ms: msText(node.encode_ms_720p) });
  }

  /**
   * @param {HTMLTableSectionElement} head
   * @param {ReadonlyArray<readonly [string, WordKey]>} columns
   */
  #heads(head, columns) {
    const row = make("tr");
    row.setAttribute("role", "row");
    for (const key of [...columns.map(([, words]) => words), /** @type {WordKey} */ ("operator.col.actions")]) {
      const cell = make("th");
      cell.append(make("span", key === "operator.col.actions" ? "unseen" : "", this.#words(key)));
      cell.scope = "col";
      cell.setAttribute("role", "columnheader");
      if (key === "operator.col.encode") cell.title = this.#words("operator.p50_p99");
      if (key === "operator.col.delay") cell.title = this.#words("operator.p50_p95");
      row.append(cell);
    }
    head.replaceChildren(row);
  }

  /**
   * @param {ReadonlyArray<readonly [string, WordKey]>} columns
   * @param {OperatorSession | PastSession} session
   */
  #row(columns, session) {
    const row = make("tr");
    row.setAttribute("role", "row");
    for (const [name, key] of columns) {
      const cell = make("td", `cell_${name}`);
      cell.setAttribute("role", "cell");
      cell.dataset["label"] = this.#words(key);
      cell.append(make("span", "cell_value"));
      row.append(cell);
    }
    const action = make("td", "cell_action");
    action.setAttribute("role", "cell");
    const button = make("button", "small", this.#words("operator.details"));
    button.type = "button";
    button.setAttribute("aria-label", this.#words("operator.details_of", {
      game: nameIn(session.title_names, this.#language, session.title_id), player: shortId(session.player_id),
    }));
    button.onclick = () => this.#onDetails(session.session_id);
    action.append(button);
    row.append(action);
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {OperatorSession} session
   * @param {ReadonlyMap<string, string>} nodeNames
   * @param {number} nowMs
   */
  #showSession(row, session, nodeNames, nowMs) {
    const words = this.#words;
    const { figures, delays } = session;
    this.#showWho(row, session);
    cell(row, "state", words(`operator.state.${session.state}`));
    part(row, ".cell_state .cell_value").classList.add("pill");
    row.dataset["state"] = session.state;
    this.#showWhy(part(row, ".cell_state"), session.reason);
    cell(row, "machine", session.node_id === null ? "–" : nodeNames.get(session.node_id) ?? shortId(session.node_id));
    cell(row, "since", session.created_at_ms === null ? "–" : spanText((nowMs - session.created_at_ms) / 1000, words));
    const connected = session.participants.filter((each) => each.peer === "connected");
    const detours = new Set(connected.map((each) => each.route).filter((route) => route !== null && route !== "direct"));
    cell(row, "people", [figures?.peers ?? connected.length, ...[...detours].map((route) => words(`route.${route}`))].join(" · "));
    cell(row, "picture", figures === null ? "–" : `${Math.round(figures.fps)} fps · ${rateText(figures.sent_bps)}`);
    cell(row, "encode", figures === null ? "–" : `${msText(figures.encode_ms_p50)} / ${msText(figures.encode_ms_p99)} ms`);
    const measured = delays !== null && delays.input_ms_p50 !== null;
    cell(row, "delay", measured ? `${msText(delays.input_ms_p50)} / ${msText(delays.input_ms_p95)} ms` : "–");
    this.#showTrend(part(row, ".cell_delay"), this.#trends.points(session.session_id, TREND));
  }

  /**
   * Why it waits or ends.
   * @param {HTMLElement} place
   * @param {ReasonLabel | null} reason
   */
  #showWhy(place, reason) {
    const why = place.querySelector(".why") ?? place.appendChild(make("span", "why code"));
    setText(why, reason ?? "");
    place.title = this.#told(reason);
  }

  /** What a reason is in the player's words. @param {ReasonLabel | null} reason */
  #told(reason) {
    return reason === null ? "" : `${this.#words("operator.told")}: ${this.#words(`reason.${reason}`)}`;
  }

  /** @param {HTMLElement} place @param {string} points */
  #showTrend(place, points) {
    let line = place.querySelector("polyline");
    if (line === null) {
      const svg = document.createElementNS(SVG, "svg");
      svg.setAttribute("class", "trend");
      svg.setAttribute("viewBox", `-1 -2 ${TREND.width + 2} ${TREND.height + 4}`);
      svg.setAttribute("aria-hidden", "true");
      line = document.createElementNS(SVG, "polyline");
      svg.append(line);
      place.append(svg);
    }
    line.setAttribute("points", points);
    line.parentElement?.classList.toggle("empty", points === "");
  }

  /**
   * @param {HTMLElement} row
   * @param {PastSession} session
   * @param {number} nowMs
   */
  #showEnded(row, session, nowMs) {
    const words = this.#words;
    const endedMs = session.ended_at_ms ?? nowMs;
    this.#showWho(row, session);
    cell(row, "reason", session.reason ?? "–");
    part(row, ".cell_reason .cell_value").classList.add("code");
    part(row, ".cell_reason").title = this.#told(session.reason);
    cell(row, "lasted", spanText((endedMs - session.created_at_ms) / 1000, words));
    cell(row, "when", words("operator.ago", { time: spanText((nowMs - endedMs) / 1000, words) }));
  }

  /** @param {HTMLElement} row @param {OperatorSession | PastSession} session */
  #showWho(row, session) {
    cell(row, "game", nameIn(session.title_names, this.#language, session.title_id));
    cell(row, "player", shortId(session.player_id));
    part(row, ".cell_player .cell_value").classList.add("code");
    part(row, ".cell_player").title = session.player_id;
  }
}

/** @param {HTMLElement} row @param {string} name @param {string} text */
function cell(row, name, text) {
  setText(part(row, `.cell_${name} .cell_value`), text);
}

/**
 * @param {HTMLElement} root
 * @param {string} selector
 * @returns {HTMLElement}
 */
function part(root, selector) {
  return /** @type {HTMLElement} */ (root.querySelector(selector));
}

/**
 * A bar for something that the words beside it say as well.
 * @param {HTMLElement} place
 * @param {number} value
 * @param {number} whole
 */
function showBar(place, value, whole) {
  let fill = /** @type {HTMLElement | null} */ (place.querySelector(".bar_fill"));
  if (fill === null) {
    const bar = make("div", "bar");
    bar.setAttribute("aria-hidden", "true");
    fill = make("div", "bar_fill");
    bar.append(fill);
    place.append(bar);
  }
  const share = whole > 0 ? Math.min(1, Math.max(0, value / whole)) : 0;
  fill.style.inlineSize = `${(100 * share).toFixed(1)}%`;
  fill.classList.toggle("full", share >= 0.9);
}
