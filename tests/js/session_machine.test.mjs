import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { backoffMs } from "../../web_client/static/core/backoff.js";
import { FIRST_PEER_ATTEMPTS } from "../../web_client/static/core/link_machine.js";
import { step } from "../../web_client/static/core/session_machine.js";
import {
  initialState, isFinal, PEER_TIMEOUT_MS, queueWords, shownName, waitsForRoom,
} from "../../web_client/static/core/session_state.js";
import { en } from "../../web_client/static/strings/en.js";
import { zh } from "../../web_client/static/strings/zh.js";

const PLAY = { kind: "play", titleId: "aliens", ask: false, token: null };
const SESSION = { kind: "session", sessionId: "ses_a", role: "player", token: null };
const welcome = {
  type: "welcome", protocol: 1, session_id: "ses_a", participant_id: "part_a", participant_index: 5, role: "player",
  seats: [0], title_id: "aliens", title_name: "Aliens",
};
const state = (name, reason = null, detail = "") => ({ type: "state", state: name, reason, detail, place: null, coming: null });
const offer = (peer_id) => ({ type: "offer", peer_id, ticket: "t", sdp: "v=0" });
const message = (body) => ({ on: "message", message: body });

/** Drives the machine and remembers its effects. */
class Drive {
  constructor(visit = SESSION) {
    this.state = initialState(visit, ["H264"]);
    this.effects = [];
  }

  on(...events) {
    for (const event of events) {
      [this.state, this.effects] = step(this.state, event, 0.5);
    }
    return this;
  }

  did(name) {
    return this.effects.filter((effect) => effect.do === name);
  }

  sent(type) {
    return this.did("send").map((effect) => effect.message).filter((body) => body.type === type);
  }

  joined() {
    return this.on({ on: "start" }, { on: "socket_opened" }, message(welcome));
  }

  playing(peerId = "peer_a") {
    return this.joined().on(
      message(state("running")), message(offer(peerId)), { on: "answered", peerId, ticket: "t", sdp: "v=0" },
      { on: "peer_connected", peerId }, { on: "first_frame", peerId },
    );
  }
}

