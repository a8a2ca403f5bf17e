"""Options of a title, set for a session over HTTP: checked, and still there after a restart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from session_broker.config import BrokerConfig
from tests.support.broker_api import api, reason_of, sign_in
from tests.support.live_broker import broker_config
from wire.title_manifest import InstalledTitle, parse_manifest

MANIFEST = """
manifest = 1
id = "duel"
version = "1.0.0"
kind = "pygame"
entry = "main.py"
name = "Duel"
[[options]]
name = "level"
argument = "--level"
values = ["easy", "hard"]
"""


def with_options(folder: Path) -> BrokerConfig:
    title = InstalledTitle(parse_manifest(MANIFEST), str(folder))
    return replace(broker_config(folder), titles=(title,))


async def test_options_are_checked_and_stay_with_their_session(tmp_path: Path) -> None:
    async with api(with_options(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        for options, words in (({"level": "other"}, "one of easy, hard"), ({"speed": "1"}, "it has: level")):
            refused = await client.post("/api/v1/sessions", json={"title_id": "duel", "options": options})
            assert reason_of(refused)[1] == "malformed"
            assert words in refused.json()["detail"]
        made = await client.post("/api/v1/sessions", json={"title_id": "duel", "options": {"level": "hard"}})
        assert made.status_code == 201, made.text
        again = await client.post("/api/v1/sessions", json={"title_id": "duel", "options": {"level": "easy"}})
        assert (again.status_code, again.json()["session_id"]) == (200, made.json()["session_id"])
    async with api(with_options(tmp_path)) as (broker, client):
        (kept,) = broker.runner.coordinator.live_sessions()
        assert kept.options == {"level": "hard"}
