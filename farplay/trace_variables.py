"""Where traces go: the standard variables of OpenTelemetry, by which operators set all their programs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from farplay.failures import CommandFailure, ExitStatus

_BASE, _TRACES = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HEADERS = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS")
_PATH = "/v1/traces"
_SPOKEN = "http/protobuf"


def traces_endpoint(environment: Mapping[str, str]) -> str | None:
    """Return the URL that takes OTLP traces; None if none is named, or traces are switched off.

    Source: OpenTelemetry specification, environment variables and OTLP exporter.

    Raises:
        CommandFailure: it is no URL that can be used, or another protocol is asked for.
    """
    off = (
        environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or environment.get("OTEL_TRACES_EXPORTER") == "none"
    )
    named = next((name for name in (_TRACES, _BASE) if environment.get(name)), None)
    if off or named is None:
        return None
    endpoint = environment[named]
    if not _is_http(endpoint):
        raise CommandFailure(
            ExitStatus.FAILED,
            f"{named} is not an http or https URL.",
            "Set it like http://localhost:4318, where your collector takes OTLP by HTTP.",
        )
    asked = next((environment[name] for name in _PROTOCOLS if environment.get(name)), _SPOKEN)
    if asked != _SPOKEN:
        raise CommandFailure(
            ExitStatus.FAILED,
            f"Traces are sent by the protocol {_SPOKEN} only, and the environment asks for {asked!r}.",
            f"Set OTEL_EXPORTER_OTLP_PROTOCOL={_SPOKEN} and name the collector's port for it, 4318 by custom.",
        )
    return endpoint if named == _TRACES else endpoint.rstrip("/") + _PATH


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def forget_headers() -> None:
    """Remove from the environment the collector's headers, a key perhaps, so that no child of ours inherits it."""
    for name in _HEADERS:
        os.environ.pop(name, None)
