// A QR code as an SVG picture, drawn from its modules.

import { qrPath } from "../core/device_list.js";

const SVG = "http://www.w3.org/2000/svg";

/** Light modules around the code, as ISO/IEC 18004 asks for. */
const QUIET_MODULES = 4;

/**
 * @param {readonly string[]} rows Modules row by row, `1` for dark.
 * @param {string} label What it leads to, for those who do not see it.
 */
export function qrImage(rows, label) {
  const size = rows.length + 2 * QUIET_MODULES;
  const image = document.createElementNS(SVG, "svg");
  image.setAttribute("viewBox", `0 0 ${size} ${size}`);
  image.setAttribute("class", "qr");
  image.setAttribute("role", "img");
  image.setAttribute("aria-label", label);
  image.setAttribute("shape-rendering", "crispEdges");
  const ground = document.createElementNS(SVG, "rect");
  ground.setAttribute("width", String(size));
  ground.setAttribute("height", String(size));
  ground.setAttribute("fill", "#fff");
  const dark = document.createElementNS(SVG, "path");
  dark.setAttribute("d", qrPath(rows, QUIET_MODULES));
  dark.setAttribute("fill", "#000");
  // A page may draw its icons by lines; these must stay of exactly their modules' size.
  for (const part of [ground, dark]) part.setAttribute("stroke", "none");
  image.append(ground, dark);
  return image;
}