describe("on the way to a picture", () => {
  it("signs in, creates, joins, waits, answers and plays", () => {
    const drive = new Drive({ ...PLAY, token: "T" }).on({ on: "start" });
    assert.deepEqual(drive.effects, [{ do: "redeem", token: "T" }]);
    drive.on({ on: "redeemed" });
    assert.deepEqual(drive.effects, [{ do: "create", titleId: "aliens" }]);
    drive.on({ on: "created", sessionId: "ses_a" });
    assert.deepEqual(drive.effects.map((effect) => effect.do), ["show_address", "open_socket", "read_title"]);
    drive.on({ on: "socket_opened" });
    assert.equal(drive.sent("hello").length, 1);
    drive.on(message(welcome), message(state("queued")));
    assert.equal(drive.state.phase, "waiting");
    assert.deepEqual(drive.effects, []);
    drive.on(message(state("starting")));
    assert.deepEqual(drive.sent("open_peer"), [{ type: "open_peer", video_codecs: ["H264"] }]);
    drive.on(message(state("running")));
    assert.deepEqual(drive.sent("open_peer"), []);
    assert.equal(drive.state.phase, "connecting");
    drive.on(message(offer("peer_a")));
    assert.equal(drive.did("make_answer").length, 1);
    drive.on({ on: "answered", peerId: "peer_a", ticket: "t", sdp: "v=0" });
    assert.equal(drive.sent("answer")[0].ticket, "t");
    drive.on({ on: "peer_connected", peerId: "peer_a" }, { on: "first_frame", peerId: "peer_a" });
    assert.equal(drive.state.phase, "playing");
    assert.equal(drive.state.participantIndex, 5);
  });

  it("comes to a paused game at once, and stays at one that pauses", () => {
    const drive = new Drive().joined().on(message(state("paused")));
    assert.equal(drive.sent("open_peer").length, 1);
    assert.equal(drive.state.phase, "connecting");
    // Nothing has to start first: a peer that does not come is missed.
    drive.on({ on: "timer", name: "peer" });
    assert.equal(drive.state.failure.reason, "connect_timeout");
    drive.playing("peer_b").on(message(state("paused")));
    assert.deepEqual([drive.state.phase, drive.effects], ["playing", []]);
    drive.on(message(state("running")));
    assert.deepEqual([drive.state.phase, drive.effects], ["playing", []]);
  });

  it("knows a queue that moves by itself from a wait for an operator", () => {
    const waits = (name, reason) => waitsForRoom(new Drive().joined().on(message(state(name, reason))).state);
    assert.ok(waits("queued", "no_room"));
    assert.ok(waits("queued", null));
    assert.ok(!waits("queued", "no_gpu"));
    assert.ok(!waits("starting", null));
    assert.ok(!waits("ended", "no_room"));
  });

  it("says which place in the queue is the player's, and forgets it when the wait is over", () => {
    const drive = new Drive().joined();
    const said = (place) => {
      drive.on(message({ ...state("queued", "no_room"), place }));
      return [queueWords(drive.state), drive.state.place];
    };
    assert.deepEqual(said(12), ["waiting.place", 12]);
    assert.deepEqual(said(1), ["waiting.next", 1]);
    assert.deepEqual(said(null), ["waiting.queued", null]);
    said(2);
    assert.equal(drive.on(message(state("starting"))).state.place, null);
    for (const language of [en, zh]) assert.match(language["waiting.place"], /\{place\}/);
  });

  it("says that a machine is being started, or that there is none, also where none is there at all", () => {
    const drive = new Drive().joined();
    const said = (coming, place, reason = "no_room") => {
      drive.on(message({ ...state("queued", reason), place, coming }));
      assert.ok(waitsForRoom(drive.state));
      return queueWords(drive.state);
    };
    assert.deepEqual(
      [said("starting", 1), said("starting", null), said("starting", 3), said("none_free", 1), said("none_free", 2)],
      ["waiting.starting", "waiting.starting", "waiting.starting_place", "waiting.none_free", "waiting.none_free_place"],
    );
    assert.equal(said("starting", 1, "no_node"), "waiting.starting");
    drive.on(message(state("queued", "no_node")));
    assert.ok(!waitsForRoom(drive.state));
    for (const key of ["starting_place", "none_free_place"]) {
      for (const language of [en, zh]) assert.match(language[`waiting.${key}`], /\{place\}/);
    }
  });

  it("asks before it takes a place when another site linked here", () => {
    const drive = new Drive({ ...PLAY, ask: true }).on({ on: "start" });
    assert.equal(drive.state.phase, "asking");
    assert.deepEqual(drive.effects, []);
    assert.equal(drive.on({ on: "play_clicked" }).did("create").length, 1);
  });

  it("goes on with a used link if the browser is signed in already, else names the link", () => {
    const drive = new Drive({ ...PLAY, token: "T" }).on({ on: "start" }, { on: "redeem_failed", reason: "link_used", detail: "" });
    assert.equal(drive.did("create").length, 1);
    drive.on({ on: "create_failed", reason: "not_signed_in", detail: "" });
    assert.equal(drive.state.phase, "failed");
    assert.equal(drive.state.failure.reason, "link_used");
  });

  it("tries again while the broker cannot be reached", () => {
    const drive = new Drive(PLAY).on({ on: "start" }, { on: "create_failed", reason: "unreachable", detail: "" });
    assert.equal(drive.state.failure.reason, "unreachable");
    assert.equal(drive.did("timer")[0].name, "create");
    assert.equal(drive.on({ on: "timer", name: "create" }).did("create").length, 1);
  });

  it("drops an answer for a peer that is no longer wanted", () => {
    const drive = new Drive().joined().on(message(state("running")), message(offer("peer_a")), message(offer("peer_b")));
    drive.on({ on: "answered", peerId: "peer_a", ticket: "t", sdp: "v=0" });
    assert.deepEqual(drive.effects, []);
    drive.on({ on: "first_frame", peerId: "peer_a" });
    assert.notEqual(drive.state.phase, "playing");
  });
});

describe("the title", () => {
  const title = {
    id: "aliens", names: { en: "Aliens", zh: "异形" }, devices: ["pad"], controls: [], touch: { mode: "pad", controls: [] },
  };

  it("is read as soon as the session is known, again with each socket until it was, and then no more", () => {
    const drive = new Drive().on({ on: "start" });
    assert.deepEqual(drive.did("read_title"), [{ do: "read_title", sessionId: "ses_a" }]);
    drive.on({ on: "socket_opened" }, message(welcome), { on: "socket_closed", code: 1006 }, { on: "timer", name: "socket" });
    assert.equal(drive.did("read_title").length, 1);
    drive.on({ on: "title_read", title });
    assert.deepEqual([drive.state.title, drive.effects], [title, []]);
    drive.on({ on: "socket_opened" }, message(welcome), { on: "socket_closed", code: 1006 }, { on: "timer", name: "socket" });
    assert.deepEqual([drive.did("open_socket").length, drive.did("read_title").length], [1, 0]);
  });

  it("is named in the page's language, in English until it was read", () => {
    const drive = new Drive().on({ on: "start" });
    assert.equal(shownName(drive.state, "zh"), "");
    drive.on({ on: "socket_opened" }, message(welcome));
    assert.equal(shownName(drive.state, "zh"), "Aliens");
    drive.on({ on: "title_read", title });
    assert.deepEqual(["zh", "en", "fr"].map((language) => shownName(drive.state, language)), ["异形", "Aliens", "Aliens"]);
  });
});

