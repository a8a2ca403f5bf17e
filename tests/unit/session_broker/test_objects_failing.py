"""An object store that fails: what was asked for is told as "try again", and nothing is there by half."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from session_broker.io import objects, title_checks
from session_broker.io.objects import NoSuchObject, Objects, ObjectsUnavailable
from tests.support.broker_api import api, reason_of, sign_in
from tests.support.check_stand import stand
from tests.support.failing_store import URL, FailingStore, failing_store
from tests.support.live_broker import broker_config
from tests.support.published_title import archive_on, pin_of, release_of, runtime_archive
from tests.unit.session_broker.test_releases_api import library, publish, send

TRIES = 200
"""More than a client that tries again ever needs where half of the calls fail."""


@pytest.fixture(autouse=True)
def asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every fault come through to whoever asked."""
    monkeypatch.setattr(objects, "TRIES_MAX", 0)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingStore]:
    with failing_store(monkeypatch) as made:
        yield made


async def in_the_end(call: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """Ask again for as long as the broker says so."""
    for _ in range(TRIES):
        answer = await call()
        if answer.status_code != 503:
            return answer
        assert reason_of(answer) == (503, "internal")
        assert answer.headers["retry-after"] == "2"
    raise AssertionError("it never passes")


@pytest.mark.parametrize(("status", "words"), [(500, "does not answer"), (403, "does not let this server in")])
async def test_every_call_says_so(store: FailingStore, tmp_path: Path, status: int, words: str) -> None:
    kept = Objects(URL, tmp_path)
    await kept.create("archives/a", b"first")
    store.fail(status)
    for call in (
        kept.read("archives/a"), kept.size("archives/a"), kept.stream("archives/a"), kept.create("archives/b", b""),
        kept.remove("archives/a"),
    ):  # fmt: skip
        with pytest.raises(ObjectsUnavailable, match=words):
            await call
    store.recover()
    assert await kept.read("archives/a") == b"first"
    with pytest.raises(NoSuchObject):
        await kept.read("archives/b")


async def test_a_stream_that_breaks_off_does_not_end_as_if_it_were_whole(store: FailingStore, tmp_path: Path) -> None:
    kept = Objects(URL, tmp_path)
    await kept.create("archives/a", b"0123456789")
    store.breaks_off = True
    pieces = await kept.stream("archives/a")
    with pytest.raises(ObjectsUnavailable):
        [piece async for piece in pieces]


async def test_a_store_that_fails_for_a_moment_is_asked_again(
    store: FailingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "TRIES_MAX", 3)
    kept = Objects(URL, tmp_path)
    store.fail_half()
    await kept.create("archives/a", b"first")
    assert store.objects == {"/bucket/prefix/archives/a": b"first"}


async def test_where_half_of_all_calls_fail_a_title_is_published_fetched_and_withdrawn_all_the_same(
    store: FailingStore, tmp_path: Path
) -> None:
    runtime = runtime_archive()
    title = archive_on(pin_of(runtime))
    release = release_of(title)
    async with api(broker_config(tmp_path, objects_url=URL)) as (broker, client):
        await sign_in(broker, client)
        node = await broker.accounts.enrol_node("enrolment-token-of-the-tests", "node")
        key = {"Authorization": f"Bearer {node.node_id}:{node.new_key}"}
        chance = random.Random(3)
        store.fault = lambda _path: 500 * (chance.random() < 0.5)
        for data in (runtime, title):
            assert (await in_the_end(partial(send, client, data))).status_code == 204
        assert (await in_the_end(lambda: publish(client, release))).status_code == 201
        assert (await library(client))["chess"] == "1.0.0"
        art = await in_the_end(lambda: client.get("/api/v1/titles/chess/artwork"))
        assert art.headers["content-type"] == "image/png"
        path = f"/api/v1/archives/{release.archive_sha256}"
        assert (await in_the_end(lambda: client.get(path, headers=key))).content == title
        made = await client.post("/api/v1/sessions", json={"title_id": "chess"})
        again = await client.post("/api/v1/sessions", json={"title_id": "chess"})
        assert made.json()["session_id"] == again.json()["session_id"]
        withdrawn = await client.post("/api/v1/releases/chess/1.0.0/withdrawal")
        assert withdrawn.status_code == 204, "that asks the store for nothing"
        assert len(store.objects) == 5, "two archives, what they say of themselves, and a picture: each once"
        assert list((tmp_path / "uploads").iterdir()) == []


async def test_what_the_store_has_not_answered_is_not_taken_for_missing(store: FailingStore, tmp_path: Path) -> None:
    runtime = runtime_archive()
    title = archive_on(pin_of(runtime))
    async with api(broker_config(tmp_path, objects_url=URL)) as (broker, client):
        await sign_in(broker, client)
        store.fail(500)
        assert reason_of(await send(client, title)) == (503, "internal")
        store.recover()
        assert reason_of(await publish(client, release_of(title)))[0] == 404, "its archive was not taken"
        for data in (runtime, title):
            assert (await send(client, data)).status_code == 204
        for part in ("manifests", "runtimes"):
            store.fail(500, f"/{part}/")
            refused = await publish(client, release_of(title))
            assert reason_of(refused) == (503, "internal"), part
        store.recover()
        assert "chess" not in await library(client)
        assert (await publish(client, release_of(title))).status_code == 201


async def test_a_check_waits_until_the_store_answers(
    store: FailingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(title_checks, "LOOK_S", 3600.0)
    async with stand(tmp_path, objects_url=URL) as at:
        where = await at.asked()
        store.fail(500)
        with pytest.raises(ObjectsUnavailable):
            await at.look()
        assert (await at.see(where))["state"] == "queued"
        store.recover()
        await at.look()
        assert (await at.see(where))["state"] == "running"
