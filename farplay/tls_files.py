"""Checks a certificate and key that a person brings, at start and in words, before any browser meets them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from farplay.certificates import HostNames, names_of
from farplay.failures import CommandFailure, ExitStatus
from farplay.local_ca import ServingCertificate


def check_tls_files(certificate_file: Path, key_file: Path, now: datetime) -> ServingCertificate:
    """Return what the files hold.

    Args:
        certificate_file: PEM, the server's certificate first, then those that lead to a root.
        key_file: PEM, without a password.
        now: Aware time of the wall clock.

    Raises:
        CommandFailure: they cannot be read, do not match, or are not valid now.
    """
    pem, key_pem = _read(certificate_file), _read(key_file)
    try:
        certificate = x509.load_pem_x509_certificates(pem)[0]
    except ValueError as error:
        raise _refusal(f"{certificate_file} is not a certificate in PEM form") from error
    try:
        key = serialization.load_pem_private_key(key_pem, None)
    except TypeError as error:
        raise _refusal(f"{key_file} is protected by a password; give the key without one") from error
    except ValueError as error:
        raise _refusal(f"{key_file} is not a private key in PEM form") from error
    if key.public_key() != certificate.public_key():
        raise _refusal(f"{key_file} is not the key of {certificate_file}")
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > end:
        raise _refusal(f"{certificate_file} expired on {end:%Y-%m-%d}", "Renew it.")
    if now < begin:
        raise _refusal(
            f"{certificate_file} is valid from {begin:%Y-%m-%d %H:%M} UTC on", "Check this machine's clock."
        )
    names = names_of(certificate)
    if not names.dns and not names.addresses:
        raise _refusal(f"{certificate_file} names no host (subject alternative name), so no browser would take it")
    return ServingCertificate(certificate_file, key_file, names)


def link_name(names: HostNames) -> str:
    """Return the name that links carry: the certificate's first that is not a wildcard.

    Raises:
        CommandFailure: it has none.
    """
    plain = [name for name in names.dns if not name.startswith("*")]
    if plain:
        return plain[0]
    if names.addresses:
        return str(names.addresses[0])
    raise _refusal("The certificate is for a wildcard only", "Say under which name links lead here: --host NAME.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _refusal(f"{path} cannot be read: {error.strerror}") from error


def _refusal(words: str, advice: str = "Check --tls-cert and --tls-key.") -> CommandFailure:
    return CommandFailure(ExitStatus.FAILED, f"{words}.", advice)