describe("without the broker", () => {
  it("plays on, joins again by itself and keeps its peer", () => {
    const drive = new Drive().playing().on({ on: "socket_closed", code: 1006 });
    assert.equal(drive.state.phase, "playing");
    assert.deepEqual(drive.effects.map((effect) => effect.name), ["socket"]);
    drive.on({ on: "timer", name: "socket" });
    assert.equal(drive.did("open_socket").length, 1);
    drive.on({ on: "socket_opened" }, message(welcome));
    assert.deepEqual(drive.sent("open_peer"), []);
    drive.on(message(state("running")));
    assert.equal(drive.state.phase, "playing");
  });

  it("plays a game anew that its developer changed", () => {
    const drive = new Drive().playing().on(message(state("ending", "title_changed")));
    assert.equal(drive.state.phase, "creating");
    assert.deepEqual(drive.did("create"), [{ do: "create", titleId: "aliens" }]);
    assert.equal(drive.did("close_peer").length, 1);
    drive.on({ on: "created", sessionId: "ses_b" });
    assert.deepEqual(drive.did("open_socket"), [{ do: "open_socket", sessionId: "ses_b", role: "player" }]);
  });

  it("finds out why a socket did not open", () => {
    const drive = new Drive().on({ on: "start" }, { on: "socket_closed", code: 1006 });
    assert.deepEqual(drive.effects, [{ do: "probe", sessionId: "ses_a" }]);
    drive.on({ on: "probe_failed", reason: "not_signed_in", detail: "" });
    assert.equal(drive.state.failure.reason, "not_signed_in");
    assert.ok(isFinal(drive.state));
  });

  it("says how the session ended while it was away", () => {
    const drive = new Drive().on({ on: "start" }, { on: "socket_closed", code: 1006 }, {
      on: "probed", state: "ended", titleId: "aliens", titleName: "Aliens", reason: "abandoned", detail: "",
    });
    assert.equal(drive.state.phase, "ended");
    assert.equal(drive.state.failure.reason, "abandoned");
    assert.equal(drive.state.titleId, "aliens");
  });

  it("asks for the lost peer once the broker is back", () => {
    const drive = new Drive().playing().on(
      { on: "socket_closed", code: 1006 },
      { on: "peer_lost", peerId: "peer_a", reason: "peer_silent", detail: "" },
    );
    assert.equal(drive.state.phase, "reconnecting");
    assert.deepEqual(drive.sent("open_peer"), []);
    drive.on({ on: "timer", name: "socket" }, { on: "socket_opened" }, message(welcome), message(state("running")));
    assert.equal(drive.state.peer.stage, "asked");
  });

  it("asks anew for an offer that was lost with the socket", () => {
    const drive = new Drive().joined().on(message(state("running")), { on: "socket_closed", code: 1006 });
    assert.equal(drive.state.peer, null);
    drive.on({ on: "timer", name: "socket" }, { on: "socket_opened" }, message(welcome));
    assert.equal(drive.sent("open_peer").length, 1);
  });
});

