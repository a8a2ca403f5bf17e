// What whoever looks at a page most likely holds.

import { connectedPads } from "./connected_pads.js";

/** @import {Device} from "../types.js" */

/** @returns {Device} */
export function deviceHere() {
  if (connectedPads().length > 0) return "pad";
  return matchMedia("(pointer: coarse)").matches ? "touch" : "keyboard";
}
