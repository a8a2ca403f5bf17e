// What the library shows of the catalogue: which titles, in which order. Pure.

/** @import {Device, LibraryFilter, Spotlight, Title} from "../types.js" */

/** Devices that can be filtered by; a mouse belongs to the keyboard. @type {readonly Device[]} */
export const FILTER_DEVICES = ["keyboard", "touch", "pad"];

/** @type {LibraryFilter} */
export const NO_FILTER = { query: "", players: "any", devices: [] };

/**
 * Letters without accents and case, so that "Élan" is found by "elan".
 * @param {string} text
 */
function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/**
 * Whether a title fits. Every word of the query must be in its name, summary or id, in whatever language.
 * @param {Title} title
 * @param {LibraryFilter} filter
 */
export function fits(title, filter) {
  const text = plain([title.id, ...Object.values(title.names), ...Object.values(title.summary)].join("\n"));
  if (!plain(filter.query).split(/\s+/).every((word) => text.includes(word))) return false;
  if (filter.players === "one" && title.players.min > 1) return false;
  if (filter.players === "many" && title.players.max < 2) return false;
  return filter.devices.length === 0 || filter.devices.some((device) => playsWith(title, device));
}

/**
 * @param {Title} title
 * @param {Device} device
 */
export function playsWith(title, device) {
  if (device !== "keyboard" && device !== "mouse") return title.devices.includes(device);
  return title.devices.includes("keyboard") || title.devices.includes("mouse");
}

/**
 * The order of the grid: what runs, what waits to run, what was played last, then as the catalogue has it.
 * @param {readonly Title[]} titles
 */
export function arranged(titles) {
  /** @param {Title} title */
  const rank = ({ session, last_played_ms }) => {
    if (session === null) return last_played_ms ?? 0;
    return session.state === "queued" ? Number.MAX_VALUE : Infinity;
  };
  return titles.toSorted((one, other) => (rank(one) === rank(other) ? 0 : rank(other) - rank(one)));
}

/**
 * The title on top of the page: one that runs, else the one that was played last, else the first that can start.
 * @param {readonly Title[]} titles
 * @returns {Spotlight | null}
 */
export function spotlightOf(titles) {
  const [first] = arranged(titles);
  if (first === undefined) return null;
  if (first.session !== null) return { title: first, why: "continue" };
  if (first.last_played_ms !== null) return { title: first, why: "again" };
  return { title: titles.find((title) => title.availability.can_start) ?? first, why: "new" };
}

/**
 * Whether a click on Play leads anywhere: to a picture, or to a queue that moves.
 * @param {Title} title
 */
export function canPlay(title) {
  return title.availability.can_start || title.session !== null || title.availability.reason === "no_room";
}
