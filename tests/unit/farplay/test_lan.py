"""Serving other devices: files that a person brings, names of the machine, what the broker is told, the terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption
from rich.console import Console

from farplay.certificates import HostNames, Issued, issue, make_ca
from farplay.config import LanOptions, UpReady
from farplay.failures import CommandFailure
from farplay.lan_names import machine_names, main_address
from farplay.lan_serving import prepare_lan
from farplay.screen import Screen
from farplay.terminal_code import QUIET_MODULES, terminal_code
from farplay.tls_files import check_tls_files, link_name
from session_broker.core.qr_code import qr_rows

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = HostNames(("play.local", "localhost"), (ip_address("127.0.0.1"),))


@pytest.fixture(scope="module")
def ca() -> Issued:
    return make_ca(NAMES, NOW)


@pytest.fixture(scope="module")
def server(ca: Issued) -> Issued:
    return issue(ca, NAMES, NOW)


def write(folder: Path, issued: Issued, *, password: bytes | None = None) -> tuple[Path, Path]:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(issued.certificate.public_bytes(serialization.Encoding.PEM))
    shut = NoEncryption() if password is None else BestAvailableEncryption(password)
    pem = issued.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, shut)
    key.write_bytes(pem)
    return certificate, key


def refused(certificate: Path, key: Path, now: datetime = NOW) -> str:
    with pytest.raises(CommandFailure) as failure:
        check_tls_files(certificate, key, now)
    return failure.value.words


def test_good_files_are_taken(tmp_path: Path, server: Issued) -> None:
    checked = check_tls_files(*write(tmp_path, server), NOW)
    assert (checked.names, checked.ca_file) == (NAMES, None)


def test_bad_files_are_refused_in_words(tmp_path: Path, ca: Issued, server: Issued) -> None:
    certificate, key = write(tmp_path, server)
    nothing = tmp_path / "nothing.pem"
    assert "cannot be read" in refused(nothing, key)
    assert "cannot be read" in refused(certificate, nothing)
    assert "is not a certificate" in refused(key, key)
    assert "is not a private key" in refused(certificate, certificate)
    assert "expired on 2027-" in refused(certificate, key, NOW + timedelta(days=400))
    assert "valid from" in refused(certificate, key, NOW - timedelta(days=1))
    (tmp_path / "ca").mkdir()
    ca_certificate, ca_key = write(tmp_path / "ca", ca)
    assert "is not the key of" in refused(certificate, ca_key)
    assert "names no host" in refused(ca_certificate, ca_key)
    assert "password" in refused(*write(tmp_path, server, password=b"secret"))


def test_links_carry_the_first_name_that_is_one() -> None:
    address = ip_address("10.0.0.1")
    assert link_name(HostNames(("*.example.org", "play.example.org"), (address,))) == "play.example.org"
    assert link_name(HostNames(("*.example.org",), (address,))) == "10.0.0.1"
    with pytest.raises(CommandFailure, match="wildcard"):
        link_name(HostNames(("*.example.org",), ()))


def test_a_machine_has_loopback_and_only_names_that_certificates_carry() -> None:
    names = machine_names("Den.Fritz.Box.")
    assert names.dns == ("localhost", "den.local", "den.fritz.box")
    assert names.addresses[:2] == (ip_address("127.0.0.1"), ip_address("::1"))
    assert machine_names("bad_name").dns == ("localhost",)
    assert main_address(HostNames(("x",), names.addresses[:2])) is None


def test_the_broker_is_told_files_ports_and_names(tmp_path: Path) -> None:
    serving = prepare_lan(LanOptions(host="127.0.0.1", port=0), tmp_path, NOW)
    arguments = serving.broker_arguments()
    options = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert options["--tls-cert"] == str(tmp_path / "tls" / "server.pem")
    assert options["--trust-cert"] == str(tmp_path / "tls" / "ca.pem")
    assert (options["--tls-host"], options["--tls-name"], options["--tls-port"]) == ("127.0.0.1", "127.0.0.1", "0")
    assert "localhost" in [
        value for name, value in zip(arguments[::2], arguments[1::2], strict=True) if "allowed" in name
    ]
    ready = UpReady("http://localhost:1", "t", "https://127.0.0.1:1234", "d", "http://127.0.0.1:1235/trust")
    again = serving.at_ports(ready)
    assert (again.port, again.trust_port) == (1234, 1235)


def test_own_files_need_no_authority(tmp_path: Path, server: Issued) -> None:
    certificate, key = write(tmp_path, server)
    serving = prepare_lan(LanOptions(port=0, certificate_file=certificate, key_file=key), tmp_path / "data", NOW)
    assert (serving.link_host, serving.listen_host, serving.certificate.ca_file) == ("play.local", "*", None)
    assert "--trust-cert" not in serving.broker_arguments()
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (LanOptions(host="203.0.113.99"), "not an address of this machine"),
        (LanOptions(certificate_file=Path("cert.pem")), "belong together"),
        (LanOptions(key_file=Path("key.pem")), "belong together"),
    ],
)
def test_what_cannot_be_served_is_refused(tmp_path: Path, options: LanOptions, words: str) -> None:
    with pytest.raises(CommandFailure, match=words):
        prepare_lan(options, tmp_path, NOW)


def test_a_name_that_the_authority_never_heard_of_is_refused(tmp_path: Path) -> None:
    prepare_lan(LanOptions(port=0), tmp_path, NOW)
    with pytest.raises(CommandFailure, match="cannot vouch for other"):
        prepare_lan(LanOptions(host="other.example", port=0), tmp_path, NOW)


def test_a_terminal_shows_every_module_of_the_code() -> None:
    text = "https://192.168.1.5:8443/#owner=" + "x" * 43
    rows = qr_rows(text)
    halves = {" ": "00", "▀": "10", "▄": "01", "█": "11"}
    lines = [[halves[glyph] for glyph in line[1:-1]] for line in terminal_code(text).plain.split("\n")]
    drawn = ["".join(pair[half] for pair in line) for line in lines for half in (0, 1)]
    inner = [row[QUIET_MODULES:-QUIET_MODULES] for row in drawn[QUIET_MODULES : QUIET_MODULES + len(rows)]]
    assert inner == rows
    assert "1" not in "".join(drawn[:QUIET_MODULES] + drawn[QUIET_MODULES + len(rows) :])


@pytest.mark.parametrize("own", [True, False])
def test_the_terminal_tells_of_other_devices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, own: bool
) -> None:
    certificate = prepare_lan(LanOptions(host="127.0.0.1", port=0), tmp_path, NOW).certificate
    # Two of its bytes would spell an emoji.
    certificate = replace(certificate, ca_fingerprint=":".join(["3F", "CD", "AB", "0A"] * 8))
    if own:
        certificate = replace(certificate, ca_file=None, ca_is_new=False)
    ready = UpReady("http://localhost:1", "t", "https://127.0.0.1:1234", "d", "http://127.0.0.1:1235/trust")
    Screen(as_json=False).devices(ready, certificate, ready.device_play_url("chess"))
    told = capsys.readouterr().out
    assert "https://127.0.0.1:1234/play/chess#owner=d" in told
    assert (ready.trust_url in told) is not own
    assert (certificate.ca_fingerprint[:47] in told) is not own
    assert "▀" not in told
    Screen(as_json=True).devices(ready, certificate, ready.device_url)
    assert capsys.readouterr().out == ""
    console = Console(force_terminal=True, width=100)
    console.print(terminal_code(ready.device_url))
    assert "▀" in capsys.readouterr().out


def test_what_a_program_is_told() -> None:
    assert UpReady("http://localhost:1", "t").answer() == {
        "url": "http://localhost:1",
        "owner_url": "http://localhost:1/#owner=t",
    }
    answer = {"url": "http://localhost:1/", "owner_token": "t", "https_url": "https://a:2", "device_token": "d"}
    told = UpReady.of(answer).answer()
    assert told["https_url"] == "https://a:2"
    assert told["device_url"] == "https://a:2/#owner=d"
    assert "trust_url" not in told
