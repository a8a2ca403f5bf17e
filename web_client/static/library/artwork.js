// A title's picture: its own, else one drawn from its id.

import { ART_HEIGHT, ART_WIDTH, fallbackArt } from "../core/fallback_art.js";
import { element, svg } from "./elements.js";

/** @import {Title} from "../types.js" */

let drawn = 0;

/**
 * Decoration: the title's name stands beside it in words.
 * @param {Title} title
 * @param {"lazy" | "eager"} loading
 */
export function artwork(title, loading) {
  const frame = element("div", { class: "artwork", "aria-hidden": "true" });
  if (title.artwork_url === null) {
    frame.append(drawing(title.id));
    return frame;
  }
  const image = element("img", { alt: "", loading, decoding: "async", width: "640", height: "360", src: title.artwork_url });
  image.addEventListener("error", () => frame.replaceChildren(drawing(title.id)));
  frame.append(image);
  return frame;
}

/** @param {string} id */
function drawing(id) {
  const art = fallbackArt(id);
  drawn += 1;
  const sky = `artwork_sky_${drawn}`;
  return svg(
    "svg",
    { viewBox: `0 0 ${ART_WIDTH} ${ART_HEIGHT}`, preserveAspectRatio: "xMidYMid slice" },
    svg(
      "linearGradient",
      { id: sky, x1: 0, y1: 0, x2: 0.3, y2: 1 },
      svg("stop", { offset: 0, "stop-color": art.top }),
      svg("stop", { offset: 1, "stop-color": art.bottom }),
    ),
    svg("rect", { width: ART_WIDTH, height: ART_HEIGHT, fill: `url(#${sky})` }),
    ...art.discs.map(({ x, y, radius, fill, opacity }) => svg("circle", { cx: x, cy: y, r: radius, fill, opacity })),
    ...art.ridges.map(({ points, fill }) => svg("polygon", { points, fill })),
  );
}
