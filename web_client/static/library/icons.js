// Line icons of 24 units, drawn by path; words beside them say what they mean.

import { svg } from "./elements.js";

/** Path data by name. */
const PATHS = {
  keyboard: "M3 7h18v10H3zM6.5 10.5h.01M10 10.5h.01M14 10.5h.01M17.5 10.5h.01M8 14h8",
  mouse: "M12 3a5 5 0 0 1 5 5v8a5 5 0 0 1-10 0V8a5 5 0 0 1 5-5zM12 3v6",
  touch: "M9 12V5.5a1.5 1.5 0 0 1 3 0V11l4.8 1a2.2 2.2 0 0 1 1.7 2.6l-.8 3.9a3 3 0 0 1-3 2.5h-2.3a4 4 0 0 1-3-1.4L5.2 14a1.5 1.5 0 0 1 2.2-2z",
  pad: "M7.5 7h9a5 5 0 0 1 4.9 4.2l.6 4a2.4 2.4 0 0 1-4.3 1.7L16 14.5H8l-1.7 2.4A2.4 2.4 0 0 1 2 15.2l.6-4A5 5 0 0 1 7.5 7zM8 9.5v3M6.5 11h3M15.5 11h.01M18 11h.01",
  players: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5M16 4.5a3.5 3.5 0 0 1 0 6.2M18 14.9c2 .7 3.2 2.4 3.5 5.1",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2",
  play: "M8 5.5v13l10.5-6.5z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M6 6l12 12M18 6L6 18",
  question: "M9 9a3 3 0 1 1 4.2 2.8c-.8.4-1.2 1-1.2 2M12 17.5h.01",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20",
  warning: "M12 4L2.8 19.5h18.4zM12 10v4.5M12 17h.01",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1",
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {IconName} name */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 24 24", class: `icon icon_${name}`, "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}
