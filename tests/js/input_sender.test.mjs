import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { BATCH_GAP_US, InputSender, REPEAT_US, SYNC_WAIT_US } from "../../web_client/static/core/input_sender.js";
import { EventType, TouchPhase } from "../../web_client/static/wire/constants.js";
import { decodeBatch, seqAdd } from "../../web_client/static/wire/input_events.js";
import { LossyLink, seeded } from "./lossy_link.mjs";
import { ReceiverModel } from "./receiver_model.mjs";

const key = (usage, down) => ({ type: EventType.KEY, device: 0, usage, down });
const mouse = (x, y) => ({ type: EventType.MOUSE_ABS, device: 1, x, y });
const relative = (dx, dy) => ({ type: EventType.MOUSE_REL, device: 1, dx, dy });
const touch = (finger, phase, x = 0) => ({ type: EventType.TOUCH, device: 2, finger, phase, x, y: 0 });
const pad = (buttons, axis = 0) => ({ type: EventType.PAD, device: 16, index: 0, buttons, axes: [axis, 0, 0, 0, 0, 0] });
const release = { type: EventType.RELEASE_ALL, device: 0 };

function openSender(ackSeq = 0) {
  const sender = new InputSender(3);
  sender.open(0);
  sender.acknowledge(ackSeq);
  assert.deepEqual(sender.poll(0), []);
  return sender;
}

const read = (datagrams) => datagrams.map(decodeBatch);

describe("sending", () => {
  it("sends an idle page's event at once, with the participant, number and age", () => {
    const sender = openSender();
    sender.push(key(27, true), 999_500);
    const [batch] = read(sender.poll(1_000_000));
    assert.equal(batch.participant, 3);
    assert.equal(batch.first_seq, 1);
    assert.equal(batch.client_time_us, 1_000_000);
    assert.deepEqual(batch.events, [{ ...key(27, true), age_100us: 5 }]);
  });

  it("sends at most one batch per gap and says when the next is due", () => {
    const sender = openSender();
    sender.push(key(4, true), 0);
    assert.equal(sender.poll(0).length, 1);
    sender.push(key(4, false), 1_000);
    assert.deepEqual(sender.poll(1_000), []);
    assert.equal(sender.nextDueUs(), BATCH_GAP_US);
    const [batch] = read(sender.poll(BATCH_GAP_US));
    assert.deepEqual(batch.events.map(({ down }) => down), [true, false]);
    assert.equal(batch.first_seq, 1);
  });

  it("keeps both edges of a tap within one batch", () => {
    const sender = openSender();
    sender.push(key(4, true), 0);
    sender.push(key(4, false), 0);
    assert.equal(read(sender.poll(0))[0].events.length, 2);
  });

  it("repeats what is not acknowledged, and stops when it is", () => {
    const sender = openSender();
    sender.push(key(4, true), 0);
    sender.poll(0);
    assert.equal(sender.nextDueUs(), REPEAT_US);
    assert.equal(read(sender.poll(REPEAT_US))[0].first_seq, 1);
    sender.acknowledge(1);
    assert.equal(sender.nextDueUs(), null);
    assert.deepEqual(sender.poll(10 * REPEAT_US), []);
    assert.equal(sender.ackSeq, 1);
  });

  it("waits for acknowledgements by the round trip before it repeats", () => {
    const sender = openSender();
    sender.setRoundTrip(40_000);
    sender.push(key(4, true), 0);
    sender.poll(0);
    assert.equal(sender.nextDueUs(), REPEAT_US + 40_000);
  });

  it("merges movements that were not sent yet, but never across an edge", () => {
    const sender = openSender();
    sender.push(mouse(1, 1), 0);
    sender.push(mouse(2, 2), 0);
    sender.push({ type: EventType.MOUSE_BUTTON, device: 1, button: 0, down: true }, 0);
    sender.push(mouse(3, 3), 0);
    sender.push(relative(2, -1), 0);
    sender.push(relative(3, -1), 0);
    const [{ events }] = read(sender.poll(0));
    assert.deepEqual(
      events.map((event) => [event.type, event.x ?? event.dx ?? event.button]),
      [[EventType.MOUSE_ABS, 2], [EventType.MOUSE_BUTTON, 0], [EventType.MOUSE_ABS, 3], [EventType.MOUSE_REL, 5]],
    );
  });

  it("merges two fingers' movements each with its own", () => {
    const sender = openSender();
    for (const x of [1, 2, 3]) for (const finger of [0, 1]) sender.push(touch(finger, TouchPhase.MOVE, x), 0);
    assert.deepEqual(read(sender.poll(0))[0].events.map(({ finger, x }) => [finger, x]), [[0, 3], [1, 3]]);
  });

  it("lets movements wait while many events are unacknowledged, and edges not", () => {
    const sender = openSender();
    let nowUs = 0;
    while (sender.unacknowledged < 24) {
      sender.push(mouse(nowUs % 60_000, 0), nowUs);
      sender.poll(nowUs);
      nowUs += 1_000;
      assert.ok(nowUs < 250_000);
    }
    sender.push(mouse(1, 2), nowUs);
    sender.poll(nowUs + 18_000);
    assert.equal(sender.unacknowledged, 24);
    sender.push(key(4, true), nowUs);
    sender.poll(nowUs + 19_000 + BATCH_GAP_US);
    assert.equal(sender.unacknowledged, 26);
  });

  it("never makes a batch that does not fit", () => {
    const sender = openSender();
    for (let n = 0; n < 40; n += 1) sender.push({ type: EventType.TEXT, device: 0, text: "字".repeat(21) }, 0);
    const [batch] = read(sender.poll(0));
    assert.equal(batch.events.length, 17);
    sender.acknowledge(17);
    assert.equal(read(sender.poll(BATCH_GAP_US))[0].first_seq, 18);
  });

  it("remembers when its events happened", () => {
    const sender = openSender(41);
    sender.push(key(4, true), 123);
    sender.poll(500);
    assert.equal(sender.eventUs(42), 123);
    assert.equal(sender.eventUs(41), null);
    assert.equal(sender.lastSeq, 42);
  });
});

