// The overlay in two depths: a quiet dot with one number, or latency by stage as bars, its history, and the link's
// figures. Filled twice a second while it is open.

import { STAGES } from "../core/frame_log.js";
import { grade, graphLines, HISTORY_S, LatencyHistory } from "../core/latency_history.js";
import { byId } from "./screens.js";

/** @import {LinkFigures, Spread} from "../types.js" */
/** @import {FiguresDepth} from "../core/settings.js" */
/** @import {WordKey, Words} from "../strings/words.js" */

/** Between the graph's lines. */
const GRID_MS = 50;

export class FiguresPanel {
  #words;
  /** @type {FiguresDepth} */
  #depth = "off";
  #history = new LatencyHistory();
  #dot = byId("dot", HTMLElement);
  #dotText = byId("dot_text", HTMLElement);
  #graph = byId("figures_history", HTMLCanvasElement);
  #graphTop = byId("figures_history_words", HTMLElement);
  #panel = byId("figures", HTMLElement);
  #totals = byId("figures_totals", HTMLElement);
  #stages = byId("figures_stages", HTMLElement);
  #link = byId("figures_link", HTMLElement);

  /** @param {Words} words */
  constructor(words) {
    this.#words = words;
  }

  get isOpen() {
    return this.#depth !== "off";
  }

  /** @param {FiguresDepth} depth */
  setDepth(depth) {
    this.#depth = depth;
    this.#panel.hidden = depth !== "full";
    this.#dot.hidden = depth !== "dot";
  }

  /**
   * Once a second, whether open or not: the history is there when somebody looks.
   * @param {Record<string, Spread>} stages
   * @param {number | null} roundTripMs
   */
  remember(stages, roundTripMs) {
    this.#history.add(latencyOf(stages, roundTripMs));
  }

  /**
   * @param {Record<string, Spread>} stages
   * @param {LinkFigures | null} figures
   * @param {number | null} roundTripMs
   * @param {string | null} region Where the machine is.
   */
  show(stages, figures, roundTripMs, region) {
    if (this.#depth === "dot") this.#showDot(latencyOf(stages, roundTripMs), figures?.loss_share ?? 0);
    if (this.#depth !== "full") return;
    this.#showTotals(stages);
    this.#showStages(stages);
    this.#showHistory();
    this.#showLink(figures, roundTripMs, region);
  }

  /**
   * @param {number | null} latencyMs
   * @param {number} lossShare
   */
  #showDot(latencyMs, lossShare) {
    this.#dot.dataset["grade"] = grade(latencyMs, lossShare);
    this.#dotText.textContent = latencyMs === null ? "–" : `${latencyMs.toFixed(0)} ms`;
  }

  #showHistory() {
    const { width, height } = this.#graph;
    const context = this.#graph.getContext("2d");
    if (context === null) return;
    const { lines, topMs } = graphLines(this.#history.samples, width, height);
    context.clearRect(0, 0, width, height);
    context.strokeStyle = "rgb(255 255 255 / 14%)";
    context.lineWidth = 1;
    for (let ms = GRID_MS; ms < topMs; ms += GRID_MS) {
      const y = Math.round(height - (ms / topMs) * height) + 0.5;
      context.strokeRect(-1, y, width + 2, 0);
    }
    context.strokeStyle = getComputedStyle(this.#graph).color;
    context.lineWidth = 3;
    context.lineJoin = "round";
    for (const line of lines) {
      context.beginPath();
      for (const [x, y] of line) context.lineTo(x, y);
      context.stroke();
    }
    this.#graphTop.textContent = this.#words("figures.history", { ms: topMs.toFixed(0), seconds: HISTORY_S });
  }

  /** @param {Record<string, Spread>} stages */
  #showTotals(stages) {
    const rows = /** @type {const} */ (["input_to_photon", "tick_to_photon"]).map((name) => {
      const { p50, p95, count } = stages[name] ?? { p50: 0, p95: 0, count: 0 };
      const value = count > 0 ? `${p50.toFixed(0)} / ${p95.toFixed(0)} ms` : this.#words("figures.none");
      return [this.#words(`figures.${name}`), value];
    });
    fill(this.#totals, rows);
  }

  /** @param {Record<string, Spread>} stages */
  #showStages(stages) {
    const spreads = STAGES.map((name) => ({ name, spread: stages[name] ?? { p50: 0, p95: 0, p99: 0, count: 0 } }));
    const longest = Math.max(1, ...spreads.map(({ spread }) => spread.p95));
    this.#stages.replaceChildren(...spreads.map(({ name, spread }) => {
      const row = document.createElement("div");
      row.className = "stage_row";
      const bar = document.createElement("meter");
      bar.max = longest;
      bar.value = Math.max(0, spread.p50);
      // A stage shorter than the clocks are sure of may come out below nothing.
      const [p50, p95] = [spread.p50, spread.p95].map((ms) => Math.max(0, ms).toFixed(1));
      const value = spread.count > 0 ? `${p50} / ${p95}` : "–";
      const label = this.#words(/** @type {WordKey} */ (`figures.${name}`));
      bar.setAttribute("aria-label", label);
      row.append(textElement("span", label), bar, textElement("b", value));
      return row;
    }));
  }

  /**
   * @param {LinkFigures | null} figures
   * @param {number | null} roundTripMs
   * @param {string | null} region
   */
  #showLink(figures, roundTripMs, region) {
    if (figures === null) {
      this.#link.replaceChildren();
      return;
    }
    const rtt = roundTripMs ?? figures.rtt_ms;
    fill(this.#link, [
      [this.#words("figures.fps"), figures.fps.toFixed(0)],
      [this.#words("figures.bitrate"), `${(figures.bitrate_bps / 1e6).toFixed(1)} Mbit/s`],
      [this.#words("figures.picture"), `${figures.width}×${figures.height} ${figures.codec}`],
      [this.#words("figures.loss"), `${figures.packets_lost} (${(100 * figures.loss_share).toFixed(1)} %)`],
      [this.#words("figures.jitter_buffer"), `${figures.jitter_buffer_ms.toFixed(1)} ms`],
      [this.#words("figures.decode"), `${figures.decode_ms.toFixed(1)} ms`],
      [this.#words("figures.rtt"), rtt === null ? "–" : `${rtt.toFixed(1)} ms`],
      [this.#words("figures.route"), figures.route === null ? "–" : this.#words(`route.${figures.route}`)],
      ...(region === null ? [] : [[this.#words("figures.region"), region]]),
      [this.#words("figures.frames"), `${figures.frames_dropped} / ${figures.freezes}`],
    ]);
  }
}

/**
 * From input to the picture, or the round trip before any input was measured.
 * @param {Record<string, Spread>} stages
 * @param {number | null} roundTripMs
 */
function latencyOf(stages, roundTripMs) {
  const total = stages["input_to_photon"];
  return total !== undefined && total.count > 0 ? total.p50 : roundTripMs;
}

/**
 * @param {HTMLElement} list A description list.
 * @param {readonly (readonly string[])[]} rows
 */
function fill(list, rows) {
  list.replaceChildren(...rows.flatMap(([label = "", value = ""]) => [textElement("dt", label), textElement("dd", value)]));
}

/**
 * @param {string} tag
 * @param {string} text
 */
function textElement(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
