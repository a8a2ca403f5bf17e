"""Invitations over HTTP: who may make, see, redeem and revoke them, and what a guest may do."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from session_broker.core.qr_code import qr_rows
from session_broker.core.rate_limit import TokenBucket
from session_broker.core.reach import Reach
from session_broker.io import tables
from session_broker.io.app import create_app
from session_broker.io.broker import Broker, open_broker
from session_broker.io.clock import monotonic_s
from session_broker.io.database import open_database
from tests.support.broker_api import ORIGIN, api, database_bytes, reason_of, sign_in
from tests.support.live_broker import broker_config


@contextlib.asynccontextmanager
async def another(broker: Broker) -> AsyncIterator[httpx.AsyncClient]:
    """Give a browser of somebody who is not signed in."""
    transport = httpx.ASGITransport(create_app(broker), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield client


async def start(client: httpx.AsyncClient, title_id: str = "duel") -> str:
    made = await client.post("/api/v1/sessions", json={"title_id": title_id})
    return f"/api/v1/sessions/{made.json()['session_id']}"


async def invite(client: httpx.AsyncClient, session: str, kind: str = "seat") -> str:
    made = await client.post(f"{session}/invitations", json={"kind": kind})
    assert made.status_code == 201, made.text
    path: str = made.json()["path"]
    assert len(path) == len("/join/") + 22
    return f"/api/v1/invitations/{path.removeprefix('/join/')}"


async def redeem(client: httpx.AsyncClient, invitation: str, *, watch: bool = False) -> httpx.Response:
    return await client.post(f"{invitation}/redemption", json={"watch": watch})


async def players(broker: Broker) -> int:
    engine = await open_database(broker.config.url_of_database())
    async with engine.connect() as connection:
        count: int = (await connection.execute(select(func.count()).select_from(tables.player))).scalar_one()
    await engine.dispose()
    return count


async def test_a_guest_may_take_part_in_one_session_and_do_nothing_else(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, host), another(broker) as guest:
        await sign_in(broker, host)
        session, elsewhere = await start(host), await start(host, "testcard")
        link = await invite(host, session)
        seen = (await guest.get(link)).json()
        assert seen == {
            "title_id": "duel", "title_names": {"en": "Duel"}, "host_name": None, "kind": "seat", "free_seat": 1,
        }  # fmt: skip
        assert not guest.cookies
        answer = await redeem(guest, link)
        assert answer.json() == {"session_id": session.split("/")[-1], "role": "player", "seats": [1]}
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        me = (await guest.get("/api/v1/me")).json()
        assert (me["roles"], me["guest_of"]) == (["guest"], session.split("/")[-1])
        assert (await host.get("/api/v1/me")).json()["guest_of"] is None
        assert (await guest.get(session)).json()["title_id"] == "duel"
        for denied in ("/api/v1/titles", "/api/v1/sessions", "/metrics"):
            assert reason_of(await guest.get(denied)) == (403, "forbidden")
        assert reason_of(await guest.post("/api/v1/sessions", json={"title_id": "duel"})) == (403, "forbidden")
        for path in (session, elsewhere):
            for answer in (
                await guest.delete(path),
                await guest.post(f"{path}/invitations", json={"kind": "watch"}),
                await guest.get(f"{path}/invitations"),
                await guest.delete(f"{path}/participants/{me['player_id']}"),
                await guest.put(f"{path}/seats/0", json={"participant_id": "part_x"}),
            ):
                assert reason_of(answer) == (404, "unknown_session")
        assert reason_of(await guest.get(elsewhere)) == (404, "unknown_session")


async def test_whoever_takes_part_reads_how_that_one_title_is_played(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, host), another(broker) as guest:
        await sign_in(broker, host)
        session, elsewhere = await start(host), await start(host, "testcard")
        assert reason_of(await guest.get(f"{session}/title")) == (401, "not_signed_in")
        await redeem(guest, await invite(host, session))
        read = (await guest.get(f"{session}/title")).json()
        assert read == (await host.get(f"{session}/title")).json()
        assert read == {
            "id": "duel", "names": {"en": "Duel"}, "devices": ["keyboard", "mouse"], "controls": [],
            "touch": {"mode": "pointer", "controls": ["left_stick", "a", "b"]},
        }  # fmt: skip
        assert reason_of(await guest.get(f"{elsewhere}/title")) == (404, "unknown_session")
        await host.delete(session)
        assert reason_of(await guest.get(f"{session}/title")) == (404, "unknown_session")
        assert (await host.get(f"{session}/title")).json() == read, "it is over, and still the host's own"


async def test_a_link_is_a_code_for_cameras_where_other_devices_get_here(tmp_path: Path) -> None:
    config = broker_config(tmp_path, allowed_hosts=("192.168.1.5",))
    reach = Reach("https://192.168.1.5:8443")
    lan = {"Host": "192.168.1.5:8443", "Origin": "https://192.168.1.5:8443"}
    async with open_broker(config, 8080, reach) as broker, another(broker) as host:
        await sign_in(broker, host)
        session = await start(host)
        for headers in ({}, lan):
            made = (await host.post(f"{session}/invitations", json={"kind": "watch"}, headers=headers)).json()
            assert made["code"] == {"text": reach.https_url + made["path"], "qr": qr_rows(made["code"]["text"])}
    async with api(broker_config(tmp_path / "alone")) as (broker, host):
        await sign_in(broker, host)
        made = (await host.post(f"{await start(host)}/invitations", json={"kind": "watch"})).json()
        assert made["code"] is None, "nobody else gets here"


async def test_a_link_that_was_used_makes_no_second_guest(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, host), another(broker) as guest, another(broker) as other:
        await sign_in(broker, host)
        session = await start(host)
        link, spare = await invite(host, session), await invite(host, session)
        assert (await redeem(guest, link)).status_code == 200
        assert (await redeem(guest, link)).status_code == 200
        before = await players(broker)
        assert reason_of(await redeem(other, link)) == (410, "invitation_used")
        assert reason_of(await redeem(other, spare)) == (409, "no_seat")
        assert await players(broker) == before == 2
        assert not other.cookies
        assert (await redeem(other, spare, watch=True)).json()["role"] == "spectator"


async def test_a_guest_of_another_table_comes_as_somebody_new(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, host), another(broker) as guest:
        await sign_in(broker, host)
        first, second = await start(host), await start(host, "testcard")
        await redeem(guest, await invite(host, first))
        was = (await guest.get("/api/v1/me")).json()["player_id"]
        await redeem(guest, await invite(host, second, "watch"))
        assert (await guest.get("/api/v1/me")).json()["player_id"] != was
        assert (await guest.get(second)).status_code == 200
        assert reason_of(await guest.get(first)) == (404, "unknown_session")


async def test_who_was_sent_away_hears_so_everywhere(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, host), another(broker) as guest:
        await sign_in(broker, host)
        session = await start(host)
        link, spare = await invite(host, session), await invite(host, session, "watch")
        await redeem(guest, link)
        live = broker.runner.coordinator.session(session.split("/")[-1])
        assert live is not None
        (participant,) = (p for p in live.participants.values() if p.guest)
        assert (await host.delete(f"{session}/participants/{participant.participant_id}")).status_code == 204
        assert reason_of(await guest.get(session)) == (403, "kicked")
        assert reason_of(await guest.get(f"{session}/title")) == (403, "kicked")
        assert reason_of(await redeem(guest, spare)) == (403, "kicked")
        assert reason_of(await redeem(guest, link)) == (410, "invitation_revoked")
        guest.cookies.clear()
        assert reason_of(await redeem(guest, link)) == (410, "invitation_revoked")


async def test_links_are_listed_without_their_codes_and_revoked(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, host), another(broker) as guest:
        await sign_in(broker, host)
        session = await start(host)
        link = await invite(host, session)
        code = link.split("/")[-1]
        listed = await host.get(f"{session}/invitations")
        assert code not in listed.text
        (view,) = listed.json()["invitations"]
        assert (view["kind"], view["used"]) == ("seat", False)
        assert 86_000 < view["expires_in_s"] <= 86_400
        assert code.encode() not in database_bytes(tmp_path)
        for _ in range(2):
            assert (await host.delete(f"{session}/invitations/{view['invitation_id']}")).status_code == 204
        assert reason_of(await host.delete(f"{session}/invitations/inv_unknown")) == (404, "not_found")
        assert (await host.get(f"{session}/invitations")).json() == {"invitations": []}
        assert reason_of(await guest.get(link)) == (410, "invitation_revoked")


async def test_the_host_who_opens_the_own_link_simply_comes_back(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, host):
        await sign_in(broker, host)
        session = await start(host)
        answer = await redeem(host, await invite(host, session))
        assert answer.json()["seats"] == [0, 1]
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "invitations", {"kind": "king"}),
        ("POST", "invitations", {}),
        ("PUT", "seats/8", {"participant_id": "part_x"}),
        ("PUT", "seats/-1", {"participant_id": "part_x"}),
        ("PUT", "seats/0", {"participant_id": "x" * 41}),
    ],
)
async def test_malformed_wishes(tmp_path: Path, method: str, path: str, body: dict[str, str]) -> None:
    async with api(broker_config(tmp_path)) as (broker, host):
        await sign_in(broker, host)
        session = await start(host)
        assert reason_of(await host.request(method, f"{session}/{path}", json=body)) == (400, "malformed")


async def test_guessing_codes_is_told_nothing_and_slowed_down(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, stranger):
        broker.invitation_bucket = TokenBucket(1e-6, 20.0, monotonic_s())
        for n in range(20):
            answer = await stranger.get(f"/api/v1/invitations/{'a' * 20}{n:02}")
            assert reason_of(answer) == (410, "invitation_expired")
        assert reason_of(await stranger.get("/api/v1/invitations/a")) == (429, "too_many")
        assert reason_of(await redeem(stranger, "/api/v1/invitations/a")) == (429, "too_many")
        assert await players(broker) == 1
