import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ShownRate } from "../../web_client/static/core/shown_rate.js";

const refreshes = (hz, missed = []) =>
  Array.from({ length: 24 }, (_, index) => (1000 * index) / hz).filter((_, index) => !missed.includes(index));

describe("ShownRate", () => {
  it("says nothing before it knows the display", () => {
    const rate = new ShownRate();
    rate.addDecoded(1);
    assert.equal(rate.report, null);
    rate.addRefreshes([]);
    rate.addRefreshes([5]);
    assert.equal(rate.report, null);
  });

  it("reads the display's rate although the page misses refreshes", () => {
    for (const hz of [30, 59.94, 60, 90, 120, 144, 240]) {
      const rate = new ShownRate();
      rate.addRefreshes(refreshes(hz, [3, 7, 8, 15, 20]));
      assert.ok(Math.abs(rate.report.refreshHz - hz) < 0.01, `${hz} Hz`);
    }
  });

  it("goes by the newest look, since a window may have moved", () => {
    const rate = new ShownRate();
    rate.addRefreshes(refreshes(144));
    rate.addRefreshes(refreshes(60));
    assert.ok(Math.abs(rate.report.refreshHz - 60) < 0.01);
  });

  it("calls a decoder too slow only if it was twice in a row", () => {
    const rate = new ShownRate();
    rate.addRefreshes(refreshes(60));
    const told = [0.5, 1, 0.6, 0.7, null, 0.4, 1].map((share) => {
      rate.addDecoded(share);
      return rate.report.decodedPct;
    });
    assert.deepEqual(told, [100, 100, 100, 70, 70, 70, 100]);
  });
});
