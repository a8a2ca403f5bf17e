"""The catalogue over HTTP: what a title says of itself, whether it can start, what was played; its artwork."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from session_broker.config import BrokerConfig
from session_broker.core.effects import LinkKey
from session_broker.io.broker import Broker
from tests.support.broker_api import api, reason_of, sign_in
from tests.support.live_broker import broker_config
from title_archive.artwork import ARTWORK_MAX_BYTES
from wire.node_control import CachedTitle, NodeCapacity, NodeHello
from wire.title_about import Control, TitleAbout
from wire.title_manifest import InstalledTitle, TitleManifest
from wire.version import PROTOCOL_MAX, ProtocolRange

PNG = b"\x89PNG\r\n\x1a\n the rest"
ABOUT = TitleAbout(
    summary={"en": "Two ships", "zh": "双船"},
    artwork="art/card.png",
    devices=("keyboard", "pad"),
    controls=(Control({"en": "Turn"}, {"keyboard": {"en": "A D"}}),),
    memory_mib=64,
)


def config_of(folder: Path, about: TitleAbout = ABOUT) -> BrokerConfig:
    title_folder = folder / "title"
    (title_folder / "art").mkdir(parents=True)
    (title_folder / "art" / "card.png").write_bytes(PNG)
    manifest = TitleManifest("duel", "2.1.0", "pygame", "main.py", {"en": "Duel"}, players_max=2, about=about)
    return broker_config(folder, titles=(InstalledTitle(manifest, str(title_folder)),))


async def duel(client: httpx.AsyncClient) -> dict[str, object]:
    (title,) = (await client.get("/api/v1/titles")).json()["titles"]
    assert isinstance(title, dict)
    return title


async def node_joins(broker: Broker) -> None:
    capacity = NodeCapacity(1, 2, 1 << 30, 5.0, ("libx264",))
    hello = NodeHello(ProtocolRange(), "n", capacity, (CachedTitle("duel", "2.1.0"),), ())
    enrolled = await broker.accounts.enrol_node("enrolment-token-of-the-tests", "n")
    await broker.replicas.bring_home(enrolled.node_id)
    coordinator = broker.runner.coordinator
    await broker.runner.run(
        lambda now: coordinator.node_joined(
            LinkKey(1), enrolled.node_id, hello, protocol=PROTOCOL_MAX, key=None, now=now
        )
    )


async def test_a_title_as_the_library_shows_it(tmp_path: Path) -> None:
    async with api(config_of(tmp_path)) as (broker, client):
        assert reason_of(await client.get("/api/v1/titles")) == (401, "not_signed_in")
        await sign_in(broker, client)
        assert await duel(client) == {
            "id": "duel", "version": "2.1.0", "kind": "pygame", "names": {"en": "Duel"},
            "summary": {"en": "Two ships", "zh": "双船"},
            "artwork_url": "/api/v1/titles/duel/artwork?v=2.1.0",
            "picture": {"width": 1280, "height": 720, "fps": 60}, "players": {"min": 1, "max": 2},
            "devices": ["keyboard", "pad"],
            "controls": [{"action": {"en": "Turn"}, "by_device": {"keyboard": {"en": "A D"}}}],
            "touch": {"mode": "pointer", "controls": ["left_stick", "a", "b"]},
            "needs": {"memory_mib": 64, "memory_met": None, "gpu": False, "gpu_met": None},
            "availability": {"can_start": False, "reason": "no_node"},
            "session": None, "last_played_ms": None,
        }  # fmt: skip


async def test_a_session_tells_how_its_title_is_played(tmp_path: Path) -> None:
    async with api(config_of(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        session = (await client.post("/api/v1/sessions", json={"title_id": "duel"})).json()["session_id"]
        whole = await duel(client)
        told = {name: whole[name] for name in ("id", "names", "devices", "controls", "touch")}
        assert (await client.get(f"/api/v1/sessions/{session}/title")).json() == told


async def test_availability_and_play_follow_the_fleet(tmp_path: Path) -> None:
    async with api(config_of(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        waiting = (await client.post("/api/v1/sessions", json={"title_id": "duel"})).json()["session_id"]
        title = await duel(client)
        assert title["session"] == {"session_id": waiting, "state": "queued"}
        assert title["last_played_ms"] is None, "it never got a node"
        await client.delete(f"/api/v1/sessions/{waiting}")
        assert (await duel(client))["session"] is None

        await node_joins(broker)
        assert (await duel(client))["availability"] == {"can_start": True, "reason": None}
        placed = (await client.post("/api/v1/sessions", json={"title_id": "duel"})).json()["session_id"]
        title = await duel(client)
        now_ms = (await client.get("/api/v1/titles")).json()["now_ms"]
        assert title["availability"] == {"can_start": False, "reason": "no_room"}
        assert title["session"] == {"session_id": placed, "state": "starting"}
        assert isinstance(title["last_played_ms"], int)
        assert 0 <= now_ms - title["last_played_ms"] < 10_000
        await client.delete(f"/api/v1/sessions/{placed}")
        title = await duel(client)
        assert title["session"] is None, "one that is ending cannot be gone on with"
        assert title["last_played_ms"] is not None


async def test_artwork_is_served_by_its_content_and_revalidates(tmp_path: Path) -> None:
    async with api(config_of(tmp_path)) as (broker, client):
        path = "/api/v1/titles/duel/artwork"
        assert reason_of(await client.get(path)) == (401, "not_signed_in")
        await sign_in(broker, client)
        card = tmp_path / "title" / "art" / "card.png"
        for content, media_type in (
            (PNG, "image/png"), (b"\xff\xd8\xff\xe0 jpeg", "image/jpeg"), (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp")
        ):  # fmt: skip
            card.write_bytes(content)
            answer = await client.get(path)
            assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, content, media_type)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"].startswith("private, max-age=")
            again = await client.get(path, headers={"if-none-match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        card.write_bytes(b"RIFF\0\0\0\0WAVE")
        assert reason_of(await client.get(path)) == (404, "not_found")
        assert reason_of(await client.get("/api/v1/titles/nope/artwork")) == (404, "unknown_title")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "art/none.png",
        "../secret.png",
        "art/link.png",
        "linked/secret.png",
        "art/pipe.png",
        "art/large.png",
        "art",
        "art/script.png",
        "a" * 300 + ".png",
    ],
)
async def test_nothing_but_a_picture_inside_the_folder_is_served(tmp_path: Path, name: str) -> None:
    config = config_of(tmp_path, replace(ABOUT, artwork=name))
    outside, art = tmp_path / "outside", tmp_path / "title" / "art"
    outside.mkdir()
    for secret in (outside / "secret.png", tmp_path / "secret.png"):
        secret.write_bytes(PNG)
    (art / "link.png").symlink_to(outside / "secret.png")
    (tmp_path / "title" / "linked").symlink_to(outside)
    os.mkfifo(art / "pipe.png")
    (art / "large.png").write_bytes(PNG + bytes(ARTWORK_MAX_BYTES))
    (art / "script.png").write_bytes(b"<svg onload='alert(1)'>")
    async with api(config) as (broker, client):
        await sign_in(broker, client)
        assert reason_of(await client.get("/api/v1/titles/duel/artwork")) == (404, "not_found")


async def test_a_link_that_stays_inside_the_folder_is_followed(tmp_path: Path) -> None:
    config = config_of(tmp_path, replace(ABOUT, artwork="art/other.png"))
    (tmp_path / "title" / "art" / "other.png").symlink_to("card.png")
    async with api(config) as (broker, client):
        await sign_in(broker, client)
        assert (await client.get("/api/v1/titles/duel/artwork")).content == PNG
