// Fingers on the pad that is drawn over the picture, as the reading of a pad with the standard layout. Sans-IO.

/** @import {PadReading} from "./pads.js" */
/** @import {PartName, PlacedPart} from "./touch_layout.js" */

/** Fingers are less exact than the drawing: a part reaches this much further than it is drawn. */
const REACH = 1.25;
const STICK_DEAD = 0.14;
const DPAD_DEAD = 0.22;
/** Cosine from which on a direction counts: eight of them, the slanted ones a little narrower. */
const DPAD_COSINE = 0.42;

/** W3C numbers. @type {Readonly<Partial<Record<PartName, number>>>} */
const BUTTONS = { a: 0, b: 1, x: 2, y: 3, l1: 4, r1: 5, l2: 6, r2: 7, select: 8, start: 9 };
const BUTTON_COUNT = 17;
const [UP, DOWN, LEFT, RIGHT] = [12, 13, 14, 15];

export class TouchPad {
  /** @type {readonly PlacedPart[]} */
  #parts = [];
  /** @type {Map<number, {home: PlacedPart, part: PartName | null, x: number, y: number}>} */
  #fingers = new Map();

  /** @param {readonly PlacedPart[]} parts Where the parts lie from now on; fingers are lifted. */
  place(parts) {
    this.#parts = parts;
    this.#fingers.clear();
  }

  /** Lift all fingers. */
  clear() {
    this.#fingers.clear();
  }

  /** Parts under a finger now. @returns {ReadonlySet<PartName>} */
  get touched() {
    return new Set([...this.#fingers.values()].flatMap(({ part }) => (part === null ? [] : [part])));
  }

  /**
   * @param {number} id The finger.
   * @param {number} x
   * @param {number} y
   * @returns {boolean} Whether a part took it; the finger is the picture's otherwise.
   */
  down(id, x, y) {
    const home = this.#partAt(x, y, this.#parts);
    if (home === undefined) return false;
    this.#fingers.set(id, { home, part: home.name, x, y });
    return true;
  }

  /**
   * A finger that began on a stick or the d-pad stays with it; one that began on a button may slide to others.
   * @param {number} id
   * @param {number} x
   * @param {number} y
   */
  move(id, x, y) {
    const finger = this.#fingers.get(id);
    if (finger === undefined) return;
    finger.x = x;
    finger.y = y;
    if (isDirectional(finger.home.name)) return;
    finger.part = this.#partAt(x, y, this.#parts.filter(({ name }) => !isDirectional(name)))?.name ?? null;
  }

  /** @param {number} id */
  up(id) {
    this.#fingers.delete(id);
  }

  /**
   * Where a stick's knob or a d-pad's thumb is, from -1 to 1; rest without a finger.
   * @param {PartName} name
   */
  direction(name) {
    const finger = [...this.#fingers.values()].find(({ part }) => part === name);
    if (finger === undefined) return { x: 0, y: 0 };
    const { home } = finger;
    const [dx, dy] = [(finger.x - home.x) / home.radius, (finger.y - home.y) / home.radius];
    const length = Math.hypot(dx, dy);
    return length > 1 ? { x: dx / length, y: dy / length } : { x: dx, y: dy };
  }

  /** @returns {PadReading} */
  reading() {
    const pressed = new Set([...this.touched].map((part) => BUTTONS[part]));
    const { x, y } = this.direction("dpad");
    const length = Math.hypot(x, y);
    if (length > DPAD_DEAD) {
      if (x / length > DPAD_COSINE) pressed.add(RIGHT);
      if (x / length < -DPAD_COSINE) pressed.add(LEFT);
      if (y / length > DPAD_COSINE) pressed.add(DOWN);
      if (y / length < -DPAD_COSINE) pressed.add(UP);
    }
    const [left, right] = [alive(this.direction("left_stick")), alive(this.direction("right_stick"))];
    return {
      index: 0, connected: true, axes: [left.x, left.y, right.x, right.y],
      buttons: Array.from({ length: BUTTON_COUNT }, (_, n) => ({ pressed: pressed.has(n), value: pressed.has(n) ? 1 : 0 })),
    };
  }

  /**
   * The nearest part, as seen from its own size, that reaches this far.
   * @param {number} x
   * @param {number} y
   * @param {readonly PlacedPart[]} parts
   */
  #partAt(x, y, parts) {
    /** @param {PlacedPart} part */
    const distance = (part) => Math.hypot(x - part.x, y - part.y) / part.radius;
    const near = parts.filter((part) => distance(part) <= REACH);
    return near.sort((one, other) => distance(one) - distance(other))[0];
  }
}

/** @param {PartName} name */
export function isDirectional(name) {
  return name === "left_stick" || name === "right_stick" || name === "dpad";
}

/** A stick without its dead middle, still reaching 1 at the rim. @param {{x: number, y: number}} stick */
function alive({ x, y }) {
  const length = Math.hypot(x, y);
  if (length <= STICK_DEAD) return { x: 0, y: 0 };
  const scale = (length - STICK_DEAD) / (1 - STICK_DEAD) / length;
  return { x: x * scale, y: y * scale };
}