describe("numbers that go on", () => {
  it("says nothing until the worker told where to go on", () => {
    const sender = new InputSender(1);
    sender.open(0);
    sender.push(key(4, true), 0);
    assert.deepEqual(sender.poll(10_000), []);
    sender.acknowledge(5_000);
    const batches = read(sender.poll(11_000));
    assert.equal(batches[0].first_seq, 5_001);
    assert.ok(batches[0].snapshot);
    const receiver = new ReceiverModel(5_000);
    sender.poll(200_000).forEach((datagram) => receiver.receive(datagram));
    assert.deepEqual(receiver.edges.map(({ usage, down }) => [usage, down]), [[4, true]]);
  });

  it("begins with 1 if no word comes", () => {
    const sender = new InputSender(1);
    sender.open(0);
    sender.push(key(4, true), 0);
    assert.equal(sender.nextDueUs(), SYNC_WAIT_US);
    assert.equal(read(sender.poll(SYNC_WAIT_US))[0].first_seq, 1);
  });

  it("sends anew under higher numbers what went out under numbers of an earlier tab", () => {
    const sender = openSender();
    sender.push(key(4, true), 0);
    sender.push(key(4, false), 0);
    sender.poll(0);
    sender.acknowledge(900);
    const [batch] = read(sender.poll(BATCH_GAP_US));
    assert.equal(batch.first_seq, 901);
    assert.equal(batch.events.length, 2);
  });

  it("wraps", () => {
    const sender = openSender(2 ** 32 - 2);
    const receiver = new ReceiverModel(2 ** 32 - 2);
    for (const down of [true, false, true]) sender.push(key(4, down), 0);
    sender.poll(0).forEach((datagram) => receiver.receive(datagram));
    assert.equal(receiver.edges.length, 3);
    assert.equal(receiver.ackSeq, 1);
    sender.acknowledge(receiver.ackSeq);
    assert.equal(sender.unacknowledged, 0);
  });
});

describe("snapshots", () => {
  it("takes the place of events that went unacknowledged for too long, and what follows is sent beside it", () => {
    const sender = openSender();
    sender.push(key(4, true), 0);
    sender.push(key(5, true), 0);
    sender.push(key(5, false), 0);
    sender.poll(0);
    sender.push(key(6, true), 300_000);
    const batches = read(sender.poll(300_000));
    assert.deepEqual(batches.map(({ snapshot, first_seq }) => [snapshot, first_seq]), [[true, 4], [false, 6]]);
    assert.deepEqual(batches[0].events.map(({ usage }) => usage), [4, 6]);
    const receiver = new ReceiverModel();
    receiver.started = true;
    sender.poll(400_000).forEach((datagram) => receiver.receive(datagram));
    assert.deepEqual([...receiver.held.keys()], ["key 4", "key 6"]);
    sender.acknowledge(receiver.ackSeq);
    assert.equal(sender.nextDueUs(), null);
  });

  it("says that nothing is held by a snapshot without events", () => {
    const sender = openSender();
    const receiver = new ReceiverModel();
    sender.push(key(4, true), 0);
    sender.poll(0).forEach((datagram) => receiver.receive(datagram));
    sender.acknowledge(1);
    sender.push(key(4, false), 10_000);
    sender.poll(10_000);
    const [batch] = read(sender.poll(300_000));
    assert.ok(batch.snapshot);
    assert.equal(batch.events.length, 0);
    sender.poll(400_000).forEach((datagram) => receiver.receive(datagram));
    assert.equal(receiver.held.size, 0);
    sender.acknowledge(receiver.ackSeq);
    assert.equal(sender.nextDueUs(), null);
  });

  it("tells a new peer what is held", () => {
    const sender = openSender();
    sender.push(key(4, true), 0);
    sender.poll(0);
    sender.acknowledge(1);
    sender.close();
    sender.push(pad(1), 1_000);
    sender.push(touch(0, TouchPhase.DOWN), 1_000);
    assert.deepEqual(sender.poll(2_000), []);
    sender.open(3_000);
    const [batch] = read(sender.poll(3_000));
    assert.ok(batch.snapshot);
    assert.deepEqual(batch.events.map(({ type }) => type), [EventType.PAD, EventType.KEY, EventType.TOUCH]);
    assert.equal(batch.first_seq, 2);
  });

  it("forgets what was held when everything is released", () => {
    const sender = openSender();
    for (const event of [key(4, true), touch(0, TouchPhase.DOWN), pad(1)]) sender.push(event, 0);
    assert.ok(sender.holdsAnything);
    sender.push(release, 0);
    assert.ok(!sender.holdsAnything);
  });

  it("holds a bounded number of keys, so that a snapshot always fits", () => {
    const sender = openSender();
    sender.close();
    for (let usage = 1; usage < 512; usage += 1) sender.push(key(usage, true), 0);
    for (let finger = 0; finger < 40; finger += 1) sender.push(touch(finger, TouchPhase.DOWN), 0);
    sender.open(1);
    const [batch] = read(sender.poll(1));
    assert.ok(batch.events.length <= 64);
  });
});

