"""Keeps this machine's certificate authority and server certificate in a folder that only their owner may read.

The authority is made once, since every device has to be told to trust it; the server certificate is issued anew
whenever the machine's names changed or it nears its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from farplay.certificates import Address, HostNames, Issued, covered, fingerprint, is_current, issue, make_ca
from farplay.failures import CommandFailure, ExitStatus
from render_node.agent.io.private_file import write_private

CA_NAME, SERVER_NAME = "ca", "server"


@dataclass(frozen=True, slots=True)
class ServingCertificate:
    """What a server needs to speak TLS."""

    certificate_file: Path
    key_file: Path
    names: HostNames
    """What it is for."""
    ca_file: Path | None = None
    """The authority that devices must be told to trust; None for a certificate that browsers trust already."""
    ca_fingerprint: str = ""
    """SHA-256 of the authority's certificate."""
    ca_is_new: bool = False
    """Whether devices that trusted an earlier one must be told again."""


def keep_local_certificate(folder: Path, names: HostNames, main: Address, now: datetime) -> ServingCertificate:
    """Return a certificate for this machine, made or renewed where needed.

    Args:
        folder: Where authority, certificate and keys lie; made with mode 0700.
        names: What the machine is called.
        main: The address that links carry; an authority that may not vouch for it is replaced.
        now: Aware time of the wall clock.

    Raises:
        CommandFailure: the folder cannot be used, or the authority in it cannot be read.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        ca, server = _read(folder, CA_NAME), _read_server(folder)
        usable = ca is not None and now < ca.certificate.not_valid_after_utc and main in _reach(ca, names)
        if ca is None or not usable:
            ca, server = make_ca(names, now), None
            _write(folder, CA_NAME, ca)
        if server is None or not is_current(server, ca.certificate, names, now):
            server = issue(ca, names, now)
            _write(folder, SERVER_NAME, server)
    except (OSError, ValueError, x509.ExtensionNotFound) as error:
        raise CommandFailure(
            ExitStatus.FAILED,
            f"The certificates in {folder} cannot be used: {error}.",
            "Remove that folder to make new ones; every device must then be told to trust them again.",
        ) from error
    return ServingCertificate(
        certificate_file=_paths(folder, SERVER_NAME)[0],
        key_file=_paths(folder, SERVER_NAME)[1],
        names=covered(ca.certificate, names),
        ca_file=_paths(folder, CA_NAME)[0],
        ca_fingerprint=fingerprint(ca.certificate),
        ca_is_new=not usable,
    )


def _reach(ca: Issued, names: HostNames) -> tuple[Address, ...]:
    return covered(ca.certificate, names).addresses


def _paths(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}.pem", folder / f"{name}-key.pem"


def _write(folder: Path, name: str, issued: Issued) -> None:
    """Write the key first: a crash between the two leaves a pair that does not match and is made anew."""
    certificate, key = _paths(folder, name)
    pem = serialization.Encoding.PEM
    secret = issued.key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(key, secret.decode())
    write_private(certificate, issued.certificate.public_bytes(pem).decode())


def _read(folder: Path, name: str) -> Issued | None:
    """Return a kept pair, None if there is none.

    Raises:
        ValueError: it is not what was written here.
    """
    certificate_file, key_file = _paths(folder, name)
    if not certificate_file.exists():
        return None
    certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    key_file.chmod(0o600)
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise ValueError(f"{key_file.name} is not the key of {certificate_file.name}")
    return Issued(certificate, key)


def _read_server(folder: Path) -> Issued | None:
    """Return the kept server certificate; a damaged one is as good as none, since nobody was told to trust it."""
    try:
        return _read(folder, SERVER_NAME)
    except (OSError, ValueError):
        return None
