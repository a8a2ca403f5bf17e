import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { failureView } from "../../web_client/static/core/failure_view.js";
import { en } from "../../web_client/static/strings/en.js";
import { Reason } from "../../web_client/static/wire/constants.js";

const view = (reason, phase = "failed") => failureView({ phase, failure: reason === null ? null : { reason, detail: "" } });

describe("an end", () => {
  it("has a heading and a button in words, whatever the reason", () => {
    for (const reason of [...Object.values(Reason), "unreachable", "no_webrtc", "something new", null]) {
      const { kind, act } = view(reason);
      assert.ok(`heading.${kind}` in en, kind);
      assert.ok(`button.${act}` in en, act);
    }
  });

  it("says what the player can do about it", () => {
    const looks = {
      no_room: ["busy", "try_again"], too_many_sessions: ["busy", "try_again"], node_lost: ["lost", "play_again"], title_crashed: ["crashed", "play_again"],
      title_memory: ["crashed", "play_again"], title_storage: ["crashed", "play_again"],
      no_common_codec: ["video", "try_again"], no_webrtc: ["video", "try_again"], connect_timeout: ["network", "try_again"],
      not_signed_in: ["access", "try_again"], left: ["left", "continue"], protocol_version: ["fault", "reload"],
      internal: ["fault", "try_again"],
    };
    for (const [reason, [kind, act]] of Object.entries(looks)) {
      assert.deepEqual([view(reason).kind, view(reason).act], [kind, act], reason);
    }
    assert.equal(view(null, "taken_over").act, "play_here");
  });

  it("leads to the connectivity check where the network is at fault, and to last words where the game is", () => {
    assert.ok(view("connect_timeout").check);
    assert.ok(!view("title_crashed").check);
    assert.ok(view("title_crashed").wordsForDevelopers);
    assert.ok(!view("internal").wordsForDevelopers);
  });
});
