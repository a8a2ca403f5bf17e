"""Takes up a renewed certificate without a restart: whoever renews it only replaces the files."""

from __future__ import annotations

import asyncio
import ssl
from typing import TypeAlias

import structlog

from session_broker.config import TlsConfig

CHECK_S = 30.0
"""Seconds between looks at the files."""

_Stamp: TypeAlias = tuple[tuple[int, int], ...]
_log = structlog.get_logger()


async def follow_certificate(context: ssl.SSLContext, tls: TlsConfig) -> None:
    """Load the files into a serving context whenever they changed; runs until cancelled.

    Files that do not fit together, as between the two steps of a renewal, are tried again at the next look. New
    connections get the new certificate, open ones keep theirs.
    """
    loaded = await asyncio.to_thread(_stamp, tls)
    while True:
        await asyncio.sleep(CHECK_S)
        found = await asyncio.to_thread(_stamp, tls)
        if found in (loaded, ()):
            continue
        try:
            # Tried apart first: a context that failed halfway would serve nobody.
            for each in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), context):
                each.load_cert_chain(tls.certificate_file, tls.key_file)
        except OSError as error:
            _log.warning("certificate_not_taken", error=str(error))
            continue
        loaded = found
        _log.info("certificate_renewed")


def _stamp(tls: TlsConfig) -> _Stamp:
    """Return what changes with the files; empty while one of them is away."""
    try:
        found = [path.stat() for path in (tls.certificate_file, tls.key_file)]
    except OSError:
        return ()
    return tuple((each.st_mtime_ns, each.st_ino) for each in found)
