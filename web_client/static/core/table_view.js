// What the table's news mean to the one who reads them: names, places, what has changed since the last ones.

/** @import {Present, TableNews} from "../types.js" */
/** @import {WordKey} from "../strings/words.js" */

/** @typedef {[WordKey, Readonly<Record<string, string | number>>]} Saying Words and the values for them. */

/**
 * How somebody is called: by their own name, or by what they are here.
 * @param {Present} who
 * @returns {string | Saying}
 */
export function nameOf(who) {
  if (who.name !== null && who.name.trim() !== "") return who.name;
  if (who.host) return ["table.host", {}];
  return [who.guest ? "table.guest" : "table.player", { number: who.number }];
}

/**
 * Where somebody is.
 * @param {Present} who
 * @returns {Saying}
 */
export function placeOf(who) {
  const numbers = who.seats.map((seat) => seat + 1);
  if (numbers.length === 0) return [who.host ? "table.no_seat" : "table.watches", {}];
  if (numbers.length === 1) return ["table.seat", { seat: numbers[0] ?? "" }];
  return ["table.seats", { seats: numbers.join(", ") }];
}

/**
 * What is worth saying aloud: others who come and go, and seats that the reader gains or loses.
 * @param {TableNews | null} before Null at first, when nothing is news.
 * @param {TableNews} after
 * @returns {{key: "table.joined" | "table.left" | "table.seated" | "table.unseated", who: Present}[]}
 */
export function changes(before, after) {
  if (before === null) return [];
  const earlier = new Map(before.participants.map((who) => [who.participant_id, who]));
  const later = new Set(after.participants.map((who) => who.participant_id));
  /** @type {ReturnType<typeof changes>} */
  const found = [];
  for (const who of after.participants) {
    const known = earlier.get(who.participant_id);
    if (!who.me && who.here && known?.here !== true) found.push({ key: "table.joined", who });
    if (who.me && known?.me && !who.host) {
      if (known.seats.length === 0 && who.seats.length > 0) found.push({ key: "table.seated", who });
      if (known.seats.length > 0 && who.seats.length === 0) found.push({ key: "table.unseated", who });
    }
  }
  for (const who of before.participants) {
    if (!who.me && !later.has(who.participant_id)) found.push({ key: "table.left", who });
  }
  return found;
}

/**
 * Whether an invited player would find a seat: one of the host's beyond the first.
 * @param {TableNews} table
 */
export function hasFreeSeat(table) {
  return table.participants.some((who) => who.host && who.seats.length > 1);
}
