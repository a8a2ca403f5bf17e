// One drawing for each kind of end, so that it is known at a glance.

/** @import {FailureKind} from "../core/failure_view.js" */

const SVG = "http://www.w3.org/2000/svg";

/** Paths on a field of 24 by 24, drawn as lines. @type {Readonly<Record<FailureKind, string>>} */
const PATHS = {
  left: "M10 4H5v16h5M15 8l4 4-4 4M9 12h10",
  over: "M5 4v16M5 5h12l-2.5 4L17 13H5",
  busy: "M12 3a9 9 0 1 0 .01 0M12 7.5V12l3 2",
  lost: "M4 5h16v6H4zM4 13h16v6H4zM7.5 8h.01M7.5 16h.01M14 8h3M14 16h3",
  crashed: "M13 3 6 13h5l-1 8 8-11h-6z",
  video: "M3 6h18v11H3zM9 21h6M10 9.5l4 4M14 9.5l-4 4",
  network: "M4 9.5a12 12 0 0 1 16 0M7 13a7.5 7.5 0 0 1 10 0M12 17.5h.01M4 4l16 16",
  access: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 15v2",
  fault: "M12 3.5 2.8 19.5h18.4zM12 10v4M12 17h.01",
};

/** @param {FailureKind} kind */
export function failureIcon(kind) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[kind]);
  svg.append(path);
  return svg;
}