/** Plays random input through a link and returns what both sides hold and which edges got through. */
function simulate({ seed, seconds, up, down, outage = null }) {
  const random = seeded(seed);
  const sender = new InputSender(1);
  const receiver = new ReceiverModel();
  const upLink = new LossyLink({ random, ...up });
  const downLink = new LossyLink({ random, ...down });
  const sent = [];
  const held = new Set();
  sender.open(0);
  sender.acknowledge(0);
  assert.deepEqual(sender.poll(0), []);
  const endUs = seconds * 1e6;
  for (let nowUs = 0; nowUs < endUs + 2e6; nowUs += 1_000) {
    const broken = outage !== null && nowUs >= outage.fromUs && nowUs < outage.toUs;
    upLink.loss = broken ? 1 : up.loss;
    if (nowUs < endUs && random() < 0.03) {
      const usage = 4 + Math.floor(random() * 8);
      const isDown = !held.has(usage);
      if (isDown) held.add(usage);
      else held.delete(usage);
      sender.push(key(usage, isDown), nowUs);
      sent.push(`${usage} ${isDown}`);
    }
    if (nowUs < endUs && random() < 0.5) sender.push(mouse(Math.floor(random() * 65535), 0), nowUs);
    for (const data of downLink.arrived(nowUs)) sender.acknowledge(data);
    for (const data of sender.poll(nowUs)) upLink.send(data, nowUs);
    for (const data of upLink.arrived(nowUs)) receiver.receive(data);
    if (nowUs % 17_000 === 0) downLink.send(receiver.ackSeq, nowUs);
  }
  const edges = receiver.edges.filter(({ type }) => type === EventType.KEY).map(({ usage, down: d }) => `${usage} ${d}`);
  const heldThere = new Set([...receiver.held.values()].map(({ usage }) => usage));
  return { sent, edges, held, heldThere, sender };
}

describe("on a lossy link", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    it(`loses and repeats no edge at 5% loss with reordering and repeats, round trip 20-40 ms (seed ${seed})`, () => {
      const link = { loss: 0.05, delayUs: 10_000, jitterUs: 10_000, repeat: 0.02 };
      const { sent, edges, sender } = simulate({ seed, seconds: 30, up: link, down: link });
      assert.ok(sent.length > 700);
      assert.deepEqual(edges, sent);
      assert.equal(sender.counts.snapshots, 0);
      assert.equal(sender.unacknowledged, 0);
    });
  }

  it("loses no edge at a round trip of 200 ms", () => {
    const link = { loss: 0, delayUs: 100_000, jitterUs: 5_000 };
    const { sent, edges } = simulate({ seed: 6, seconds: 20, up: link, down: link });
    assert.deepEqual(edges, sent);
  });

  for (const seed of [11, 12, 13]) {
    it(`heals by snapshot after a second without any datagram (seed ${seed})`, () => {
      const link = { loss: 0.05, delayUs: 10_000, jitterUs: 10_000 };
      const outage = { fromUs: 3e6, toUs: 4e6 };
      const { held, heldThere, sender } = simulate({ seed, seconds: 8, up: link, down: link, outage });
      assert.ok(sender.counts.snapshots > 0);
      assert.deepEqual(heldThere, held);
      assert.equal(sender.unacknowledged, 0);
    });
  }
});

it("adds sequence numbers modulo 2**32", () => {
  assert.equal(seqAdd(2 ** 32 - 1, 1), 0);
  assert.equal(seqAdd(0, -1), 2 ** 32 - 1);
});
