// The worker's side of the input batch, by the rules of wire/input_events.py: repeats are applied once, a batch behind
// a gap is refused, a snapshot sets what is held. Only for tests; the real one is in render_node/session/core.

import { EventType, TouchPhase } from "../../web_client/static/wire/constants.js";
import { decodeBatch, seqAdd, seqDelta } from "../../web_client/static/wire/input_events.js";

export class ReceiverModel {
  /** @param {number} ackSeq Newest event received from an earlier tab; 0 for none. */
  constructor(ackSeq = 0) {
    this.ackSeq = ackSeq;
    this.started = ackSeq !== 0;
    this.edges = [];
    this.held = new Map();
    this.refused = 0;
  }

  receive(data) {
    const batch = decodeBatch(data);
    if (batch.snapshot) this.#snapshot(batch);
    else this.#regular(batch);
  }

  #regular({ first_seq, events }) {
    const known = this.started ? seqDelta(seqAdd(this.ackSeq, 1), first_seq) : 0;
    if (known < 0) {
      this.refused += 1;
      return;
    }
    events.slice(known).forEach((event, n) => {
      this.#apply(event);
      this.ackSeq = seqAdd(first_seq, known + n);
      this.started = true;
    });
  }

  #snapshot({ first_seq, events }) {
    const last = seqAdd(first_seq, events.length - 1);
    if (this.started && seqDelta(last, this.ackSeq) <= 0) return;
    const named = new Set(events.map(thing).filter((name) => name !== null));
    for (const [name, held] of [...this.held]) if (!named.has(name)) this.#edge(name, release(held));
    for (const event of events) this.#apply(event);
    this.ackSeq = last;
    this.started = true;
  }

  #apply(event) {
    if (event.type === EventType.RELEASE_ALL) {
      for (const [name, held] of [...this.held]) this.#edge(name, release(held));
      return;
    }
    const name = thing(event) ?? thing({ ...event, down: true, phase: TouchPhase.DOWN, connected: true });
    if (name === null) {
      this.edges.push(event);
      return;
    }
    if (isDown(event) === this.held.has(name) && event.type !== EventType.PAD) return;
    this.#edge(name, event);
  }

  #edge(name, event) {
    if (isDown(event)) this.held.set(name, event);
    else this.held.delete(name);
    this.edges.push(event);
  }
}

function isDown(event) {
  if (event.type === EventType.TOUCH) return event.phase === TouchPhase.DOWN || event.phase === TouchPhase.MOVE;
  if (event.type === EventType.PAD) return event.buttons !== 0 || event.axes.some((axis) => axis !== 0);
  return event.type === EventType.PAD_PRESENCE ? event.connected : event.down;
}

/** The name of what an event holds, null if it holds nothing. */
function thing(event) {
  switch (event.type) {
    case EventType.KEY:
      return event.down ? `key ${event.usage}` : null;
    case EventType.MOUSE_BUTTON:
      return event.down ? `button ${event.button}` : null;
    case EventType.TOUCH:
      return isDown(event) ? `finger ${event.finger}` : null;
    case EventType.PAD:
      return `pad ${event.index}`;
    case EventType.PAD_PRESENCE:
      return event.connected ? `presence ${event.index}` : null;
    default:
      return null;
  }
}

function release(event) {
  switch (event.type) {
    case EventType.TOUCH:
      return { ...event, phase: TouchPhase.CANCEL };
    case EventType.PAD:
      return { ...event, buttons: 0, axes: [0, 0, 0, 0, 0, 0] };
    case EventType.PAD_PRESENCE:
      return { ...event, connected: false };
    default:
      return { ...event, down: false };
  }
}
