"""Devices over HTTP: links that add one, the list, signing out; cookies and headers over TLS; the trust routes."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, select, text

from farplay.certificates import HostNames
from farplay.local_ca import keep_local_certificate
from session_broker.config import BrokerConfig, TlsConfig
from session_broker.core.device_label import BrowserKind, DeviceLabel, SystemKind, label_of
from session_broker.core.reach import Reach, base_for_devices
from session_broker.core.sign_in import DEVICE_LINKS_MAX
from session_broker.io import tables
from session_broker.io.app import create_app, create_trust_app
from session_broker.io.broker import Broker, open_broker
from session_broker.io.clock import wall_ms
from session_broker.io.database import MIGRATIONS_DIR, migrate, open_database
from tests.support.live_broker import broker_config
from web_client import STATIC_DIR

HERE, LAN = "http://localhost:8080", "https://192.168.1.5:8443"
REACH = Reach(LAN, "http://192.168.1.5:8480/trust")
PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@contextlib.asynccontextmanager
async def opened(folder: Path, reach: Reach | None = REACH, **changes: Any) -> AsyncIterator[Broker]:
    config = broker_config(folder, allowed_hosts=("192.168.1.5",), **changes)
    async with open_broker(config, 8080, reach) as broker:
        yield broker


def client(broker: Broker, base: str = HERE, agent: str = LAPTOP, *, trust: bool = False) -> httpx.AsyncClient:
    app = create_trust_app(broker) if trust else create_app(broker)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"User-Agent": agent, "Origin": base}
    return httpx.AsyncClient(transport=transport, base_url=base, headers=headers)


async def sign_in(tab: httpx.AsyncClient, token: str) -> httpx.Response:
    answer = await tab.post("/api/v1/sign-in/link", json={"token": token})
    assert answer.status_code == 204, answer.text
    return answer


def own_tls(folder: Path, *, real: bool = False) -> TlsConfig:
    names = HostNames(("localhost",), (ip_address("127.0.0.1"),))
    made = keep_local_certificate(folder / "tls", names, names.addresses[0], datetime.now(UTC))
    return TlsConfig(made.certificate_file, made.key_file, "192.168.1.5", ca_file=None if real else made.ca_file)


async def test_a_link_adds_a_device_once_and_the_list_shows_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as broker, client(broker) as laptop, client(broker, LAN, PHONE) as phone:
        await sign_in(laptop, broker.owner_token)
        link = (await laptop.post("/api/v1/device-links", json={})).json()
        assert link["url"].startswith(f"{LAN}/#owner=")
        assert 0 < link["expires_in_s"] <= 300
        assert {len(row) for row in link["qr"]} == {len(link["qr"])}
        path = f"/api/v1/device-links/{link['link_id']}"
        assert (await laptop.get(path)).json() == {"state": "open"}
        token = link["url"].partition("#owner=")[2]
        await sign_in(phone, token)
        assert (await laptop.get(path)).json() == {"state": "used"}
        again = await phone.post("/api/v1/sign-in/link", json={"token": token})
        assert again.json()["reason"] == "link_used"
        listed = (await phone.get("/api/v1/devices")).json()
        shown = {(each["browser"], each["system"], each["current"]) for each in listed["devices"]}
        assert shown == {("chrome", "android", True), ("firefox", "linux", False)}
        assert all(each["seen_s_ago"] < 60 for each in listed["devices"])
        assert listed["reachable"]
        assert listed["trust"]["text"] == REACH.trust_url


async def test_a_device_signs_another_one_out(tmp_path: Path) -> None:
    async with opened(tmp_path) as broker, client(broker) as laptop, client(broker, LAN, PHONE) as phone:
        await sign_in(laptop, broker.owner_token)
        await sign_in(phone, broker.device_token)
        devices = (await laptop.get("/api/v1/devices")).json()["devices"]
        (other,) = [each["device_id"] for each in devices if not each["current"]]
        assert (await laptop.delete(f"/api/v1/devices/{other}")).status_code == 204
        assert (await phone.get("/api/v1/me")).json()["reason"] == "not_signed_in"
        assert (await laptop.delete(f"/api/v1/devices/{other}")).json()["reason"] == "not_found"
        (mine,) = (await laptop.get("/api/v1/devices")).json()["devices"]
        answer = await laptop.delete(f"/api/v1/devices/{mine['device_id']}")
        assert f'{broker.cookie_name}=""' in answer.headers["set-cookie"]
        assert (await laptop.get("/api/v1/me")).status_code == 401


async def test_signing_in_again_is_still_one_device(tmp_path: Path) -> None:
    async with opened(tmp_path) as broker, client(broker) as laptop:
        await sign_in(laptop, broker.owner_token)
        await sign_in(laptop, broker.device_token)
        assert len((await laptop.get("/api/v1/devices")).json()["devices"]) == 1


async def test_another_players_devices_and_links_are_out_of_reach(tmp_path: Path) -> None:
    async with opened(tmp_path) as broker, client(broker) as mine, client(broker) as other:
        await sign_in(mine, broker.owner_token)
        await sign_in(other, broker.device_token)
        link = (await mine.post("/api/v1/device-links", json={})).json()
        devices = (await mine.get("/api/v1/devices")).json()["devices"]
        (my_id,) = [each["device_id"] for each in devices if each["current"]]
        (other_id,) = [each["device_id"] for each in devices if not each["current"]]
        await give_to_a_stranger(broker, other_id)
        assert [each["device_id"] for each in (await other.get("/api/v1/devices")).json()["devices"]] == [other_id]
        assert (await other.delete(f"/api/v1/devices/{my_id}")).json()["reason"] == "not_found"
        path = f"/api/v1/device-links/{link['link_id']}"
        assert (await other.get(path)).json() == {"state": "expired"}
        await other.delete(path)
        assert (await mine.get(path)).json() == {"state": "open"}


async def give_to_a_stranger(broker: Broker, device_id: str) -> None:
    engine = await open_database(broker.config.url_of_database())
    async with engine.begin() as connection:
        tenant_id = (await connection.execute(select(tables.tenant.c.id))).scalar_one()
        stranger = {"id": "plr_stranger", "tenant_id": tenant_id, "roles": ["player"], "created_at_ms": 0}
        await connection.execute(tables.player.insert().values(stranger))
        whose = tables.browser_session.update().where(tables.browser_session.c.id == device_id)
        await connection.execute(whose.values(player_id="plr_stranger"))
    await engine.dispose()


async def test_a_withdrawn_link_is_worth_nothing_and_open_ones_are_bounded(tmp_path: Path) -> None:
    async with opened(tmp_path) as broker, client(broker) as laptop, client(broker, LAN) as phone:
        await sign_in(laptop, broker.owner_token)
        link = (await laptop.post("/api/v1/device-links", json={})).json()
        path = f"/api/v1/device-links/{link['link_id']}"
        assert (await laptop.delete(path)).status_code == 204
        token = link["url"].partition("#owner=")[2]
        answer = await phone.post("/api/v1/sign-in/link", json={"token": token})
        assert answer.json()["reason"] == "link_expired"
        made = [await laptop.post("/api/v1/device-links", json={}) for _ in range(DEVICE_LINKS_MAX)]
        assert made[0].status_code == 201
        assert made[-1].json()["reason"] == "too_many"
        assert (await laptop.get("/api/v1/device-links/nonsense")).json()["reason"] == "malformed"


async def test_without_lan_no_device_can_be_added(tmp_path: Path) -> None:
    async with opened(tmp_path, None) as broker, client(broker) as laptop:
        assert broker.device_token == ""
        await sign_in(laptop, broker.owner_token)
        listed = (await laptop.get("/api/v1/devices")).json()
        assert (listed["reachable"], listed["trust"]) == (False, None)
        answer = await laptop.post("/api/v1/device-links", json={})
        assert answer.json()["reason"] == "bad_state"
        assert "farplay up --lan" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("origin", "host", "reach", "base"),
    [
        ("http://localhost:8080", "localhost:8080", REACH, LAN),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", None, None),
        ("http://[::1]:8080", "[::1]:8080", REACH, LAN),
        ("https://den.local:8443", "den.local:8443", REACH, "https://den.local:8443"),
        ("https://play.example.org", "play.example.org", None, "https://play.example.org"),
        (None, "192.168.1.5:8443", REACH, LAN),
    ],
)
def test_links_for_devices_carry_an_address_that_they_reach(
    origin: str | None, host: str, reach: Reach | None, base: str | None
) -> None:
    assert base_for_devices(origin, host, reach) == base


async def test_what_a_browser_says_of_itself_is_not_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as broker, client(broker, agent="Chrome/1 Secretive-Phone-Model-X9") as tab:
        await sign_in(tab, broker.owner_token)
        assert b"Secretive" not in database_bytes(tmp_path)


def database_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("broker.sqlite3*"))


async def test_when_a_device_was_seen_is_noted_to_the_minute(tmp_path: Path) -> None:
    async with opened(tmp_path) as broker, client(broker) as tab:
        await sign_in(tab, broker.owner_token)
        engine = await open_database(broker.config.url_of_database())
        for ago_ms, noted in ((30_000, False), (61_000, True)):
            at_ms = wall_ms() - ago_ms
            async with engine.begin() as connection:
                await connection.execute(tables.browser_session.update().values(seen_at_ms=at_ms))
            await tab.get("/api/v1/me")
            async with engine.connect() as connection:
                seen = (await connection.execute(select(tables.browser_session.c.seen_at_ms))).scalar_one()
            assert (seen != at_ms) is noted
        await engine.dispose()


async def test_over_tls_the_cookie_is_bound_to_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as broker, client(broker, LAN) as phone:
        cookie = (await sign_in(phone, broker.owner_token)).headers["set-cookie"].lower()
        assert cookie.startswith(f"__host-{broker.cookie_name}=")
        assert {"secure", "httponly", "path=/", "samesite=strict"} <= {part.strip() for part in cookie.split(";")}
        assert "domain" not in cookie
        assert (await phone.get("/api/v1/me")).status_code == 200
        gone = await phone.post("/api/v1/sign-out")
        assert "secure" in gone.headers["set-cookie"].lower()


async def test_only_a_trusted_certificate_makes_browsers_insist_on_https(tmp_path: Path) -> None:
    for real, base, told in ((True, LAN, True), (True, HERE, False), (False, LAN, False)):
        async with opened(tmp_path, tls=own_tls(tmp_path, real=real)) as broker, client(broker, base) as tab:
            assert ("strict-transport-security" in (await tab.get("/")).headers) is told


async def test_the_plain_port_explains_and_leads_to_the_pages(tmp_path: Path) -> None:
    plain = "http://192.168.1.5:8480"
    tls = own_tls(tmp_path)
    async with opened(tmp_path, tls=tls, static_dir=STATIC_DIR) as broker, client(broker, plain, trust=True) as tab:
        page = await tab.get("/trust")
        assert page.status_code == 200
        assert f" {LAN};" in page.headers["content-security-policy"]
        assert "cross-origin-opener-policy" not in page.headers
        assert (await tab.get("/static/trust_page.js")).status_code == 200
        told = (await tab.get("/api/v1/trust")).json()
        authority = await tab.get("/farplay-ca.crt")
        assert authority.headers["content-type"] == "application/x-x509-ca-cert"
        assert tls.ca_file is not None
        assert authority.content == ssl.PEM_cert_to_DER_cert(tls.ca_file.read_text())
        assert told["https_url"] == LAN
        assert len(told["sha256"]) == 95
        for path, place in (("/", f"{LAN}/"), ("/play/duel?ask=1", f"{LAN}/play/duel?ask=1")):
            answer = await tab.get(path)
            assert (answer.status_code, answer.headers["location"]) == (307, place)
        assert (await tab.get("/", headers={"host": "evil.example"})).status_code == 421
        for answer in (
            await tab.post("/api/v1/sign-in/link", json={"token": broker.owner_token}),
            await tab.delete("/api/v1/devices/x"),
        ):
            assert answer.status_code == 405
            assert "set-cookie" not in answer.headers


async def test_the_trust_page_of_this_computer_may_ask_the_networks_address_too(tmp_path: Path) -> None:
    async with opened(tmp_path, tls=own_tls(tmp_path), static_dir=STATIC_DIR) as broker, client(broker) as tab:
        assert f" {LAN};" in (await tab.get("/trust")).headers["content-security-policy"]


async def test_where_there_is_nothing_to_trust(tmp_path: Path) -> None:
    async with opened(tmp_path, None) as broker, client(broker) as tab:
        for path in ("/api/v1/trust", "/farplay-ca.crt"):
            assert (await tab.get(path)).json()["reason"] == "not_found"
        check = await tab.get("/api/v1/trust/check")
        assert (check.status_code, check.headers["cross-origin-resource-policy"]) == (204, "cross-origin")


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        (PHONE, DeviceLabel(BrowserKind.CHROME, SystemKind.ANDROID)),
        (LAPTOP, DeviceLabel(BrowserKind.FIREFOX, SystemKind.LINUX)),
        (f"{PHONE} EdgA/140.0", DeviceLabel(BrowserKind.EDGE, SystemKind.ANDROID)),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1",
            DeviceLabel(BrowserKind.SAFARI, SystemKind.IPHONE),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/140.0 Safari/604.1",
            DeviceLabel(BrowserKind.CHROME, SystemKind.IPHONE),
        ),
        (
            "Mozilla/5.0 (Linux; Tizen 9; SMART-TV) AppleWebKit/537 SamsungBrowser/6.0 Chrome/120.0 Safari/537.36",
            DeviceLabel(BrowserKind.SAMSUNG, SystemKind.TV),
        ),
        ("curl/8", DeviceLabel(BrowserKind.OTHER, SystemKind.OTHER)),
        ("", DeviceLabel(BrowserKind.OTHER, SystemKind.OTHER)),
    ],
)
def test_devices_are_told_apart(agent: str, label: DeviceLabel) -> None:
    assert label_of(agent) == label


def test_the_pages_have_words_for_every_kind_of_device() -> None:
    strings = (STATIC_DIR / "strings" / "en.js").read_text()
    for key in [f"browser.{kind}" for kind in BrowserKind] + [f"system.{kind}" for kind in SystemKind]:
        assert f'"{key}":' in strings


def test_browsers_that_were_signed_in_before_stay_so(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    with engine.begin() as connection:
        _upgrade(connection, "0001")
        connection.execute(text("INSERT INTO tenant VALUES ('ten_a', 'default', 1)"))
        connection.execute(text("INSERT INTO player VALUES ('plr_a', 'ten_a', '[]', 1)"))
        for token in ("aa", "bb"):
            row = f"INSERT INTO browser_session VALUES ('{token}', 'ten_a', 'plr_a', 5, 9)"
            connection.execute(text(row))
    with engine.begin() as connection:
        migrate(connection)
        rows = connection.execute(select(tables.browser_session)).all()
    engine.dispose()
    assert [(row.token_sha256, row.seen_at_ms) for row in rows] == [("aa", 5), ("bb", 5)]
    assert len({row.id for row in rows}) == 2
    assert all(row.id.startswith("dev_") for row in rows)


def _upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_DIR))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def test_a_config_with_tls_lists_its_name(tmp_path: Path) -> None:
    tls = TlsConfig(tmp_path / "c", tmp_path / "k", "fd00::5")
    assert "[fd00::5]" in BrokerConfig(tmp_path, tls=tls).host_names()
