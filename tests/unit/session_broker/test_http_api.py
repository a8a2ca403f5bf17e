"""The HTTP API without a server: sign-in, sessions, problems, pages, the gate."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from session_broker.io import tables
from session_broker.io.clock import wall_ms
from session_broker.io.database import open_database
from tests.support.broker_api import api, database_bytes, reason_of, sign_in
from tests.support.live_broker import ENROLMENT_TOKEN, broker_config
from web_client import STATIC_DIR
from wire.errors import WireError


async def test_a_link_signs_in_once_with_a_strict_cookie(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        assert reason_of(await client.get("/api/v1/me")) == (401, "not_signed_in")
        answer = await sign_in(broker, client)
        assert answer.status_code == 204
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        me = (await client.get("/api/v1/me")).json()
        assert me["roles"] == ["owner", "operator", "developer", "player"]
        assert reason_of(await sign_in(broker, client)) == (410, "link_used")
        unknown = await client.post("/api/v1/sign-in/link", json={"token": "\x00never minted"})
        assert reason_of(unknown) == (410, "link_expired")


async def test_a_link_expires_and_a_sign_out_holds(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        late = await broker.accounts.mint_link(await broker.accounts.ensure_owner())
        engine = await open_database(broker.config.url_of_database())
        async with engine.begin() as connection:
            await connection.execute(tables.sign_in_link.update().values(expires_at_ms=wall_ms()))
        await engine.dispose()
        answer = await client.post("/api/v1/sign-in/link", json={"token": late})
        assert reason_of(answer) == (410, "link_expired")
        broker.owner_token = await broker.accounts.mint_link(await broker.accounts.ensure_owner())
        await sign_in(broker, client)
        stolen = dict(client.cookies)
        assert (await client.post("/api/v1/sign-out")).status_code == 204
        client.cookies.update(stolen)
        assert reason_of(await client.get("/api/v1/me")) == (401, "not_signed_in")


async def test_no_token_or_key_lies_in_the_database(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        enrolled = await broker.accounts.enrol_node("enrolment-token-of-the-tests", "n")
        cookie = client.cookies[broker.cookie_name]
        raw = database_bytes(tmp_path)
        for secret in (broker.owner_token, cookie, enrolled.new_key or "", "enrolment-token-of-the-tests"):
            assert secret
            assert secret.encode() not in raw


async def test_a_new_folder_gets_a_database_for_its_owner_alone(tmp_path: Path) -> None:
    new = tmp_path / "new"
    async with api(replace(broker_config(tmp_path), data_dir=new)) as (broker, client):
        await sign_in(broker, client)
        assert (await client.get("/api/v1/me")).status_code == 200
        assert [path for path in new.glob("broker.sqlite3*") if path.stat().st_mode & 0o077] == []


async def test_titles_and_sessions(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path, sessions_per_player=1)) as (broker, client):
        await sign_in(broker, client)
        titles = (await client.get("/api/v1/titles")).json()["titles"]
        assert [title["id"] for title in titles] == ["testcard", "duel"]
        missing = await client.post("/api/v1/sessions", json={"title_id": "nope"})
        assert reason_of(missing) == (404, "unknown_title")
        made = await client.post("/api/v1/sessions", json={"title_id": "duel"})
        assert made.json() | {"session_id": ""} == {
            "session_id": "", "title_id": "duel", "state": "queued", "created": True, "traced": False,
        }  # fmt: skip
        second = await client.post("/api/v1/sessions", json={"title_id": "testcard"})
        assert reason_of(second) == (409, "too_many_sessions")
        path = made.headers["location"]
        assert (await client.get(path)).json()["reason"] == "no_node"
        assert (await client.delete(path)).json()["state"] == "ended"
        assert (await client.delete(path)).status_code == 202
        listed = (await client.get("/api/v1/sessions")).json()["sessions"]
        assert [(s["title_name"], s["state"], s["reason"]) for s in listed] == [("Duel", "ended", "ended_by_player")]
        engine = await open_database(broker.config.url_of_database())
        async with engine.connect() as connection:
            events = list((await connection.execute(select(tables.session_event.c.event))).scalars())
        await engine.dispose()
        assert events == ["created", "placement", "ended"]


async def test_another_players_session_is_not_found(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        path = (await client.post("/api/v1/sessions", json={"title_id": "duel"})).headers["location"]
        engine = await open_database(broker.config.url_of_database())
        async with engine.begin() as connection:
            tenant_id = (await connection.execute(select(tables.tenant.c.id))).scalar_one()
            other = {"id": "plr_other", "tenant_id": tenant_id, "roles": ["player"], "created_at_ms": 0}
            await connection.execute(tables.player.insert().values(other))
            await connection.execute(tables.browser_session.update().values(player_id="plr_other"))
        await engine.dispose()
        for answer in (await client.get(path), await client.delete(path)):
            assert reason_of(answer) == (404, "unknown_session")
        assert reason_of(await client.get("/metrics")) == (403, "forbidden")
        assert (await client.get("/api/v1/sessions")).json() == {"sessions": []}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"title_id": 5}', b'{"title_id": ""}', b"\xff\xfe"])
async def test_malformed_bodies(tmp_path: Path, body: bytes) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        answer = await client.post("/api/v1/sessions", content=body, headers={"content-type": "application/json"})
        assert reason_of(answer) == (400, "malformed")


async def test_oversized_bodies_with_and_without_a_length(tmp_path: Path) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b" " * 1024

    async with api(broker_config(tmp_path)) as (_, client):
        for content in (b" " * 70_000, chunks()):
            answer = await client.post("/api/v1/sign-in/link", content=content)
            assert reason_of(answer) == (413, "too_large")


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {"host": "evil.example"}, (421, "bad_host")),
        ("GET", {"host": "localhost:8080", "origin": "http://evil.example"}, (403, "bad_origin")),
        ("POST", {"origin": "http://localhost:9999"}, (403, "bad_origin")),
        ("POST", {"origin": "null"}, (403, "bad_origin")),
        ("POST", {"sec-fetch-site": "cross-site"}, (403, "bad_origin")),
    ],
)
async def test_the_gate(tmp_path: Path, method: str, headers: dict[str, str], expected: tuple[int, str]) -> None:
    async with api(broker_config(tmp_path)) as (_, client):
        answer = await client.request(method, "/api/v1/sign-in/link", headers=headers, json={"token": "x"})
        assert reason_of(answer) == expected
        assert "default-src 'self'" in answer.headers["content-security-policy"]


async def test_listed_names_and_origins_pass(tmp_path: Path) -> None:
    config = broker_config(tmp_path, allowed_hosts=("Play.Example.org",), allowed_origins=("https://front.example",))
    async with api(config) as (_, client):
        assert (await client.get("/", headers={"host": "play.example.org"})).status_code == 200
        headers = {"origin": "https://front.example"}
        answer = await client.post("/api/v1/sign-in/link", json={"token": "x"}, headers=headers)
        assert reason_of(answer) == (410, "link_expired")


async def test_pages_carry_the_policy_and_revalidate(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (_, client):
        page = await client.get("/play/testcard", headers={"sec-fetch-site": "none"})
        assert page.status_code == 200
        assert "play.html" in page.text
        policy = page.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "connect-src 'self' ws://localhost:8080 wss://localhost:8080;" in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        script = await client.get("/static/app.js")
        assert script.headers["content-type"].startswith("text/javascript")
        assert script.headers["cache-control"] == "no-cache"
        again = await client.get("/static/app.js", headers={"if-none-match": script.headers["etag"]})
        assert again.status_code == 304


async def test_files_are_kept_for_good_at_addresses_that_change_with_their_content(tmp_path: Path) -> None:
    config = broker_config(tmp_path)
    assert config.static_dir is not None
    (config.static_dir / "index.html").write_text('<script type="module" src="/static/app.js"></script>')
    async with api(config) as (_, client):
        page = await client.get("/")
        address = re.findall(r'src="([^"]+)"', page.text)[0]
        assert page.headers["cache-control"] == "no-cache"
        assert (await client.get("/", headers={"if-none-match": page.headers["etag"]})).status_code == 304
        script = await client.get(address)
        assert script.text == "<!-- app.js -->"
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"

        (config.static_dir / "app.js").write_text("new")
        after = await client.get("/", headers={"if-none-match": page.headers["etag"]})
        renewed = re.findall(r'src="([^"]+)"', after.text)[0]
        assert (after.status_code, renewed != address) == (200, True)
        assert (await client.get(renewed)).text == "new"
        # A page that was open across the update gets today's file, but not for good under yesterday's address.
        late = await client.get(address)
        assert (late.text, late.headers["cache-control"]) == ("new", "no-cache")
        assert reason_of(await client.get(f"{address}/../../broker.sqlite3")) == (404, "not_found")


async def test_every_page_of_the_header_is_served(tmp_path: Path) -> None:
    listed = (STATIC_DIR / "core" / "site_pages.js").read_text()
    addresses = re.findall(r'href: "([^"]+)"', listed)
    assert "/" in addresses
    async with api(broker_config(tmp_path, static_dir=STATIC_DIR)) as (_, client):
        for address in addresses:
            page = await client.get(address)
            assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8"), address


async def test_a_wrong_address_is_a_page_to_a_person_and_a_problem_to_a_program(tmp_path: Path) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "if-none-match": "*"}
    async with api(broker_config(tmp_path, static_dir=STATIC_DIR)) as (_, client):
        for path in ("/nonsense", "/static/nothing.js", "/api/v1/nothing"):
            page = await client.get(path, headers=browser)
            assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
            assert "not_found.js" in page.text
            assert reason_of(await client.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["../broker.sqlite3", "%2e%2e/broker.sqlite3", "..%2fbroker.sqlite3", "nothing.js", ""]
)
async def test_nothing_outside_the_web_client_is_served(tmp_path: Path, path: str) -> None:
    async with api(broker_config(tmp_path)) as (_, client):
        assert reason_of(await client.get(f"/static/{path}")) == (404, "not_found")


async def test_play_from_another_site_asks_first(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (_, client):
        answer = await client.get("/play/testcard?x=1", headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/play/testcard?x=1&ask=1"
        asked = await client.get(answer.headers["location"], headers={"sec-fetch-site": "cross-site"})
        assert asked.status_code == 200


async def test_probes_and_metrics(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        for path in ("/healthz", "/readyz"):
            assert (await client.get(path, headers={"host": "10.0.0.7"})).status_code == 200
        assert reason_of(await client.get("/metrics")) == (401, "not_signed_in")
        wrong = await client.get("/metrics", headers={"authorization": "Bearer nope"})
        assert reason_of(wrong) == (401, "not_signed_in")
        await sign_in(broker, client)
        await client.post("/api/v1/sessions", json={"title_id": "duel"})
        for headers in ({"authorization": "Bearer m"}, {}):
            numbers = (await client.get("/metrics", headers=headers)).text
            assert 'farplay_sessions{state="queued"} 1.0' in numbers
            assert 'farplay_placements_total{result="no_node"} 1.0' in numbers
            assert 'farplay_sign_ins_total{result="ok"} 1.0' in numbers
            assert 'farplay_title_violations_total{title="duel"} 0.0' in numbers, "there before the first one"
            assert 'farplay_sessions_restarted_total{reason="node_lost"} 0.0' in numbers
            assert 'farplay_nodes{state="ready"} 0.0' in numbers
        paths = (await client.get("/api/v1/openapi.json")).json()["paths"]
        assert "/api/v1/sessions/{session_id}" in paths


async def test_a_database_that_does_not_answer_holds_news_back(tmp_path: Path, monkeypatch: Any) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        apply = broker.store.apply

        async def down(_writes: object, _posts: object) -> None:
            raise OSError("no database")

        monkeypatch.setattr(type(broker.store), "apply", staticmethod(down))
        refused = await client.post("/api/v1/sessions", json={"title_id": "duel"})
        assert reason_of(refused) == (503, "internal")
        monkeypatch.undo()
        assert broker.store.apply == apply
        made = await client.post("/api/v1/sessions", json={"title_id": "duel"})
        assert made.status_code == 200, "what the refused request began was finished"
        assert len((await client.get("/api/v1/sessions")).json()["sessions"]) == 1


async def test_a_database_that_fails_a_read_is_told_as_such(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        engine = await open_database(broker.config.url_of_database())
        async with engine.begin() as connection:
            await connection.execute(text("ALTER TABLE browser_session RENAME TO hidden"))
        await engine.dispose()
        assert reason_of(await client.get("/api/v1/me")) == (503, "internal")


async def test_a_fault_of_the_broker_is_a_problem_with_the_policy(tmp_path: Path, monkeypatch: Any) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    async with api(broker_config(tmp_path)) as (broker, client):
        await sign_in(broker, client)
        monkeypatch.setattr(broker.store, "sessions_of", fail)
        answer = await client.get("/api/v1/sessions")
        assert reason_of(answer) == (500, "internal")
        assert "secret" not in answer.text
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_the_schema_and_the_migrations_agree(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite3'}")
    async with engine.connect() as connection:
        assert (
            await connection.run_sync(
                lambda sync: compare_metadata(MigrationContext.configure(sync), tables.metadata)
            )
            == []
        )
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
    await engine.dispose()
    for table in tables.metadata.tables.values():
        assert "tenant_id" in table.c or table.name in ("tenant", "replica", "bus_message")


async def test_an_enrolment_that_was_lost_on_its_way_can_be_repeated(tmp_path: Path) -> None:
    async with api(broker_config(tmp_path)) as (broker, _):
        first = await broker.accounts.enrol_node(ENROLMENT_TOKEN, "attic")
        again = await broker.accounts.enrol_node(ENROLMENT_TOKEN, "attic")
        assert again.node_id == first.node_id
        assert again.new_key is not None
        assert (await broker.accounts.check_node(again.node_id, again.new_key)).node_id == first.node_id
        with pytest.raises(WireError):
            await broker.accounts.check_node(first.node_id, str(first.new_key))
