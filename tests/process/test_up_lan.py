"""``farplay up --lan`` as a script starts it: HTTPS that its own authority vouches for, and what leads there."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from farplay.certificates import HostNames
from farplay.failures import ExitStatus
from farplay.local_ca import keep_local_certificate
from tests.process.test_up_process import refused
from tests.support.deadlines import patient, until
from tests.support.farplay_process import ROOT, FarplayProcess

pytestmark = pytest.mark.process


def start(folder: Path, *arguments: str) -> FarplayProcess:
    """Start ``farplay up`` with HTTPS on loopback, without titles."""
    options = ["up", "--json", "--port", "0", "--lan-port", "0", "--host", "127.0.0.1", "--no-bundled"]
    return FarplayProcess([*options, "--data-dir", str(folder / "data"), *arguments], folder / "log")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lan")


@pytest.fixture(scope="module")
def up(folder: Path) -> Iterator[FarplayProcess]:
    running = start(folder, "--lan")
    yield running
    assert running.stop() == ExitStatus.OK, running.log_tail()
    assert running.left_behind() == []


@pytest.fixture
def ca_file(folder: Path) -> Path:
    return folder / "data" / "tls" / "ca.pem"


def ask(url: str, trusted: Path | None = None, *, body: dict[str, Any] | None = None) -> http.client.HTTPResponse:
    """Open an address as a strict client does, redirects included."""
    context = ssl.create_default_context(cafile=None if trusted is None else str(trusted))
    headers = {"Content-Type": "application/json"} if body is not None else {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)
    answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=patient(5.0), context=context)
    return answer


def test_serves_https_by_its_own_authority(up: FarplayProcess, ca_file: Path) -> None:
    assert set(up.ready) == {"url", "owner_url", "https_url", "device_url", "trust_url"}
    https = up.ready["https_url"]
    assert (https.startswith("https://127.0.0.1:"), up.url.startswith("http://localhost:")) == (True, True)
    assert ask(f"{https}/readyz", ca_file).status == 200
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        ask(f"{https}/readyz")
    assert ask(f"{https.replace('127.0.0.1', 'localhost')}/devices", ca_file).status == 200


def test_the_printed_link_signs_in_over_https(up: FarplayProcess, ca_file: Path) -> None:
    https, _, token = up.ready["device_url"].partition("/#owner=")
    signed_in = ask(f"{https}/api/v1/sign-in/link", ca_file, body={"token": token})
    assert signed_in.headers["Set-Cookie"].startswith("__Host-farplay_")
    assert "Secure" in signed_in.headers["Set-Cookie"]
    assert "Strict-Transport-Security" not in signed_in.headers
    assert token not in " ".join(up.command_lines())


def test_the_plain_port_gives_the_authority_and_leads_to_https(up: FarplayProcess, ca_file: Path) -> None:
    trust = up.ready["trust_url"]
    der = ask(trust.replace("/trust", "/farplay-ca.crt")).read()
    assert der == ssl.PEM_cert_to_DER_cert(ca_file.read_text())
    assert ask(trust).read().startswith(b"<!doctype html>")
    assert ask(trust.replace("/trust", "/devices"), ca_file).url == f"{up.ready['https_url']}/devices"


async def test_a_killed_broker_comes_back_at_the_same_ports(up: FarplayProcess, ca_file: Path) -> None:
    (broker,) = up.named("broker")
    broker.kill()

    async def serves() -> bool:
        try:
            answer = await asyncio.to_thread(ask, f"{up.ready['https_url']}/readyz", ca_file)
        except OSError:
            return False
        return bool(answer.status == 200)

    await until(serves, 15.0, "HTTPS again at the same port")
    assert ask(up.ready["trust_url"]).status == 200


def test_a_certificate_of_ones_own_is_served(tmp_path: Path) -> None:
    names = HostNames(("localhost",), (ip_address("127.0.0.1"),))
    made = keep_local_certificate(tmp_path / "tls", names, names.addresses[0], datetime.now(UTC))
    up = start(tmp_path, "--tls-cert", str(made.certificate_file), "--tls-key", str(made.key_file))
    try:
        assert set(up.ready) == {"url", "owner_url", "https_url", "device_url"}
        answer = ask(f"{up.ready['https_url']}/readyz", made.ca_file)
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    finally:
        assert up.stop() == ExitStatus.OK, up.log_tail()
    assert up.left_behind() == []


def test_a_title_is_tried_on_another_device_by_the_authority_of_the_usual_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    options = ["--json", "--lan", "--lan-port", "0", "--host", "127.0.0.1"]
    run = FarplayProcess(["title", "run", str(ROOT / "games/testcard"), *options], tmp_path / "log")
    try:
        assert set(run.ready) == {"url", "play_url", "title_id", "https_url", "device_play_url", "trust_url"}
        https, _, token = run.ready["device_play_url"].partition("/play/testcard#owner=")
        assert (https, run.url.startswith("http://localhost:")) == (run.ready["https_url"], True)
        ca_file = tmp_path / "farplay" / "tls" / "ca.pem"
        assert ask(f"{https}/api/v1/sign-in/link", ca_file, body={"token": token}).status == 204
        assert ask(run.ready["trust_url"]).status == 200
    finally:
        assert run.stop() == ExitStatus.OK, run.log_tail()
    assert run.left_behind() == []
    assert [each.name for each in (tmp_path / "farplay").iterdir()] == ["tls"], "what it played with is gone"


def test_plain_http_beyond_this_machine_is_refused_with_the_way_out(tmp_path: Path) -> None:
    status, words = refused("up", "--host", "0.0.0.0", "--data-dir", str(tmp_path / "data"))
    assert status == ExitStatus.FAILED
    assert "farplay up --lan" in words
    status, words = refused("up", "--tls-cert", str(tmp_path / "no.pem"), "--data-dir", str(tmp_path / "data"))
    assert status == ExitStatus.FAILED
    assert "--tls-key" in words
