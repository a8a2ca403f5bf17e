"""Checks of titles on each kind of database: from the wish to the report, and a node that goes over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_broker.io import title_checks
from session_broker.io.title_checks import MISSING_LOOKS
from tests.support.broker_api import reason_of
from tests.support.check_stand import PNG, REPORT, stand

pytestmark = pytest.mark.process


@pytest.fixture(autouse=True)
def no_looks_but_those_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(title_checks, "LOOK_S", 3600.0)


async def test_a_check_is_asked_for_run_and_reported(tmp_path: Path, database_url: str | None) -> None:
    async with stand(tmp_path, database_url=database_url) as at:
        where = await at.asked()
        assert (await at.see(where))["state"] == "queued"
        assert (await at.see(where))["place"] == 1
        assert await at.asked() == where, "asking again follows the same one"
        await at.look()
        check = await at.see(where)
        assert (check["state"], check["node_id"], check["place"]) == ("running", at.node_id, None)
        assert at.broker.runner.coordinator.slots() == (2, 1)
        assert (await at.bring(f"{where}/screenshots/start", PNG)).status_code == 204
        assert (await at.bring(f"{where}/result", REPORT)).status_code == 204
        check = await at.see(where)
        assert (check["state"], check["report"], check["screenshots"]) == ("done", REPORT, ["start"])
        picture = await at.client.get(f"{where}/screenshots/start")
        assert (picture.content, picture.headers["content-type"]) == (PNG, "image/png")
        assert reason_of(await at.client.get(f"{where}/screenshots/pad")) == (404, "not_found")
        assert reason_of(await at.bring(f"{where}/result", REPORT)) == (403, "forbidden"), "once"
        for _ in range(2):
            await at.beat()
        assert at.broker.runner.coordinator.slots() == (2, 0)


async def test_a_check_whose_node_went_is_tried_once_more(tmp_path: Path, database_url: str | None) -> None:
    async with stand(tmp_path, database_url=database_url) as at:
        where = await at.asked()
        for state, reason in (("queued", "node_lost"), ("failed", "node_lost")):
            await at.look()
            assert (await at.see(where))["state"] == "running"
            for _ in range(2):
                await at.beat()
            assert at.broker.runner.coordinator.running_checks() == {}
            await at.broker.runner.run(lambda now: at.broker.runner.coordinator.drain(at.node_id, None, now))
            for _ in range(MISSING_LOOKS):
                assert (await at.see(where))["state"] == "running"
                await at.look()
            check = await at.see(where)
            assert (check["state"], check["reason"]) == (state, reason)
            await at.broker.runner.run(lambda now: at.broker.runner.coordinator.undrain(at.node_id, now))
