import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { closingWords, SHOWN_MS } from "../../web_client/static/core/closing.js";
import { step } from "../../web_client/static/core/session_machine.js";
import { initialState } from "../../web_client/static/core/session_state.js";
import { LANGUAGES } from "../../web_client/static/strings/words.js";

const MIN = 60_000;

/** What is shown at these times after the player was told, of a game that ends after `endsAfterMs`. */
const shownAt = (endsAfterMs, ...timesMs) =>
  timesMs.map((ms) => closingWords({ toldAtMs: 1_000, endsAtMs: 1_000 + endsAfterMs }, 1_000 + ms)?.minutes ?? null);

describe("words before a machine closes", () => {
  it("come when it is decided, five minutes before, and stay for the last minute", () => {
    assert.deepEqual(shownAt(20 * MIN, 0, SHOWN_MS - 1, SHOWN_MS), [20, 20, null]);
    assert.deepEqual(shownAt(20 * MIN, 15 * MIN - 1, 15 * MIN, 15 * MIN + SHOWN_MS), [null, 5, null]);
    assert.deepEqual(shownAt(20 * MIN, 19 * MIN - 1, 19 * MIN, 20 * MIN, 30 * MIN), [null, 1, 1, 1]);
  });

  it("name no moment that had passed when the player came", () => {
    assert.deepEqual(shownAt(3 * MIN, 0, SHOWN_MS, MIN), [3, null, null]);
    assert.deepEqual(shownAt(20_000, 0, 19_000), [1, 1]);
    assert.deepEqual(shownAt(5 * MIN, 0, SHOWN_MS), [5, null]);
  });

  it("round up, so that nobody has less time than they read", () => {
    assert.deepEqual(shownAt(2 * MIN + 1, 0), [3]);
    assert.deepEqual(shownAt(7 * 24 * 60 * MIN, 0), [7 * 24 * 60]);
  });

  it("say in every language how long, to save, and what comes after", () => {
    for (const texts of Object.values(LANGUAGES)) {
      assert.match(texts["closing.minutes"], /\{n\}/);
      for (const key of ["closing.minutes", "closing.last"]) assert.match(texts[key], /(Save|存档).*(play again|再玩)/);
    }
  });
});

describe("the page", () => {
  const visit = { kind: "session", sessionId: "ses_a", role: "player", token: null };
  const welcome = {
    type: "welcome", protocol: 4, session_id: "ses_a", participant_id: "part_a", participant_index: 0, role: "player",
    seats: [0], title_id: "aliens", title_name: "Aliens",
  };
  const state = (name) => ({ type: "state", state: name, reason: null, detail: "", place: null, coming: null });
  /** What the page does about closing upon each message in turn. */
  const told = (...messages) => {
    let page = initialState(visit, ["H264"]);
    return messages.map((message) => {
      const [next, effects] = step(page, { on: "message", message }, 0.5);
      page = next;
      return effects.filter((effect) => effect.do === "closing").map((effect) => effect.inMs);
    });
  };

  it("takes what it is told, and forgets it with the machine", () => {
    const closing = { type: "closing", in_ms: 300_000 };
    assert.deepEqual(told(welcome, state("running"), closing, { ...closing, in_ms: null }), [[null], [], [300_000], [null]]);
    assert.deepEqual(told(welcome, state("running"), closing, state("queued"), state("queued")).slice(3), [[null], []]);
    assert.deepEqual(told(welcome, closing, welcome).at(-1), [null], "what still holds follows a new welcome");
  });
});