describe("losing the peer", () => {
  it("asks for another at once, then with growing pauses", () => {
    const drive = new Drive().playing().on({ on: "peer_lost", peerId: "peer_a", reason: "peer_silent", detail: "" });
    assert.equal(drive.state.phase, "reconnecting");
    assert.deepEqual(drive.effects.map((effect) => effect.do), ["close_peer", "send", "timer"]);
    drive.on(message(offer("peer_b")), { on: "peer_lost", peerId: "peer_b", reason: "peer_closed", detail: "" });
    assert.deepEqual(drive.sent("open_peer"), []);
    assert.equal(drive.did("timer")[0].ms, backoffMs(2, 0.5));
    assert.equal(drive.on({ on: "timer", name: "peer" }).sent("open_peer").length, 1);
    drive.on(message(offer("peer_c")), { on: "peer_connected", peerId: "peer_c" }, { on: "first_frame", peerId: "peer_c" });
    assert.equal(drive.state.phase, "playing");
    assert.equal(drive.state.peerFailures, 0);
  });

  it("believes the worker's word, but only about the newest peer", () => {
    const drive = new Drive().playing();
    const lost = (peer_id, reason) => message({ type: "peer_state", peer_id, state: "lost", reason });
    assert.deepEqual(drive.on(lost("peer_old", "peer_silent")).effects, []);
    assert.deepEqual(drive.on(lost("peer_a", "replaced")).effects, []);
    assert.equal(drive.state.phase, "playing");
    assert.equal(drive.on(lost("peer_a", "peer_silent")).sent("open_peer").length, 1);
  });

  it("gives up what no further attempt can mend", () => {
    const drive = new Drive().joined().on(message(state("running")), message(offer("peer_a")));
    drive.on(message({ type: "peer_state", peer_id: "peer_a", state: "lost", reason: "no_common_codec" }));
    assert.equal(drive.state.phase, "failed");
    assert.equal(drive.state.failure.reason, "no_common_codec");
  });

  it("says so when no first picture can be had", () => {
    const drive = new Drive().joined().on(message(state("running")));
    for (let attempt = 1; attempt <= FIRST_PEER_ATTEMPTS; attempt += 1) {
      assert.ok(!isFinal(drive.state));
      drive.on({ on: "timer", name: "peer" });
      if (drive.state.peer === null && !isFinal(drive.state)) drive.on({ on: "timer", name: "peer" });
    }
    assert.equal(drive.state.phase, "failed");
    assert.equal(drive.state.failure.reason, "connect_timeout");
  });

  it("does not count the time in which the game still starts", () => {
    const drive = new Drive().joined().on(message(state("starting")), { on: "timer", name: "peer" });
    assert.equal(drive.state.peerFailures, 0);
    assert.deepEqual(drive.effects, [{ do: "timer", name: "peer", ms: PEER_TIMEOUT_MS }]);
  });
});

describe("the end", () => {
  for (const reason of ["title_crashed", "node_lost", "worker_lost", "title_quit"]) {
    it(`says ${reason} and closes everything`, () => {
      const drive = new Drive().playing().on(message(state("ended", reason, "last words")));
      assert.equal(drive.state.phase, "ended");
      assert.deepEqual(drive.state.failure, { reason, detail: "last words" });
      assert.equal(drive.did("close_peer").length, 1);
      assert.equal(drive.did("close_socket").length, 1);
      assert.ok(drive.did("timer").every(({ ms }) => ms === null));
    });
  }

  it("stops for another tab, by message or by the socket's close", () => {
    assert.equal(new Drive().playing().on(message({ type: "taken_over" })).state.phase, "taken_over");
    assert.equal(new Drive().playing().on({ on: "socket_closed", code: 4001 }).state.phase, "taken_over");
  });

  it("names the refusal that came before the socket closed", () => {
    const drive = new Drive().on(
      { on: "start" }, { on: "socket_opened" },
      message({ type: "error", reason: "protocol_version", detail: "" }), { on: "socket_closed", code: 4000 },
    );
    assert.equal(drive.state.phase, "failed");
    assert.equal(drive.state.failure.reason, "protocol_version");
  });

  it("keeps a picture that plays through the broker's own faults", () => {
    const fault = message({ type: "error", reason: "internal", detail: "" });
    for (const events of [
      [fault, { on: "socket_closed", code: 4000 }],
      [{ on: "socket_closed", code: 1006 }, { on: "probe_failed", reason: "internal", detail: "" }],
    ]) {
      const drive = new Drive().playing().on(...events);
      assert.equal(drive.did("close_peer").length, 0);
      assert.ok(drive.did("timer").some(({ name, ms }) => name === "socket" && ms !== null));
      drive.on({ on: "timer", name: "socket" });
      assert.equal(drive.did("open_socket").length, 1);
    }
  });

  it("keeps a refused message apart from the session", () => {
    const drive = new Drive().playing().on(message({ type: "error", reason: "bad_state", detail: "" }));
    assert.equal(drive.state.phase, "playing");
  });

  it("tells the broker when the player leaves or ends the game", () => {
    assert.deepEqual(new Drive().playing().on({ on: "left", end: false }).sent("leave"), [{ type: "leave", end: false }]);
    const ended = new Drive().playing().on({ on: "left", end: true });
    assert.deepEqual(ended.sent("leave"), [{ type: "leave", end: true }]);
    assert.equal(ended.state.failure.reason, "ended_by_player");
  });

  it("is the end: nothing that comes later changes it", () => {
    const drive = new Drive().playing().on(message({ type: "taken_over" }));
    for (const event of [
      message(welcome), message(state("running")), message(offer("peer_b")), { on: "socket_closed", code: 1006 },
      { on: "timer", name: "socket" }, { on: "peer_lost", peerId: "peer_a", reason: "peer_silent", detail: "" },
      { on: "left", end: true },
    ]) {
      const before = drive.state;
      drive.on(event);
      assert.equal(drive.state, before);
      assert.deepEqual(drive.effects, []);
    }
  });
});

