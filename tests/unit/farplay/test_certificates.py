"""The local authority and its certificates: who they vouch for, how long, where they lie, when they are made anew."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from farplay.certificates import (
    HostNames,
    covered,
    fingerprint,
    is_current,
    is_dns_name,
    issue,
    make_ca,
    names_of,
)
from farplay.failures import CommandFailure
from farplay.local_ca import ServingCertificate, keep_local_certificate

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOME = ip_address("192.168.1.5")
NAMES = HostNames(("localhost", "den.local", "den"), (ip_address("127.0.0.1"), ip_address("::1"), HOME))


def keep(
    folder: Path, names: HostNames = NAMES, main: str = "192.168.1.5", after_days: int = 0
) -> ServingCertificate:
    return keep_local_certificate(folder / "tls", names, ip_address(main), NOW + timedelta(days=after_days))


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_a_server_certificate_names_everything_and_lasts_no_longer_than_browsers_allow() -> None:
    ca = make_ca(NAMES, NOW)
    made = issue(ca, NAMES, NOW).certificate
    assert names_of(made) == NAMES
    assert made.not_valid_after_utc - made.not_valid_before_utc <= timedelta(days=397)
    assert made.not_valid_before_utc < NOW
    made.verify_directly_issued_by(ca.certificate)
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert ExtendedKeyUsageOID.SERVER_AUTH in made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert ca.certificate.not_valid_after_utc - NOW > timedelta(days=3600)


def test_the_authority_vouches_for_this_machine_and_private_networks_only() -> None:
    public = HostNames(("den",), (ip_address("203.0.113.7"),))
    ca = make_ca(public, NOW).certificate
    limits = ca.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    asked = HostNames(
        ("den", "tv.local", "bank.example", "notden", "x.den"),
        tuple(map(ip_address, ("10.1.2.3", "203.0.113.7", "203.0.113.8", "fd00::9", "2001:db8::1"))),
    )
    assert covered(ca, asked) == HostNames(
        ("den", "tv.local", "x.den"), tuple(map(ip_address, ("10.1.2.3", "203.0.113.7", "fd00::9")))
    )


def test_another_authority_names_or_time_make_a_certificate_stale() -> None:
    ca, other = make_ca(NAMES, NOW), make_ca(NAMES, NOW)
    made = issue(ca, NAMES, NOW)
    assert is_current(made, ca.certificate, NAMES, NOW)
    assert is_current(made, ca.certificate, NAMES, NOW + timedelta(days=366))
    assert not is_current(made, ca.certificate, NAMES, NOW + timedelta(days=367))
    assert not is_current(made, ca.certificate, NAMES, NOW - timedelta(days=1))
    assert not is_current(made, other.certificate, NAMES, NOW)
    assert not is_current(made, ca.certificate, HostNames(NAMES.dns, NAMES.addresses[:2]), NOW)


def test_made_once_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    first = keep(tmp_path)
    assert first.ca_is_new
    assert first.ca_file is not None
    before = {path: path.read_bytes() for path in (tmp_path / "tls").iterdir()}
    assert sorted(path.name for path in before) == ["ca-key.pem", "ca.pem", "server-key.pem", "server.pem"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in before} == {0o600}
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    second = keep(tmp_path, after_days=100)
    assert not second.ca_is_new
    assert {path: path.read_bytes() for path in (tmp_path / "tls").iterdir()} == before
    assert second.ca_fingerprint == fingerprint(certificate(first.ca_file))
    assert len(second.ca_fingerprint) == 95


@pytest.mark.parametrize(
    ("names", "after_days"),
    [(HostNames(NAMES.dns, (*NAMES.addresses, ip_address("10.0.0.9"))), 0), (NAMES, 380), (NAMES, 3000)],
)
def test_a_new_address_or_a_near_end_renews_under_the_same_authority(
    tmp_path: Path, names: HostNames, after_days: int
) -> None:
    first = keep(tmp_path)
    old = certificate(first.certificate_file)
    second = keep(tmp_path, names, after_days=after_days)
    new = certificate(second.certificate_file)
    assert (second.ca_is_new, second.ca_fingerprint) == (False, first.ca_fingerprint)
    assert new.serial_number != old.serial_number
    assert names_of(new) == names
    assert new.not_valid_after_utc > NOW + timedelta(days=after_days + 300)


@pytest.mark.parametrize(("main", "after_days"), [("203.0.113.7", 0), ("192.168.1.5", 3651)])
def test_an_authority_that_cannot_vouch_any_more_is_replaced(tmp_path: Path, main: str, after_days: int) -> None:
    first = keep(tmp_path)
    moved = HostNames(NAMES.dns, (*NAMES.addresses, ip_address("203.0.113.7")))
    second = keep(tmp_path, moved, main, after_days)
    assert second.ca_is_new
    assert second.ca_fingerprint != first.ca_fingerprint
    assert ip_address(main) in names_of(certificate(second.certificate_file)).addresses


@pytest.mark.parametrize("damage", [b"", b"-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n"])
def test_a_damaged_server_certificate_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    first = keep(tmp_path)
    first.certificate_file.write_bytes(damage)
    second = keep(tmp_path)
    assert (second.ca_is_new, second.ca_fingerprint) == (False, first.ca_fingerprint)
    assert names_of(certificate(second.certificate_file)) == NAMES


def test_a_crash_between_key_and_certificate_heals(tmp_path: Path) -> None:
    first = keep(tmp_path)
    keep(tmp_path / "other")
    first.key_file.write_bytes((tmp_path / "other" / "tls" / "server-key.pem").read_bytes())
    old = certificate(first.certificate_file).serial_number
    assert certificate(keep(tmp_path).certificate_file).serial_number != old


def test_a_damaged_authority_is_not_silently_replaced(tmp_path: Path) -> None:
    ca_file = keep(tmp_path).ca_file
    assert ca_file is not None
    ca_file.write_text("nothing")
    with pytest.raises(CommandFailure, match="cannot be used") as refused:
        keep(tmp_path)
    assert "trust them again" in refused.value.advice


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("den", True),
        ("den.local", True),
        ("a-b.c0", True),
        ("-a", False),
        ("a_b", False),
        ("Den", False),
        ("", False),
    ],
)
def test_only_what_certificates_can_carry_is_a_name(name: str, *, good: bool) -> None:
    assert is_dns_name(name) is good
