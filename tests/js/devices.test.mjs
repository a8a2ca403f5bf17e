import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isForBrowser, KEY_USAGES, keyUsage } from "../../web_client/static/core/key_codes.js";
import { isForSeats, padEvent, PadTracker } from "../../web_client/static/core/pads.js";
import { Accumulator, pictureRect, toPicture, wheelSteps } from "../../web_client/static/core/picture_geometry.js";
import { isStunUri, withStereo } from "../../web_client/static/core/sdp.js";
import { readVisit } from "../../web_client/static/core/visit.js";
import { EventType, StoryKind } from "../../web_client/static/wire/constants.js";

describe("keys", () => {
  it("have the usages of the HID tables", () => {
    const known = { KeyA: 4, KeyX: 27, KeyZ: 29, Digit1: 30, Digit0: 39, Enter: 40, Escape: 41, Space: 44, F1: 58, F12: 69, ArrowRight: 79, ArrowUp: 82, NumLock: 83, NumpadEnter: 88, Numpad0: 98, F13: 104, ControlLeft: 224, MetaRight: 231 };
    for (const [code, usage] of Object.entries(known)) assert.equal(keyUsage(code), usage);
    assert.equal(keyUsage("Unidentified"), undefined);
    assert.equal(keyUsage("constructor"), undefined);
  });

  it("are all different and in the wire's range", () => {
    const usages = [...KEY_USAGES.values()];
    assert.equal(new Set(usages).size, usages.length);
    assert.ok(usages.every((usage) => usage > 0 && usage < 512));
  });

  it("leave the browser only what is its own", () => {
    const press = (code, held = {}) => ({ code, metaKey: false, ctrlKey: false, shiftKey: false, ...held });
    assert.ok(isForBrowser(press("F11")));
    assert.ok(isForBrowser(press("KeyI", { ctrlKey: true, shiftKey: true })));
    assert.ok(isForBrowser(press("KeyR", { metaKey: true })));
    assert.ok(!isForBrowser(press("MetaLeft", { metaKey: true })));
    assert.ok(!isForBrowser(press("KeyR", { ctrlKey: true })));
    assert.ok(!isForBrowser(press("Tab")));
  });
});

describe("the picture's place", () => {
  const wide = { left: 10, top: 20, width: 1000, height: 500 };

  it("is letterboxed in a wide and in a tall element", () => {
    assert.deepEqual(pictureRect(wide, 400, 400), { left: 260, top: 20, width: 500, height: 500 });
    assert.deepEqual(pictureRect({ ...wide, width: 500, height: 1000 }, 400, 200), { left: 10, top: 395, width: 500, height: 250 });
    assert.deepEqual(pictureRect(wide, 0, 0), wide);
  });

  it("gives positions from edge to edge, and none beyond", () => {
    const picture = pictureRect(wide, 400, 400);
    assert.deepEqual(toPicture(picture, 260, 20), { x: 0, y: 0 });
    assert.deepEqual(toPicture(picture, 760, 520), { x: 65535, y: 65535 });
    assert.deepEqual(toPicture(picture, 510, 270), { x: 32768, y: 32768 });
    assert.deepEqual(toPicture(picture, -999, 9_999), { x: 0, y: 65535 });
    assert.deepEqual(toPicture({ left: 0, top: 0, width: 0, height: 0 }, 0, 0), { x: 0, y: 0 });
  });

  it("keeps fractions of movement for later", () => {
    const rest = new Accumulator();
    const moves = [0.4, 0.4, 0.4, -0.9, -0.9].map((amount) => rest.take(amount));
    assert.deepEqual(moves, [0, 0, 1, 0, -1]);
    assert.equal(rest.take(1e6), 32767);
  });

  it("counts wheel notches alike in pixels, lines and pages", () => {
    assert.equal(wheelSteps(100, 0), 120);
    assert.equal(wheelSteps(3, 1), 120);
    assert.equal(wheelSteps(1, 2), 120);
  });
});

