"""A local certificate authority and the certificates that it issues: made and judged here, kept by ``local_ca``.

The authority can only vouch for private networks, ``localhost``, ``.local`` names and the machine that it was made
on (RFC 5280 §4.2.1.10), so that trusting it does not let anybody who steals its key pose as a bank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

CA_LIFETIME = timedelta(days=3650)
SERVER_LIFETIME = timedelta(days=397)
"""The longest that browsers take."""

RENEW_BEFORE = timedelta(days=30)
"""A certificate that ends sooner than this is issued anew."""

BACKDATED = timedelta(hours=1)
"""Clocks of phones may lag."""

PRIVATE_NETWORKS: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8"),
        *("100.64.0.0/10",),  # overlay networks such as Tailscale
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)
_ORGANISATION = "Farplay"
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_COMMON_NAME_MAX_CHARS = 64


@dataclass(frozen=True, slots=True)
class HostNames:
    """What a server is called."""

    dns: tuple[str, ...]
    """Lower-case ASCII names."""
    addresses: tuple[Address, ...]

    def texts(self) -> tuple[str, ...]:
        """Return all of them as they stand in a Host header, IPv6 in brackets."""
        return (*self.dns, *(f"[{each}]" if each.version == 6 else str(each) for each in self.addresses))


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def is_dns_name(text: str) -> bool:
    """Tell whether a certificate can carry this name: lower-case ASCII labels."""
    return len(text) <= 253 and all(_LABEL.fullmatch(label) for label in text.split("."))


def make_ca(names: HostNames, now: datetime) -> Issued:
    """Return a new authority.

    Args:
        names: What this machine is called now; its names and public addresses are permitted beside private networks.
        now: Aware time of the wall clock.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    public = [each for each in names.addresses if not any(each in network for network in PRIVATE_NETWORKS)]
    permitted: list[x509.GeneralName] = [x509.DNSName(name) for name in dict.fromkeys(("local", *names.dns))]
    permitted += [x509.IPAddress(network) for network in (*PRIVATE_NETWORKS, *map(ip_network, public))]
    name = _subject(f"Farplay on {names.dns[-1] if names.dns else 'this network'}")
    usage = _key_usage(signs_certificates=True)
    builder = _builder(name, name, key, now, CA_LIFETIME)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(x509.NameConstraints(permitted, None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return Issued(builder.sign(key, hashes.SHA256()), key)


def issue(ca: Issued, names: HostNames, now: datetime) -> Issued:
    """Return a new server certificate for the names that the authority covers."""
    key = ec.generate_private_key(ec.SECP256R1())
    good = covered(ca.certificate, names)
    builder = _builder(_subject("Farplay"), ca.certificate.subject, key, now, SERVER_LIFETIME)
    alternatives = x509.SubjectAlternativeName([*map(x509.DNSName, good.dns), *map(x509.IPAddress, good.addresses)])
    builder = builder.add_extension(alternatives, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key())
    builder = builder.add_extension(authority, critical=False)
    return Issued(builder.sign(ca.key, hashes.SHA256()), key)


def covered(ca: x509.Certificate, names: HostNames) -> HostNames:
    """Return those of the names that the authority may vouch for."""
    limits = ca.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    roots = [each.value for each in limits if isinstance(each, x509.DNSName)]
    networks = [each.value for each in limits if isinstance(each, x509.IPAddress)]
    return HostNames(
        tuple(name for name in names.dns if any(name == root or name.endswith(f".{root}") for root in roots)),
        tuple(each for each in names.addresses if _is_within(each, networks)),
    )


def is_current(server: Issued, ca: x509.Certificate, names: HostNames, now: datetime) -> bool:
    """Tell whether a server certificate still serves: this authority's, for exactly these names, not near its end."""
    try:
        server.certificate.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        return False
    wanted = covered(ca, names)
    found = names_of(server.certificate)
    return (
        server.certificate.public_key() == server.key.public_key()
        and (set(found.dns), set(found.addresses)) == (set(wanted.dns), set(wanted.addresses))
        and server.certificate.not_valid_before_utc <= now <= server.certificate.not_valid_after_utc - RENEW_BEFORE
    )


def names_of(certificate: x509.Certificate) -> HostNames:
    """Return the names that a certificate is for; wildcards are among them as they stand."""
    try:
        value = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return HostNames((), ())
    addresses = value.get_values_for_type(x509.IPAddress)
    return HostNames(
        tuple(name.lower() for name in value.get_values_for_type(x509.DNSName)),
        tuple(each for each in addresses if isinstance(each, IPv4Address | IPv6Address)),
    )


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 fingerprint as systems show it: ``AB:CD:…``."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _is_within(address: Address, networks: Iterable[object]) -> bool:
    return any(isinstance(network, IPv4Network | IPv6Network) and address in network for network in networks)


def _subject(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:_COMMON_NAME_MAX_CHARS]),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    begin = now - BACKDATED
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(begin).not_valid_after(begin + lifetime)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
