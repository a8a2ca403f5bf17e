// The legend of a title's controls, by device: in the library's details and in the menu of whoever plays.

import { legendOf } from "../core/title_texts.js";
import { element } from "./elements.js";
import { icon } from "./icons.js";
import { DEVICE_WORDS } from "./title_words.js";

/** @import {LegendDevice, LegendView, PlayedTitle} from "../types.js" */

/**
 * @param {PlayedTitle} title
 * @param {LegendView} view
 */
export function controlsLegend(title, view) {
  const devices = legendOf(title, view.language, view.here);
  const told = devices.filter(({ device, lines }) => lines.length > 0 || device === "touch");
  if (told.length === 0) return element("p", { class: "quiet" }, view.words("library.controls_none"));
  return element("div", { class: "legend" }, ...told.map((each) => legendDevice(each, title, view)));
}

/**
 * @param {LegendDevice} each
 * @param {PlayedTitle} title
 * @param {LegendView} view
 */
function legendDevice({ device, yours, lines }, title, { words }) {
  const heading = element("h4", {}, icon(device), words(DEVICE_WORDS[device]));
  if (yours) heading.append(element("span", { class: "badge" }, words("library.your_device")));
  const touch = device === "touch" ? words(title.touch.mode === "pad" ? "library.touch_pad" : "library.touch_pointer") : "";
  return element(
    "section",
    { class: "legend_device" },
    heading,
    touch === "" ? null : element("p", { class: "quiet" }, touch),
    lines.length === 0 ? null : element(
      "dl",
      {},
      ...lines.map(({ action, use }) => element("div", {}, element("dt", {}, action), element("dd", {}, use))),
    ),
  );
}