describe("pads", () => {
  const reading = (pressed = [], axes = [0, 0, 0, 0]) => ({
    index: 0, connected: true, axes,
    buttons: Array.from({ length: 17 }, (_, n) => ({ pressed: pressed.includes(n), value: pressed.includes(n) ? 1 : 0 })),
  });

  it("become bits, sticks and triggers that rest at 0", () => {
    const { buttons, axes, device } = padEvent(reading([0, 7, 16], [1, -1, 0.5, NaN]));
    assert.equal(buttons, 0x10081);
    assert.deepEqual(axes, [32767, -32767, 16384, 0, 0, 32767]);
    assert.equal(device, 16);
  });

  it("use all 32 bits as an unsigned number", () => {
    const many = { ...reading(), buttons: Array.from({ length: 40 }, () => ({ pressed: true, value: 1 })) };
    assert.equal(padEvent(many).buttons, 2 ** 32 - 1);
  });

  it("are told of when plugged in or out and when something changed", () => {
    const tracker = new PadTracker();
    assert.deepEqual(tracker.look([null, null, null, null]), []);
    const kinds = (pads) => tracker.look(pads).map(({ type, index }) => [type, index]);
    assert.deepEqual(kinds([reading()]), [[EventType.PAD_PRESENCE, 0], [EventType.PAD, 0]]);
    assert.ok(tracker.any);
    assert.deepEqual(kinds([reading()]), []);
    assert.deepEqual(kinds([reading([0])]), [[EventType.PAD, 0]]);
    tracker.forgetStates();
    assert.deepEqual(kinds([reading([0])]), [[EventType.PAD, 0]]);
    assert.deepEqual(tracker.look([null]).map(({ connected }) => connected), [false]);
    assert.ok(!tracker.any);
  });

  it("rumble where they play on the seat that is meant", () => {
    const meant = (seat, pad, seats) => isForSeats({ kind: StoryKind.SEAT_RUMBLE, seat, pad, low: 1, high: 1, duration_ms: 1 }, seats);
    const shaken = (seats, seat) => [0, 1, 2, 3].filter((pad) => meant(seat, pad, seats));
    // Pad n plays on the n-th seat, all others on the first.
    assert.deepEqual([shaken([0, 1], 0), shaken([0, 1], 1)], [[0, 2, 3], [1]]);
    assert.deepEqual([shaken([2, 5, 7], 7), shaken([2, 5, 7], 2)], [[2], [0, 3]]);
    assert.deepEqual([shaken([1], 1), shaken([1], 0)], [[0, 1, 2, 3], []]);
    assert.deepEqual(shaken([], 0), []);
  });

  it("beyond the fourth are left out", () => {
    assert.deepEqual(new PadTracker().look([null, null, null, null, { ...reading([0]), index: 4 }]), []);
  });
});

describe("addresses", () => {
  const visit = (url) => readVisit(new URL(url, "http://localhost"));

  it("say what to do", () => {
    assert.deepEqual(visit("/play/aliens?ask=1#owner=T_-x"), { kind: "play", titleId: "aliens", ask: true, token: "T_-x" });
    assert.deepEqual(visit("/play/a%20b"), { kind: "play", titleId: "a b", ask: false, token: null });
    assert.deepEqual(visit("/session/ses_a"), { kind: "session", sessionId: "ses_a", role: "player", token: null });
    assert.equal(visit("/watch/ses_a").role, "spectator");
    assert.deepEqual(visit("/#owner=T"), { kind: "home", token: "T" });
  });

  it("that make no sense are the home page's", () => {
    for (const url of ["/play/", "/play/%ff", "/session", "/elsewhere/x"]) assert.equal(visit(url).kind, "home");
  });
});

describe("our description", () => {
  it("asks for stereo in Opus and nowhere else, once", () => {
    const sdp = "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 minptime=10\r\na=rtpmap:97 H264/90000\r\na=fmtp:97 x=1\r\n";
    const stereo = withStereo(sdp);
    assert.ok(stereo.includes("a=fmtp:96 minptime=10;stereo=1\r\n"));
    assert.ok(stereo.includes("a=fmtp:97 x=1\r\n"));
    assert.equal(withStereo(stereo), stereo);
  });

  it("takes the address of a STUN server and nothing that a browser would refuse", () => {
    for (const uri of ["stun:stun.example.org:3478", "stun:192.0.2.1:19302", "stun:[2001:db8::1]:1"]) assert.ok(isStunUri(uri), uri);
    for (const uri of ["", "stun:", "turn:a:1", "stun:a", "stun:a:1?x", "stun:a b:1", "https://a:1", "stun:a:1\n", "stun:[x]:1"]) {
      assert.ok(!isStunUri(uri), uri);
    }
  });
});
