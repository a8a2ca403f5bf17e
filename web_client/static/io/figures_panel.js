// The overlay: latency by stage as bars, and the link's figures. Filled twice a second while it is open.

import { STAGES } from "../core/frame_log.js";
import { byId } from "./screens.js";

/** @import {LinkFigures, Spread} from "../types.js" */
/** @import {WordKey, Words} from "../strings/words.js" */

export class FiguresPanel {
  #words;
  #panel = byId("figures", HTMLElement);
  #totals = byId("figures_totals", HTMLElement);
  #stages = byId("figures_stages", HTMLElement);
  #link = byId("figures_link", HTMLElement);

  /** @param {Words} words */
  constructor(words) {
    this.#words = words;
  }

  get isOpen() {
    return !this.#panel.hidden;
  }

  toggle() {
    this.#panel.hidden = !this.#panel.hidden;
  }

  /**
   * @param {Record<string, Spread>} stages
   * @param {LinkFigures | null} figures
   * @param {number | null} roundTripMs
   */
  show(stages, figures, roundTripMs) {
    this.#showTotals(stages);
    this.#showStages(stages);
    this.#showLink(figures, roundTripMs);
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
      const value = spread.count > 0 ? `${spread.p50.toFixed(1)} / ${spread.p95.toFixed(1)}` : "–";
      const label = this.#words(/** @type {WordKey} */ (`figures.${name}`));
      bar.setAttribute("aria-label", label);
      row.append(textElement("span", label), bar, textElement("b", value));
      return row;
    }));
  }

  /**
   * @param {LinkFigures | null} figures
   * @param {number | null} roundTripMs
   */
  #showLink(figures, roundTripMs) {
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
      [this.#words("figures.frames"), `${figures.frames_dropped} / ${figures.freezes}`],
    ]);
  }
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
