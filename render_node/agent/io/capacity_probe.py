"""What this machine can do, measured once and remembered until processor or libraries change."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from render_node.agent.core.capacity import X264, Measurement
from render_node.agent.io import machine
from render_node.agent.io.private_file import write_private

HARDWARE_ENCODERS = ("h264_nvenc", "h264_qsv", "h264_amf")
"""Tried in this order, best first."""

FILE_NAME = "capacity.json"
FORMAT = 1
PROBE_TIMEOUT_S = 20.0
"""The probe takes about a second; a driver that hangs must not hold the node up for ever."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EncoderFindings:
    """What the encoder probe saw."""

    opened: tuple[str, ...]
    encode_ms: dict[str, float]
    refused: dict[str, str]


def _fingerprint() -> dict[str, Any]:
    """Return what the measurement depends on; another value means measuring anew."""
    return {
        "format": FORMAT,
        "cpu": machine.cpu_model(),
        "cores": machine.usable_cores(),
        "kernel": os.uname().release,
        "av": importlib.metadata.version("av"),
        "numpy": importlib.metadata.version("numpy"),
        "devices": sorted(name for name in ("/dev/nvidiactl", "/dev/dri", "/dev/kfd") if Path(name).exists()),
    }


async def measure_capacity(data_dir: Path) -> Measurement:
    """Return the stored measurement if nothing it depends on has changed, else measure and store it."""
    findings = _stored(data_dir / FILE_NAME, _fingerprint())
    if findings is not None:
        return _measurement(findings)
    findings = await probe_encoders()
    measured = _measurement(findings)
    if findings.opened:
        store_measurement(data_dir, measured)
    return measured


def _measurement(findings: EncoderFindings) -> Measurement:
    return Measurement(
        cpu_cores=machine.usable_cores(),
        memory_bytes=machine.usable_memory_bytes(),
        h264_encoders=findings.opened,
        encode_ms=findings.encode_ms,
    )


def store_measurement(data_dir: Path, measured: Measurement) -> None:
    """Remember what the encoders took, beside what the figures depend on."""
    body = {
        "fingerprint": _fingerprint(),
        "opened": measured.h264_encoders,
        "encode_ms": dict(measured.encode_ms),
    }
    write_private(data_dir / FILE_NAME, json.dumps(body))


def _stored(path: Path, fingerprint: dict[str, Any]) -> EncoderFindings | None:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        if body["fingerprint"] != fingerprint:
            return None
        encode_ms = {str(name): float(value) for name, value in body["encode_ms"].items()}
        return EncoderFindings(tuple(str(name) for name in body["opened"]), encode_ms, {})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("stored_capacity_unreadable", path=str(path), detail=type(error).__name__)
        return None


async def probe_encoders(also: tuple[str, ...] = ()) -> EncoderFindings:
    """Open and time every H.264 encoder in a process of its own.

    A hardware library that takes the process down is left out the second time.

    Args:
        also: Encoders of other formats to look at as well.
    """
    findings = await _run_probe((*HARDWARE_ENCODERS, X264, *also))
    if findings is None:
        findings = await _run_probe((X264, *also))
    if findings is None:
        log.error("encoder_probe_failed", detail="assuming libx264 at one frame interval")
        return EncoderFindings((), {}, {})
    return findings


async def _run_probe(names: tuple[str, ...]) -> EncoderFindings | None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "render_node.agent.io.encoder_probe", *names,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            output, words = await process.communicate()
        body = json.loads(output)
        return EncoderFindings(tuple(body["opened"]), dict(body["encode_ms"]), dict(body["refused"]))
    except TimeoutError:
        log.error("encoder_probe_hung", encoders=names)
    except (ValueError, KeyError):
        log.error(
            "encoder_probe_crashed",
            encoders=names,
            status=process.returncode,
            detail=words[-300:].decode(errors="replace"),
        )
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return None
