// Moves the focus by arrow keys and game pads, for a TV's remote control, a couch, and everybody without a pointer.

import { PadNavigation } from "../core/menu_pads.js";
import { nearest } from "../core/spatial_focus.js";
import { connectedPads } from "./connected_pads.js";

/** @import {MenuStep} from "../core/menu_pads.js" */
/** @import {Direction} from "../core/spatial_focus.js" */

const FOCUSABLE = "a[href], button:not([disabled]), input, summary";
/** @type {Readonly<Record<string, Direction>>} */
const ARROWS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" };

/** Follow arrow keys and pads for the life of the page; a pad's back button closes a dialog. */
export function followFocusSteps() {
  document.addEventListener("keydown", (event) => {
    const direction = ARROWS[event.key];
    if (direction === undefined || event.defaultPrevented || hasModifier(event) || keepsArrow(event)) return;
    if (moveFocus(direction)) event.preventDefault();
  });
  const navigation = new PadNavigation();
  let running = false;
  const look = () => {
    const pads = connectedPads();
    running = pads.length > 0 && !document.hidden;
    if (!running) return;
    const step = navigation.look(pads, performance.now());
    if (step !== null) takeStep(step);
    requestAnimationFrame(look);
  };
  const start = () => {
    navigation.begin();
    if (!running) look();
  };
  window.addEventListener("gamepadconnected", start);
  document.addEventListener("visibilitychange", start);
  start();
}

/** @param {MenuStep} step */
function takeStep(step) {
  if (step === "press") {
    if (document.activeElement instanceof HTMLElement) document.activeElement.click();
  } else if (step === "back") openDialog()?.close();
  else moveFocus(step);
}

/**
 * Move the focus to the nearest element on that side, or into the page if it is nowhere yet.
 * @param {Direction} direction
 * @returns {boolean} Whether it moved.
 */
function moveFocus(direction) {
  const current = document.activeElement;
  const root = openDialog() ?? document;
  const candidates = [...root.querySelectorAll(FOCUSABLE)].flatMap((element) => {
    if (!(element instanceof HTMLElement) || element === current || !element.checkVisibility()) return [];
    return [{ element, box: element.getBoundingClientRect() }];
  });
  const inside = current instanceof HTMLElement && current !== document.body && root.contains(current);
  const from = inside ? current.getBoundingClientRect() : null;
  const target = from === null ? firstOf(root) : candidates[nearest(from, candidates.map(({ box }) => box), direction)]?.element;
  if (target === undefined) return false;
  target.focus({ preventScroll: true });
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  target.scrollIntoView({ block: "nearest", inline: "nearest", behavior: smooth ? "smooth" : "auto" });
  return true;
}

/** @param {ParentNode} root */
function firstOf(root) {
  const place = root.querySelector("main") ?? root;
  for (const element of place.querySelectorAll(FOCUSABLE)) {
    if (element instanceof HTMLElement && element.checkVisibility()) return element;
  }
  return undefined;
}

/** @returns {HTMLDialogElement | null} */
function openDialog() {
  const dialog = document.querySelector("dialog[open]");
  return dialog instanceof HTMLDialogElement ? dialog : null;
}

/** @param {KeyboardEvent} event */
function hasModifier(event) {
  return event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.isComposing;
}

/**
 * Whether what has the focus needs this arrow itself: a caret goes left and right.
 * @param {KeyboardEvent} event
 */
function keepsArrow({ key, target }) {
  return target instanceof HTMLInputElement && target.value !== "" && (key === "ArrowLeft" || key === "ArrowRight");
}
