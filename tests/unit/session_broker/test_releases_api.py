"""Publishing over HTTP: who may, what is taken, whose title it is, and what players are offered."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select, update

import session_broker.io.publishing
from session_broker.config import BrokerConfig
from session_broker.core.fleet import Needs
from session_broker.io import tables
from session_broker.io.app import create_app
from session_broker.io.broker import Broker
from session_broker.io.clock import wall_ms
from session_broker.io.database import open_database
from session_broker.io.releases import OfferedVersion
from session_broker.io.runner import MovedOn
from tests.support.broker_api import ORIGIN, api, reason_of, sign_in
from tests.support.deadlines import patient, until
from tests.support.live_broker import broker_config
from tests.support.published_title import (
    KEY,
    OTHER_KEY,
    archive,
    archive_on,
    pin_of,
    release_of,
    runtime_archive,
)
from title_archive.artwork import image_type
from title_archive.signing import rotate
from wire.errors import Reason, WireError
from wire.ids import TenantId
from wire.schema import encode
from wire.title_release import KeyRotation, Release


async def send(client: httpx.AsyncClient, data: bytes, release: Release | None = None) -> httpx.Response:
    digest = (release or release_of(data)).archive_sha256
    return await client.put(f"/api/v1/archives/{digest}", content=data)


async def publish(client: httpx.AsyncClient, release: Release, *rotations: KeyRotation) -> httpx.Response:
    body = {"release": encode(release), "rotations": [encode(each) for each in rotations]}
    return await client.post("/api/v1/releases", json=body)


async def publish_whole(client: httpx.AsyncClient, title_id: str = "chess", version: str = "1.0.0") -> Release:
    data = archive(title_id, version)
    release = release_of(data, title_id, version)
    assert (await send(client, data, release)).status_code == 204
    answer = await publish(client, release)
    assert answer.status_code == 201, answer.text
    return release


async def library(client: httpx.AsyncClient) -> dict[str, str]:
    titles = (await client.get("/api/v1/titles")).json()["titles"]
    return {title["id"]: title["version"] for title in titles}


def developer(broker: Broker) -> contextlib.AbstractAsyncContextManager[httpx.AsyncClient]:
    """Give a browser of a second account, which may publish and nothing more."""
    return account_of(broker, "developer")


def another_player(broker: Broker) -> contextlib.AbstractAsyncContextManager[httpx.AsyncClient]:
    """Give a browser of a second account, which may only play."""
    return account_of(broker, "player")


@contextlib.asynccontextmanager
async def account_of(broker: Broker, role: str) -> AsyncIterator[httpx.AsyncClient]:
    """Give a browser of a second account with a role."""
    owner = await broker.accounts.ensure_owner()
    engine = await open_database(broker.config.url_of_database())
    account = {
        "id": "plr_" + "b" * 24,
        "tenant_id": owner.tenant_id,
        "roles": [role],
        "created_at_ms": wall_ms(),
    }
    async with engine.begin() as connection:
        await connection.execute(insert(tables.player).values(account))
        profile = {"player_id": account["id"], "tenant_id": owner.tenant_id}
        await connection.execute(insert(tables.player_profile).values(profile))
    token = await broker.accounts.mint_link(owner)
    async with engine.begin() as connection:
        links = tables.sign_in_link
        mine = update(links).where(links.c.created_at_ms == select_newest(links)).values(player_id=account["id"])
        await connection.execute(mine)
    await engine.dispose()
    transport = httpx.ASGITransport(create_app(broker), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        assert (await client.post("/api/v1/sign-in/link", json={"token": token})).status_code == 204
        yield client


def select_newest(links: object) -> object:
    from sqlalchemy import func, select

    return select(func.max(tables.sign_in_link.c.created_at_ms)).scalar_subquery()


async def test_a_published_title_is_in_the_library_and_stays_there(tmp_path: Path) -> None:
    config = broker_config(tmp_path)
    async with api(config) as (broker, client):
        await sign_in(broker, client)
        before = await library(client)
        release = await publish_whole(client)
        assert await library(client) == {**before, "chess": "1.0.0"}
        listed = (await client.get("/api/v1/releases")).json()["releases"]
        assert [(row["title_id"], row["channels"], row["approved"]) for row in listed] == [
            ("chess", ["stable"], True)
        ]
        art = await client.get("/api/v1/titles/chess/artwork")
        assert (art.status_code, image_type(art.content)) == (200, "image/png")
        started = await client.post("/api/v1/sessions", json={"title_id": "chess"})
        assert started.status_code == 201, started.text
        assert broker.runner.coordinator.session(started.json()["session_id"]).title.release == release  # type: ignore[union-attr]
        assert os.listdir(tmp_path / "uploads") == []
        await publish_whole(client, version="1.1.0")
    async with api(config) as (broker, client):
        await sign_in(broker, client)
        assert (await library(client))["chess"] == "1.1.0"
        (kept,) = broker.runner.coordinator.live_sessions()
        assert kept.title.release == release, "a session finishes on what it began with"


async def test_a_session_of_an_earlier_version_still_needs_what_that_needs(tmp_path: Path) -> None:
    needy = b'manifest = 1\nid = "chess"\nversion = "1.0.0"\nkind = "pygame"\nentry = "main.py"\nname = "Chess"\n'
    needy += b'artwork = "artwork.png"\n[needs]\ngpu = true\nmemory_mib = 4096\n'
    data = archive(title_toml=needy)
    config = broker_config(tmp_path)
    async with api(config) as (broker, client):
        await sign_in(broker, client)
        await send(client, data)
        assert (await publish(client, release_of(data))).status_code == 201
        assert (await client.post("/api/v1/sessions", json={"title_id": "chess"})).status_code == 201
        await publish_whole(client, version="1.1.0")
    async with api(config) as (broker, _):
        (kept,) = broker.runner.coordinator.live_sessions()
        assert (kept.title.version, kept.title.needs) == ("1.0.0", Needs(gpu=True, memory_mib=4096))


async def spoil_manifest(config: BrokerConfig, title_id: str) -> None:
    """Make a stored manifest one of a version of Farplay that this is not."""
    table = tables.title_release
    engine = await open_database(config.url_of_database())
    async with engine.begin() as connection:
        spoilt = update(table).where(table.c.title_id == title_id)
        await connection.execute(spoilt.values(manifest_toml="manifest = 99\n"))
    await engine.dispose()


async def test_a_version_whose_manifest_cannot_be_read_stops_nothing_else(tmp_path: Path) -> None:
    config = broker_config(tmp_path)
    async with api(config) as (broker, client):
        await sign_in(broker, client)
        await publish_whole(client)
        await publish_whole(client, "draughts")
    await spoil_manifest(config, "chess")
    async with api(config) as (broker, client):
        await sign_in(broker, client)
        titles = await library(client)
        assert ("chess" in titles, "draughts" in titles) == (False, True)
        await publish_whole(client, "chess", "1.1.0")
        assert (await library(client))["chess"] == "1.1.0"


async def test_the_catalogue_is_followed_through_every_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_broker.io.publishing, "FOLLOW_EVERY_S", 0.0)
    async with api(broker_config(tmp_path)) as (broker, _):
        faults = [MovedOn(), WireError(Reason.INTERNAL, "?"), ValueError("?")]
        followed = asyncio.Event()

        async def offered(_tenant_id: str) -> list[OfferedVersion]:
            if faults:
                raise faults.pop()
            followed.set()
            return []

        monkeypatch.setattr(broker.releases, "offered", offered)
        following = asyncio.create_task(broker.publishing.follow())
        async with asyncio.timeout(patient(10.0)):
            await followed.wait()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_an_earlier_reading_of_the_catalogue_replaces_no_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        read, gone_on, slow = broker.releases.offered, asyncio.Event(), [True]

        async def offered(tenant_id: TenantId) -> list[OfferedVersion]:
            found = await read(tenant_id)
            if slow:
                slow.clear()
                await gone_on.wait()
            return found

        monkeypatch.setattr(broker.releases, "offered", offered)
        earlier = asyncio.create_task(broker.publishing.refresh())
        publishing = asyncio.create_task(publish_whole(client))
        await asyncio.wait([publishing], timeout=0.3)
        gone_on.set()
        await asyncio.gather(earlier, publishing)
        assert (await library(client))["chess"] == "1.0.0"


async def test_only_those_who_may_publish(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        data = archive()
        for answer in (await send(client, data), await publish(client, release_of(data))):
            assert reason_of(answer) == (401, "not_signed_in")
        async with developer(broker) as other:
            await publish_whole(other)
            assert "chess" not in await library(other), "nobody has approved it"
            digest = release_of(data).archive_sha256
            assert reason_of(await other.post(f"/api/v1/archives/{digest}/approval"))[1] == "forbidden"
            await sign_in(broker, client)
            assert (await client.post(f"/api/v1/archives/{digest}/approval")).status_code == 204
            assert (await library(other))["chess"] == "1.0.0"


async def test_archives_that_are_none_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path, archive_max_bytes=100_000)) as (broker, client):
        await sign_in(broker, client)
        good = archive()
        for answer, reason in (
            (await send(client, good + b"x", release_of(good)), "bad_archive"),
            (await send(client, good[:-1] + b"x"), "bad_archive"),
            (await send(client, archive(artwork_png=b"<svg/>")), "bad_archive"),
            (await send(client, archive(title_toml=b"manifest = 1")), "malformed"),
            (await send(client, archive(big_bin=bytes(100_000))), "too_large"),
            (await client.put("/api/v1/archives/..", content=b""), "not_found"),
            (await client.put(f"/api/v1/archives/{'g' * 64}", content=b""), "malformed"),
            (await publish(client, release_of(good)), "not_found"),
        ):
            assert reason_of(answer)[1] == reason, answer.text
        assert os.listdir(tmp_path / "uploads") == []
        assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file()] == []


async def test_versions_never_change_and_go_back_and_forth(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        first = await publish_whole(client)
        assert (await publish(client, first)).status_code == 201, "the same again changes nothing"
        other = archive(other_py=b"1")
        await send(client, other)
        assert reason_of(await publish(client, release_of(other))) == (409, "version_exists")
        await publish_whole(client, version="1.1.0")
        assert (await library(client))["chess"] == "1.1.0"
        back = await client.put("/api/v1/releases/chess/channels/stable", json={"version": "1.0.0"})
        assert back.status_code == 204
        assert (await library(client))["chess"] == "1.0.0"
        assert (await client.post("/api/v1/releases/chess/1.0.0/withdrawal")).status_code == 204
        assert "chess" not in await library(client)
        for path in ("/api/v1/releases/chess/9.9.9/withdrawal", "/api/v1/releases/go/1.0.0/withdrawal"):
            assert reason_of(await client.post(path)) == (404, "not_found")
        back = await client.put("/api/v1/releases/chess/channels/stable", json={"version": "1.0.0"})
        assert reason_of(back) == (409, "bad_state")


async def test_a_beta_is_for_developers(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, client), another_player(broker) as player:
        await sign_in(broker, client)
        first = await publish_whole(client)
        data = archive(version="2.0.0-beta.1")
        beta = release_of(data, version="2.0.0-beta.1")
        await send(client, data, beta)
        body = {"release": encode(beta), "channel": "beta"}
        assert (await client.post("/api/v1/releases", json=body)).json()["channels"] == ["beta"]
        assert (await library(client))["chess"] == "1.0.0"
        for wanted, who, release in (("chess", player, first), ("chess@beta", client, beta)):
            made = await who.post("/api/v1/sessions", json={"title_id": wanted})
            session = broker.runner.coordinator.session(made.json()["session_id"])
            assert session is not None
            assert (session.title.title_id, session.title.release) == ("chess", release)
        await player.delete(f"/api/v1/sessions/{made.json()['session_id']}")
        refused = await player.post("/api/v1/sessions", json={"title_id": "chess@beta"})
        assert reason_of(refused) == (404, "unknown_title")
        bad = await client.put("/api/v1/releases/chess/channels/gamma", json={"version": "1.0.0"})
        assert reason_of(bad) == (400, "malformed")


async def test_a_title_belongs_to_its_first_publisher_and_key(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, client), developer(broker) as other:
        await publish_whole(other)
        await sign_in(broker, client)
        data = archive(version="1.1.0")
        foreign = release_of(data, version="1.1.0", key=OTHER_KEY)
        await send(client, data)
        assert reason_of(await publish(other, foreign)) == (400, "bad_signature")
        assert (await publish(other, foreign, rotate(KEY, OTHER_KEY))).status_code == 201
        late = release_of(archive(version="1.2.0"), version="1.2.0")
        await send(client, archive(version="1.2.0"))
        assert reason_of(await publish(other, late)) == (400, "bad_signature"), "the old key was passed on"
        async with api_of_third(broker) as third:
            assert reason_of(await publish(third, late)) == (401, "not_signed_in")


@contextlib.asynccontextmanager
async def api_of_third(broker: Broker) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(broker), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield client


@pytest.mark.parametrize("title_id", ["testcard", "duel"])
async def test_an_installed_title_keeps_its_id(tmp_path: Path, title_id: str) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        data = archive(title_id)
        release = release_of(data, title_id)
        await send(client, data, release)
        assert reason_of(await publish(client, release)) == (403, "forbidden")


async def test_an_altered_release_is_not_taken(tmp_path: Path) -> None:
    from dataclasses import replace

    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        release = release_of(archive())
        await send(client, archive())
        assert reason_of(await publish(client, replace(release, version="9.0.0")))[1] == "bad_signature"
        # Rightly signed, but not what the archive says of itself.
        lying = release_of(archive(), version="9.0.0")
        assert reason_of(await publish(client, lying))[1] == "bad_archive"
        assert await client.post("/api/v1/releases", json={"release": "{}"}) is not None
        assert (await client.get("/api/v1/releases")).json() == {"releases": []}


async def test_a_blocked_version_starts_nowhere_and_its_sessions_end(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        release = await publish_whole(client)
        session_id = (await client.post("/api/v1/sessions", json={"title_id": "chess"})).json()["session_id"]
        block = f"/api/v1/archives/{release.archive_sha256}/block"
        assert (await client.post(block)).status_code == (await client.post(block)).status_code == 204
        assert "chess" not in await library(client)
        assert broker.runner.coordinator.session(session_id) is None
        assert (await client.get(f"/api/v1/sessions/{session_id}")).json()["reason"] == "title_blocked"
        assert reason_of(await send(client, archive()))[1] == "title_blocked"
        assert (await client.post(f"/api/v1/archives/{release.archive_sha256}/approval")).status_code == 204
        assert (await library(client))["chess"] == "1.0.0"


async def test_nodes_fetch_by_digest_with_their_key(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        release = await publish_whole(client)
        path = f"/api/v1/archives/{release.archive_sha256}"
        assert reason_of(await client.get(path)) == (403, "bad_enrolment")
        node = await broker.accounts.enrol_node("enrolment-token-of-the-tests", "node")
        key = {"Authorization": f"Bearer {node.node_id}:{node.new_key}"}
        fetched = await client.get(path, headers=key)
        assert (fetched.status_code, fetched.content) == (200, archive())
        wrong = {"Authorization": f"Bearer {node.node_id}:other"}
        assert reason_of(await client.get(path, headers=wrong)) == (403, "bad_enrolment")
        assert reason_of(await client.get(f"/api/v1/archives/{'a' * 64}", headers=key)) == (404, "not_found")


async def break_rules(
    broker: Broker,
    release: Release,
    sessions: int,
    reason: Reason = Reason.TITLE_VIOLATION,
    figures: Mapping[str, float] | None = None,
) -> None:
    """Write down sessions of a version that have ended just now, one second after they began."""
    owner = await broker.accounts.ensure_owner()
    engine = await open_database(broker.config.url_of_database())
    row = {
        "tenant_id": owner.tenant_id, "player_id": owner.player_id, "title_id": release.title_id,
        "title_version": release.version, "state": "ended", "reason": str(reason), "detail": "last\nwords",
        "epoch": 1,
        "created_at_ms": wall_ms() - 1000, "changed_at_ms": wall_ms(), "ended_at_ms": wall_ms(),
    }  # fmt: skip
    async with engine.begin() as connection:
        for _ in range(sessions):
            session_id = f"ses_{os.urandom(12).hex()}"
            await connection.execute(insert(tables.session).values({**row, "id": session_id}))
            if figures is not None:
                event = {"tenant_id": owner.tenant_id, "session_id": session_id, "event": "performance"}
                data = {"happened_at_ms": wall_ms(), "data": dict(figures)}
                await connection.execute(insert(tables.session_event).values({**event, **data}))
    await engine.dispose()


async def test_a_version_whose_sessions_break_the_rules_is_blocked_until_it_is_approved(tmp_path: Path) -> None:
    async with api(replace(broker_config(tmp_path), violations_max=2)) as (broker, client):
        await sign_in(broker, client)
        release, other = await publish_whole(client), await publish_whole(client, version="1.1.0")

        async def told(version: Release) -> tuple[bool, int]:
            await broker.publishing.refresh()
            rows = (await client.get("/api/v1/releases")).json()["releases"]
            return next((r["blocked"], r["violations"]) for r in rows if r["version"] == version.version)

        await break_rules(broker, other, 2)
        await break_rules(broker, other, 9, Reason.TITLE_MEMORY)
        assert await told(other) == (False, 2)
        started = await client.post("/api/v1/sessions", json={"title_id": "chess"})
        await break_rules(broker, other, 1)
        assert await told(other) == (True, 3)
        assert await told(release) == (False, 0)
        ended = (await client.get(f"/api/v1/sessions/{started.json()['session_id']}")).json()
        assert (ended["state"], ended["reason"]) == ("ended", "title_blocked")
        assert "chess" not in await library(client)
        assert (await client.post(f"/api/v1/archives/{other.archive_sha256}/approval")).status_code == 204
        assert await told(other) == (False, 0)
        assert (await library(client))["chess"] == "1.1.0"


async def test_a_broker_that_is_alone_blocks_such_a_version_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_broker.io.publishing, "FOLLOW_EVERY_S", 0.01)
    async with api(replace(broker_config(tmp_path), violations_max=0)) as (broker, client):
        await sign_in(broker, client)
        await break_rules(broker, await publish_whole(client), 1)

        async def blocked() -> bool:
            return "chess" not in await library(client)

        await until(blocked, 10, "it is blocked")


async def test_a_publisher_reads_how_the_sessions_of_their_title_did(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        release, newer = await publish_whole(client), await publish_whole(client, version="1.1.0")
        path = "/api/v1/releases/chess/reports"
        assert (await client.get(path)).json() == {"versions": [], "crashes": [], "sessions": []}
        await break_rules(broker, release, 2, Reason.ENDED_BY_PLAYER, {"samples": 3, "fps_mean": 59.5})
        await break_rules(broker, newer, 1, Reason.TITLE_CRASHED)
        told = (await client.get(path)).json()
        second, first = told["versions"]
        assert (second["version"], second["sessions"], second["ends"]) == ("1.1.0", 1, {"title_crashed": 1})
        assert (first["version"], first["sessions"], first["ends"]) == ("1.0.0", 2, {"ended_by_player": 2})
        assert 2.0 <= first["played_s"] < 3.0
        (crash,) = told["crashes"]
        assert (crash["version"], crash["reason"], crash["last_words"]) == ("1.1.0", "title_crashed", "last\nwords")
        figures = sorted((row["version"], row["figures"]) for row in told["sessions"])
        assert figures == [("1.0.0", {"samples": 3, "fps_mean": 59.5})] * 2 + [("1.1.0", {})]
        assert "plr_" not in json.dumps(told), "nobody learns who played"
        assert reason_of(await client.get("/api/v1/releases/nothing/reports"))[1] == "not_found"
        async with developer(broker) as other:
            assert reason_of(await other.get(path))[1] == "forbidden"


async def test_a_runtime_is_published_with_a_title_that_names_it(tmp_path: Path) -> None:
    runtime = runtime_archive()
    pin = pin_of(runtime)
    data = archive_on(pin)
    release = release_of(data)
    config = broker_config(tmp_path)
    async with api(config) as (broker, client):
        await sign_in(broker, client)
        await send(client, data)
        refused = await publish(client, release)
        assert reason_of(refused) == (404, "not_found")
        assert "upload the archive of its runtime lamps 1.0.0 first" in refused.text
        assert reason_of(await client.get(f"/api/v1/runtimes/{pin.sha256}")) == (404, "not_found")
        assert (await client.put(f"/api/v1/archives/{pin.sha256}", content=runtime)).status_code == 204
        known = (await client.get(f"/api/v1/runtimes/{pin.sha256}")).json()
        assert known == {"name": "lamps", "version": "1.0.0", "archive_bytes": len(runtime)}
        assert (await publish(client, release)).status_code == 201
        assert (await client.post("/api/v1/sessions", json={"title_id": "chess"})).status_code == 201
        (session,) = broker.runner.coordinator.live_sessions()
        fetched = {release.archive_sha256: len(data), pin.sha256: len(runtime)}
        assert session.title.fetched() == fetched
        await publish_whole(client, version="1.1.0")
    async with api(config) as (broker, client):
        await sign_in(broker, client)
        (session,) = broker.runner.coordinator.live_sessions()
        assert session.title.fetched() == fetched, "of a version that is offered no more"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": "2.0.0"}, "runtime.sha256 is that of lamps 1.0.0, and title.toml names lamps 2.0.0"),
        ({"archive_bytes": 7}, "runtime.bytes is 7, and the archive of lamps 1.0.0 has"),
    ],
)
async def test_a_title_that_names_its_runtime_wrongly_is_refused(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    runtime = runtime_archive()
    pin = replace(pin_of(runtime), **change)
    data = archive_on(pin)
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        await send(client, data)
        assert (await client.put(f"/api/v1/archives/{pin.sha256}", content=runtime)).status_code == 204
        refused = await publish(client, release_of(data))
        assert (reason_of(refused)[1], words in refused.text) == ("bad_archive", True), refused.text


async def test_a_blocked_runtime_stops_every_title_on_it(tmp_path: Path) -> None:
    runtime = runtime_archive()
    pin = pin_of(runtime)
    data = archive_on(pin)
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        await client.put(f"/api/v1/archives/{pin.sha256}", content=runtime)
        await send(client, data)
        await publish(client, release_of(data))
        await client.post("/api/v1/sessions", json={"title_id": "chess"})
        assert (await client.post(f"/api/v1/archives/{pin.sha256}/block")).status_code == 204
        assert "chess" not in await library(client)
        assert list(broker.runner.coordinator.live_sessions()) == []
        again = archive_on(pin, version="1.1.0")
        await send(client, again)
        refused = await publish(client, release_of(again, version="1.1.0"))
        assert (reason_of(refused)[1], "blocked its runtime lamps 1.0.0" in refused.text) == ("title_blocked", True)
        assert (await client.post(f"/api/v1/archives/{pin.sha256}/approval")).status_code == 204
        assert "chess" in await library(client)


async def test_a_runtime_is_no_title(tmp_path: Path) -> None:
    runtime = runtime_archive()
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        await send(client, runtime)
        refused = await publish(client, release_of(runtime))
        assert reason_of(refused) == (404, "not_found")
        broken = runtime_archive(toml=b"runtime = 1\n")
        assert reason_of(await send(client, broken))[1] == "malformed"


async def test_a_session_that_an_earlier_farplay_stored_is_read(tmp_path: Path) -> None:
    config = broker_config(tmp_path)
    async with api(config) as (broker, client):
        await sign_in(broker, client)
        await publish_whole(client)
        await client.post("/api/v1/sessions", json={"title_id": "chess"})
        await publish_whole(client, version="1.1.0")
    engine, table = await open_database(config.url_of_database()), tables.title_version
    async with engine.begin() as connection:
        row = (await connection.execute(select(table).where(table.c.title_id == "chess"))).first()
        assert row is not None
        earlier = {key: value for key, value in row.manifest.items() if key != "runtime"} | {"runtime_packages": []}
        await connection.execute(update(table).where(table.c.title_id == "chess").values(manifest=earlier))
    await engine.dispose()
    async with api(config) as (broker, _):
        (kept,) = broker.runner.coordinator.live_sessions()
        assert (kept.title.version, len(kept.title.fetched())) == ("1.0.0", 1)
