import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { step } from "../../web_client/static/core/session_machine.js";
import { initialState, myself } from "../../web_client/static/core/session_state.js";
import { changes, hasFreeSeat, nameOf, placeOf } from "../../web_client/static/core/table_view.js";
import { CLOSE_REFUSED } from "../../web_client/static/core/link_machine.js";

const person = (number, seats, more = {}) => ({
  participant_id: `part_${number}`, number, role: seats.length > 0 ? "player" : "spectator", seats, name: null,
  guest: number > 0, host: number === 0, me: false, here: true, ...more,
});
const table = (...participants) => ({ type: "table", seats: 2, participants });
const welcome = (seats) => ({
  type: "welcome", protocol: 1, session_id: "ses_a", participant_id: "part_1", participant_index: 1,
  role: seats.length > 0 ? "player" : "spectator", seats, title_id: "duel", title_name: "Duel",
});

describe("names and places at the table", () => {
  it("calls people by their name, or by what they are here", () => {
    assert.equal(nameOf(person(0, [0], { name: "Ana" })), "Ana");
    assert.deepEqual(nameOf(person(0, [0], { name: "  " })), ["table.host", {}]);
    assert.deepEqual(nameOf(person(3, [1])), ["table.guest", { number: 3 }]);
    assert.deepEqual(nameOf(person(3, [1], { guest: false })), ["table.player", { number: 3 }]);
  });

  it("counts seats from one", () => {
    assert.deepEqual(placeOf(person(1, [1])), ["table.seat", { seat: 2 }]);
    assert.deepEqual(placeOf(person(0, [0, 1])), ["table.seats", { seats: "1, 2" }]);
    assert.deepEqual(placeOf(person(1, [])), ["table.watches", {}]);
    assert.deepEqual(placeOf(person(0, [])), ["table.no_seat", {}]);
  });

  it("finds a free seat only beyond the host's first", () => {
    assert.equal(hasFreeSeat(table(person(0, [0, 1]))), true);
    assert.equal(hasFreeSeat(table(person(0, [1]), person(1, [0]))), false);
    assert.equal(hasFreeSeat(table(person(0, []), person(1, [0, 1]))), false);
  });
});

describe("news of the table", () => {
  const keys = (before, after) => changes(before, after).map(({ key, who }) => [key, who.number]);
  const host = person(0, [0, 1], { me: true });

  it("is none at first", () => assert.deepEqual(changes(null, table(host, person(1, [1]))), []));

  it("tells of others who come and go, once their tab is there", () => {
    const invited = table(host, person(1, [1], { here: false }));
    const here = table(host, person(1, [1]));
    assert.deepEqual(keys(table(host), invited), []);
    assert.deepEqual(keys(invited, here), [["table.joined", 1]]);
    assert.deepEqual(keys(here, here), []);
    assert.deepEqual(keys(here, table(host)), [["table.left", 1]]);
  });

  it("tells a guest of a seat that is gained or lost", () => {
    const seated = table(person(0, [0]), person(1, [1], { me: true }));
    const standing = table(person(0, [0, 1]), person(1, [], { me: true }));
    assert.deepEqual(keys(standing, seated), [["table.seated", 1]]);
    assert.deepEqual(keys(seated, standing), [["table.unseated", 1]]);
  });
});

describe("the page's seat", () => {
  const joined = (visit, seats) => {
    let state = initialState(visit, ["H264"]);
    let effects = [];
    const on = (event) => {
      [state, effects] = step(state, event, 0.5);
    };
    on({ on: "start" });
    const asked = effects.find((effect) => effect.do === "open_socket")?.role;
    on({ on: "socket_opened" });
    on({ on: "message", message: welcome(seats) });
    return { on, asked, get state() { return state; }, get effects() { return effects; } };
  };
  const VISIT = { kind: "session", sessionId: "ses_a", role: "player", token: null };

  it("is what the broker says, whatever the address asked for", () => {
    assert.equal(joined(VISIT, []).state.role, "spectator");
    assert.equal(joined({ ...VISIT, role: "spectator" }, [1]).state.role, "player");
  });

  it("comes and goes with the table's news, and the socket is asked for as before", () => {
    const page = joined(VISIT, [1]);
    assert.equal(page.asked, "player");
    page.on({ on: "message", message: table(person(0, [0, 1]), person(1, [], { me: true })) });
    assert.equal(page.state.role, "spectator");
    assert.equal(myself(page.state).number, 1);
    page.on({ on: "socket_closed", code: 1006 });
    page.on({ on: "timer", name: "socket" });
    assert.deepEqual(page.effects[0], { do: "open_socket", sessionId: "ses_a", role: "player" });
    page.on({ on: "socket_opened" });
    page.on({ on: "message", message: welcome([]) });
    page.on({ on: "message", message: table(person(0, [0]), person(1, [1], { me: true })) });
    assert.equal(page.state.role, "player");
  });

  it("ends in words when the host sends one away", () => {
    const page = joined(VISIT, [1]);
    page.on({ on: "message", message: { type: "error", reason: "kicked", detail: "" } });
    page.on({ on: "socket_closed", code: CLOSE_REFUSED });
    assert.deepEqual([page.state.phase, page.state.failure.reason], ["failed", "kicked"]);
    assert.ok(page.effects.some((effect) => effect.do === "close_peer"));
  });
});
