"""Regions over HTTP: pages learn where to measure, and what they say reaches placement, bounded, and is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from session_broker.config import BrokerConfig
from session_broker.core.regions import RegionRules
from tests.support.broker_api import api, reason_of, sign_in
from tests.support.fake_node import FakeNode, hello
from tests.support.live_broker import ENROLMENT_TOKEN, FakeTab, broker_config, live_broker, signed_in
from wire.limits import REGIONS_MAX
from wire.session_control import SessionState, StateNews

URLS = {"eu": "https://eu.play.example.org/healthz", "us": "https://us.play.example.org:8443/ping"}


def in_regions(folder: Path, **changes: Any) -> BrokerConfig:
    return broker_config(folder, regions=RegionRules(URLS), **changes)


async def make(client: httpx.AsyncClient, said: object, title: str = "testcard") -> httpx.Response:
    return await client.post("/api/v1/sessions", json={"title_id": title, "round_trips_ms": said})


async def test_pages_may_ask_the_regions_and_nobody_else(tmp_path: Path) -> None:
    async with api(in_regions(tmp_path)) as (broker, client):
        assert reason_of(await client.get("/api/v1/regions"))[1] == "not_signed_in"
        await sign_in(broker, client)
        listed = (await client.get("/api/v1/regions")).json()["regions"]
        assert {each["name"]: each["url"] for each in listed} == URLS
        policy = (await client.get("/")).headers["content-security-policy"]
        (connect,) = (part for part in policy.split(";") if "connect-src" in part)
        asked = set(connect.split())
        assert {"https://eu.play.example.org", "https://us.play.example.org:8443"} <= asked
        assert "*" not in connect


async def test_without_regions_there_are_none_to_ask(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        assert (await client.get("/api/v1/regions")).json() == {"regions": []}
        assert "https" not in (await client.get("/")).headers["content-security-policy"]


async def test_a_broker_answers_pages_of_others_that_measure_and_nothing_more(tmp_path: Path) -> None:
    async with api(in_regions(tmp_path)) as (_, client):
        other = {"Origin": "https://play.example.org", "Host": "eu.play.example.org"}
        answer = await client.get("/healthz", headers=other)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
        assert "access-control-allow-credentials" not in answer.headers
        refused = await client.get("/api/v1/regions", headers={"Origin": "https://play.example.org"})
        assert refused.status_code == 403
        assert "access-control-allow-origin" not in refused.headers


async def test_what_is_said_is_bounded_and_stays_with_its_session(tmp_path: Path) -> None:
    async with api(in_regions(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        many = dict.fromkeys(map(str, range(REGIONS_MAX + 1)), 1.0)
        refused: tuple[object, ...] = ([], "eu", {"eu": "near"}, {"eu": None}, many)
        for nonsense in refused:
            assert reason_of(await make(client, nonsense))[1] == "malformed"
        assert not list(broker.runner.coordinator.live_sessions())
        said = {"eu": -5, "us": 1e300, "atlantis": 1.0}
        assert (await make(client, said)).status_code == 201
        assert (await make(client, {"eu": 7.0})).status_code == 200, "one that is there keeps its own"
    async with api(in_regions(tmp_path)) as (broker, client):
        (kept,) = broker.runner.coordinator.live_sessions()
        assert kept.round_trips_ms == {"eu": 0.0, "us": 10_000.0}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
async def test_no_number_is_nothing_known(tmp_path: Path, number: str) -> None:
    async with api(in_regions(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        body = f'{{"title_id": "testcard", "round_trips_ms": {{"eu": {number}}}}}'
        answer = await client.post("/api/v1/sessions", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (201, 400, 422)
        for session in broker.runner.coordinator.live_sessions():
            assert session.round_trips_ms == {}


async def test_a_player_plays_near_by_and_operators_see_why(tmp_path: Path) -> None:
    greeting = hello(titles=(("testcard", "1.0.0"),), token=ENROLMENT_TOKEN)
    async with (
        live_broker(in_regions(tmp_path)) as ready,
        signed_in(ready) as client,
        FakeNode.dial(ready.url, replace(greeting, name="here", region="eu")),
    ):
        token = (await client.post("/api/v1/operator/enrolments")).json()["token"]
        elsewhere = replace(greeting, name="there", region="mars", enrolment_token=token)
        async with FakeNode.dial(ready.url, elsewhere):
            made = await make(client, {"eu": 20.0, "us": 110.0})
            session_id = made.json()["session_id"]
            async with FakeTab.open(client, session_id) as tab:
                while (news := await tab.next(StateNews)).state is not SessionState.RUNNING:
                    pass
                assert news.region == "eu"
            history = (await client.get(f"/api/v1/operator/sessions/{session_id}")).json()
            (placed,) = (each["data"] for each in history["events"] if each["event"] == "placement")
            assert (placed["region"], placed["round_trip_ms"], placed["behind"]) == ("eu", 20.0, {"farther": 1})
            nodes = (await client.get("/api/v1/operator/overview")).json()["nodes"]
            assert {row["name"]: (row["region"], row["region_known"]) for row in nodes} == {
                "here": ("eu", True), "there": ("mars", False),
            }  # fmt: skip
