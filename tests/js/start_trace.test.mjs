import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { StartTrace, TRACE_RANDOM_BYTES } from "../../web_client/static/core/start_trace.js";

const random = Uint8Array.from({ length: TRACE_RANDOM_BYTES }, (_, index) => index + 1);
const TRACEPARENT = "00-090a0b0c0d0e0f101112131415161718-0102030405060708-01";

describe("the trace of a start", () => {
  it("tells the broker once when the picture is shown", () => {
    const trace = new StartTrace(random);
    assert.equal(trace.ask(120.04), TRACEPARENT);
    assert.equal(trace.ask(900), TRACEPARENT, "asked again after a failure");
    trace.follow("ses_a");
    const picture = { traceparent: TRACEPARENT, asked_ms: 120, shown_ms: 640.3 };
    assert.deepEqual(trace.shown(640.26), { sessionId: "ses_a", picture });
    assert.equal(trace.shown(700), null);
  });

  it("counts from the click on the page, where the page waited for one", () => {
    const trace = new StartTrace(random);
    trace.click(5000);
    trace.ask(5010);
    trace.follow("ses_a");
    const told = trace.shown(5500);
    assert.deepEqual([told?.picture.asked_ms, told?.picture.shown_ms], [10, 500]);
  });

  it("tells nothing of a start that is not traced, or not this page's", () => {
    const trace = new StartTrace(random);
    assert.equal(trace.shown(10), null);
    trace.ask(10);
    assert.equal(trace.shown(20), null);
  });
});
