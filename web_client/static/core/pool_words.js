// What the operator's page says of a pool of machines that come and go.

/** @import {OperatorPool, PoolNodeState} from "../types.js" */
/** @import {Words} from "../strings/words.js" */

/** In the order of a machine's life. @type {readonly PoolNodeState[]} */
const STATES = ["ready", "starting", "away", "draining", "ending"];

/** Lines of what is wrong that are shown of one pool. */
export const TROUBLES_SHOWN = 3;

/**
 * How many machines there are, by what they are doing.
 * @param {OperatorPool} pool
 * @param {Words} words
 */
export function statesText({ states }, words) {
  const parts = STATES.filter((state) => states[state]).map((state) => words(`operator.pool.${state}`, { n: states[state] ?? 0 }));
  return parts.join(" · ") || words("operator.pool.none");
}

/**
 * What keeps machines from being made or from starting, the pool's own trouble first.
 * @param {OperatorPool} pool
 * @param {Words} words
 */
export function troubleLines({ trouble, nodes }, words) {
  const lines = nodes.flatMap((node) => {
    if (node.trouble === null) return [];
    const why = words(`operator.trouble.${node.trouble}`);
    return [`${node.name}: ${node.words === "" ? why : `${why} (${node.words})`}`];
  });
  if (trouble !== "") lines.unshift(trouble);
  const hidden = lines.length - TROUBLES_SHOWN;
  return hidden > 0 ? [...lines.slice(0, TROUBLES_SHOWN), words("operator.more", { n: hidden })] : lines;
}