it("backs off to a bound, never to zero", () => {
  for (const random of [0, 0.999]) {
    let last = 0;
    for (let failures = 1; failures < 20; failures += 1) {
      const ms = backoffMs(failures, random);
      assert.ok(ms >= 125 && ms <= 4_000 && ms >= last);
      last = ms;
    }
  }
});

describe("the picture's quality", () => {
  const chosen = (videoMaxBps) => ({ on: "quality_chosen", videoMaxBps });

  it("is told with every welcome, before a peer is asked for, and at every change", () => {
    const drive = new Drive().on(chosen(2_500_000));
    assert.deepEqual(drive.effects, []);
    drive.on({ on: "start" }, { on: "socket_opened" }, message(welcome));
    assert.deepEqual(drive.sent("set_quality"), [{ type: "set_quality", video_max_bps: 2_500_000 }]);
    drive.on(chosen(null));
    assert.deepEqual(drive.sent("set_quality"), [{ type: "set_quality", video_max_bps: null }]);
    drive.on(chosen(null));
    assert.deepEqual(drive.effects, []);
  });

  it("is not told by a spectator", () => {
    const spectator = new Drive({ ...SESSION, role: "spectator" }).on(chosen(2e6), { on: "start" }, { on: "socket_opened" });
    assert.deepEqual(spectator.on(message({ ...welcome, role: "spectator", seats: [] })).sent("set_quality"), []);
  });
});

describe("a peer that is refused before it is offered", () => {
  const refusal = (reason) => message({ type: "peer_state", peer_id: "peer_b", state: "left", reason });

  it("ends the wait where no other attempt can help", () => {
    const drive = new Drive().joined().on(message(state("running")), refusal("no_common_codec"));
    assert.equal(drive.state.phase, "failed");
    assert.equal(drive.state.failure.reason, "no_common_codec");
  });

  it("is not taken for an older one that went", () => {
    const drive = new Drive().joined().on(message(state("running")), refusal("peer_closed"));
    assert.equal(drive.state.peer.stage, "asked");
  });
});

describe("when the machine that ran the game is lost", () => {
  it("lets go of the dead connection at once, says that the game begins anew, and asks again", () => {
    const drive = new Drive().playing().on(message(state("queued", "node_lost")));
    assert.equal(drive.did("close_peer").length, 1);
    assert.deepEqual([drive.state.peer, drive.state.phase, drive.state.beginsAnew], [null, "reconnecting", true]);
    drive.on(message(state("starting")));
    assert.equal(drive.sent("open_peer").length, 1);
    drive.on(message(state("running")), message(offer("peer_b")), { on: "peer_connected", peerId: "peer_b" });
    assert.ok(drive.state.beginsAnew);
    drive.on({ on: "first_frame", peerId: "peer_b" });
    assert.deepEqual(drive.effects, [{ do: "say", words: "anew.said" }]);
    assert.deepEqual([drive.state.phase, drive.state.beginsAnew], ["playing", false]);
  });

  it("says so as well where the page has seen the loss first", () => {
    const lost = { on: "peer_lost", peerId: "peer_a", reason: "peer_silent", detail: "" };
    const drive = new Drive().playing().on(lost);
    assert.equal(drive.sent("open_peer").length, 1);
    drive.on(message(state("queued", "node_lost")), message(state("starting")));
    assert.equal(drive.sent("open_peer").length, 1);
    assert.ok(drive.state.beginsAnew);
  });

  it("shows the queue while no other machine has room", () => {
    const drive = new Drive().playing().on(
      message(state("queued", "node_lost")), message({ ...state("queued", "no_room"), place: 1 }),
    );
    assert.ok(waitsForRoom(drive.state));
    assert.equal(queueWords(drive.state), "waiting.next");
    assert.ok(drive.state.beginsAnew);
  });

  it("says nothing of it when a connection alone was lost", () => {
    const drive = new Drive().playing().on(
      { on: "peer_lost", peerId: "peer_a", reason: "peer_silent", detail: "" }, message(offer("peer_b")),
      { on: "peer_connected", peerId: "peer_b" }, { on: "first_frame", peerId: "peer_b" },
    );
    assert.equal(drive.did("say").length, 0);
  });
});
