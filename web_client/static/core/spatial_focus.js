// Where the focus goes when a person presses an arrow: to the nearest box on that side.

/** @typedef {{left: number, top: number, right: number, bottom: number}} Box */
/** @typedef {"up" | "down" | "left" | "right"} Direction */

/** Boxes that stand off the axis count as this much farther away. */
const OFF_AXIS = 3;
/** Neighbours may overlap by as much. */
const SLACK_PX = 2;

/**
 * Index of the box to go to; -1 if there is none on that side.
 * @param {Box} from
 * @param {readonly Box[]} boxes
 * @param {Direction} direction
 */
export function nearest(from, boxes, direction) {
  let best = -1;
  let least = Infinity;
  const start = turned(from, direction);
  boxes.forEach((box, index) => {
    const { ahead, aside } = distance(start, turned(box, direction));
    const far = ahead + OFF_AXIS * aside;
    if (ahead >= -SLACK_PX && far < least) {
      best = index;
      least = far;
    }
  });
  return best;
}

/**
 * The box as it stands when the direction is "down".
 * @param {Box} box
 * @param {Direction} direction
 * @returns {Box}
 */
function turned({ left, top, right, bottom }, direction) {
  switch (direction) {
    case "down":
      return { left, top, right, bottom };
    case "up":
      return { left, top: -bottom, right, bottom: -top };
    case "right":
      return { left: top, top: left, right: bottom, bottom: right };
    case "left":
      return { left: top, top: -right, right: bottom, bottom: -left };
  }
}

/**
 * @param {Box} from
 * @param {Box} to
 */
function distance(from, to) {
  const apart = Math.max(to.left - from.right, from.left - to.right, 0);
  // Of boxes in the same row, all as far ahead and none off the axis, the one that begins where this one does wins.
  return { ahead: to.top - from.bottom, aside: apart + Math.abs(to.left - from.left) / 1000 };
}
