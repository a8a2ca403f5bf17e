"""Encoders, each opened and timed for real, and graphics processors."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from farplay.doctor.findings import Finding, Group, Level, ok
from render_node.agent.core.capacity import X264, Chosen, Measurement, choose
from render_node.agent.io.capacity_probe import HARDWARE_ENCODERS, EncoderFindings, probe_encoders
from render_node.agent.io.gpus import find_gpus
from render_node.agent.io.machine import usable_cores, usable_memory_bytes

VP8 = "libvpx"
FRAME_MS = 1000.0 / 60.0
"""An encoder that takes longer does not keep up with 60 pictures a second."""

REINSTALL = "Reinstall the media library: pip install --force-reinstall av"
_MAKERS = {"h264_nvenc": "NVIDIA", "h264_qsv": "Intel", "h264_amf": "AMD"}
_DRIVERS = {
    "h264_nvenc": "Install NVIDIA's driver with its encode library (libnvidia-encode); in a container, run it with "
    "NVIDIA_DRIVER_CAPABILITIES=video,utility. Some data centre cards have no encoder.",
    "h264_qsv": "Install Intel's media driver: sudo apt install intel-media-va-driver libvpl2",
    "h264_amf": "Install AMD's AMF runtime.",
}


def judge_encoders(found: EncoderFindings, gpus: Sequence[str]) -> Iterator[Finding]:
    """Software encoders, and hardware ones where there is hardware for them."""
    yield _software("H.264", found, X264, found.encode_ms.get("ultrafast"))
    yield _software("VP8", found, VP8, found.encode_ms.get(VP8))
    for name in HARDWARE_ENCODERS:
        title = f"H.264 on {_MAKERS[name]}"
        if name in found.opened:
            yield _timed(title, name, found.encode_ms.get(name))
        elif any(gpu.startswith(_MAKERS[name]) for gpu in gpus):
            words = f"{name} does not open: {found.refused.get(name, 'the probe ended')[:160]}"
            yield Finding(Group.MEDIA, title, Level.LACKS, words, _DRIVERS[name])


def _software(title: str, found: EncoderFindings, name: str, encode_ms: float | None) -> Finding:
    if name in found.opened:
        return _timed(title, name, encode_ms)
    words = f"{name} does not open: {found.refused.get(name, 'the probe failed')[:160]}"
    level = Level.FAILS if name == X264 else Level.LACKS
    return Finding(Group.MEDIA, title, level, words, REINSTALL)


def _timed(title: str, name: str, encode_ms: float | None) -> Finding:
    if encode_ms is None:
        return ok(Group.MEDIA, title, name)
    words = f"{name}, {encode_ms:.1f} ms a frame at 720p"
    if encode_ms <= FRAME_MS:
        return ok(Group.MEDIA, title, words)
    advice = "Too slow for 60 pictures a second. Use a faster processor, or titles with a smaller picture."
    return Finding(Group.MEDIA, title, Level.LACKS, words, advice)


def judge_capacity(chosen: Chosen) -> Finding:
    """How many can play at once."""
    many = f"{chosen.slots} can play" if chosen.slots > 1 else "one can play"
    return ok(
        Group.MEDIA, "Capacity", f"{many} at once, encoded by {chosen.h264_encoder} {chosen.x264_preset}".strip()
    )


def judge_gpus(gpus: Sequence[str], closed: Sequence[str]) -> Finding:
    """Graphics processors, and render nodes that this user may not open."""
    if closed:
        advice = "Let this user use it: sudo usermod -aG render,video $USER, then sign in anew."
        return Finding(Group.MEDIA, "Graphics", Level.LACKS, f"{', '.join(closed)} cannot be opened", advice)
    return ok(Group.MEDIA, "Graphics", ", ".join(gpus) or "none; the processor draws and encodes")


def check_media() -> Iterator[Finding]:
    """Open and time every encoder; takes a few seconds."""
    gpus = find_gpus()
    nodes = sorted(Path("/dev/dri").glob("renderD*"))
    yield judge_gpus(gpus, [str(node) for node in nodes if not os.access(node, os.R_OK | os.W_OK)])
    found = asyncio.run(probe_encoders(also=(VP8,)))
    yield from judge_encoders(found, gpus)
    h264 = tuple(name for name in found.opened if name != VP8)
    if h264:
        yield judge_capacity(choose(Measurement(usable_cores(), usable_memory_bytes(), h264, found.encode_ms)))
