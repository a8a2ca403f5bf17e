// The operator's table of pools: machines that come and go with the players.

import { statesText, troubleLines } from "../core/pool_words.js";
import { keepInStep, make, setText } from "./kept_list.js";
import { byId } from "./screens.js";

/** @import {OperatorPool} from "../types.js" */
/** @import {WordKey, Words} from "../strings/words.js" */

/** @type {ReadonlyArray<readonly [string, WordKey]>} */
const COLUMNS = [
  ["pool", "operator.col.pool"], ["adapter", "operator.col.adapter"], ["machines", "operator.col.machines"],
  ["most", "operator.col.most"], ["kept", "operator.col.kept"], ["slots", "operator.slots"],
  ["price", "operator.col.price"], ["cost", "operator.col.cost"],
];

export class OperatorPools {
  #words;
  #section = byId("pools_section", HTMLElement);
  #body = byId("pools", HTMLTableSectionElement);

  /** @param {Words} words */
  constructor(words) {
    this.#words = words;
    const row = make("tr");
    row.setAttribute("role", "row");
    for (const [, key] of COLUMNS) {
      const cell = make("th", "", words(key));
      cell.scope = "col";
      cell.setAttribute("role", "columnheader");
      row.append(cell);
    }
    byId("pools_head", HTMLTableSectionElement).replaceChildren(row);
  }

  /** @param {readonly OperatorPool[]} pools */
  show(pools) {
    this.#section.hidden = pools.length === 0;
    keepInStep(this.#body, pools, (pool) => pool.name, () => this.#row(), (row, pool) => this.#fill(row, pool));
  }

  #row() {
    const row = make("tr");
    row.setAttribute("role", "row");
    for (const [name, key] of COLUMNS) {
      const cell = make("td", `cell_${name}`);
      cell.setAttribute("role", "cell");
      cell.dataset["label"] = this.#words(key);
      cell.append(make("span", "cell_value"));
      if (name === "machines") cell.append(make("ul", "troubles"));
      row.append(cell);
    }
    return row;
  }

  /** @param {HTMLElement} row @param {OperatorPool} pool */
  #fill(row, pool) {
    const words = this.#words;
    /** @type {Record<string, string>} */
    const values = {
      pool: pool.name,
      adapter: words(`operator.adapter.${pool.adapter ?? "none"}`),
      machines: statesText(pool, words),
      most: String(pool.max_nodes),
      kept: String(pool.idle_wanted),
      slots: words("operator.of", { part: pool.slots_used, whole: pool.slots }),
      price: pool.price_per_hour.toFixed(2),
      cost: pool.cost_per_hour.toFixed(2),
    };
    for (const [name] of COLUMNS) setText(part(row, `.cell_${name} .cell_value`), values[name] ?? "");
    const lines = troubleLines(pool, words);
    keepInStep(part(row, ".troubles"), lines, (line) => line, () => make("li"), (item, line) => setText(item, line));
  }
}

/** @param {HTMLElement} root @param {string} selector @returns {HTMLElement} */
function part(root, selector) {
  return /** @type {HTMLElement} */ (root.querySelector(selector));
}
