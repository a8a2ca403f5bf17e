// Which events may wait for a newer one to stand in for them: movements. Edges never do.

import { EventType, TouchPhase } from "../wire/constants.js";

/** @import {DeviceEvent} from "../types.js" */

const I16_MAX = 32767;

/**
 * @typedef {{event: DeviceEvent, us: number}} Timed An event and when it happened, µs on the page's clock.
 */

/**
 * Whether an event only moves something: a pointer, wheel or finger. Pad states count as edges: they are sent on
 * change only and may hold a button.
 * @param {DeviceEvent} event
 */
export function isMove(event) {
  switch (event.type) {
    case EventType.MOUSE_ABS:
    case EventType.MOUSE_REL:
    case EventType.WHEEL:
      return true;
    case EventType.TOUCH:
      return event.phase === TouchPhase.MOVE;
    default:
      return false;
  }
}

/**
 * One event that stands for both, or null if they must stay apart. Positions: the newer one, at its own time.
 * Distances: the sum, at the older one's time. Pad states: the newer one if only axes differ.
 * @param {Timed} older
 * @param {Timed} newer
 * @returns {Timed | null}
 */
export function merge(older, newer) {
  const [a, b] = [older.event, newer.event];
  if (a.device !== b.device) return null;
  if (a.type === EventType.MOUSE_ABS && b.type === EventType.MOUSE_ABS) return newer;
  if (a.type === EventType.TOUCH && b.type === EventType.TOUCH) {
    return a.finger === b.finger && isMove(a) && isMove(b) ? newer : null;
  }
  if (a.type === EventType.PAD && b.type === EventType.PAD) {
    return a.index === b.index && a.buttons === b.buttons ? newer : null;
  }
  if (
    (a.type === EventType.MOUSE_REL && b.type === EventType.MOUSE_REL) ||
    (a.type === EventType.WHEEL && b.type === EventType.WHEEL)
  ) {
    const [dx, dy] = [a.dx + b.dx, a.dy + b.dy];
    if (Math.max(Math.abs(dx), Math.abs(dy)) > I16_MAX) return null;
    return { event: { ...a, dx, dy }, us: older.us };
  }
  return null;
}

/**
 * Put an event behind others, merged into an earlier one where only movements lie between.
 * @param {Timed[]} queue
 * @param {Timed} item
 */
export function append(queue, item) {
  for (let n = queue.length - 1; n >= 0; n -= 1) {
    const earlier = /** @type {Timed} */ (queue[n]);
    const merged = merge(earlier, item);
    if (merged !== null) {
      queue[n] = merged;
      return;
    }
    if (!isMove(earlier.event) || !isMove(item.event)) break;
  }
  queue.push(item);
}
