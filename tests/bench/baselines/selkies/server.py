"""Runs what Selkies streams: an X server, the hard test card in it as an ordinary pygame window, and Selkies."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.baselines.selkies.install import selkies_command, x_server_command
from tests.support.card_source import FOLDER as CARD_FOLDER
from tests.support.card_source import FPS, HEIGHT, WIDTH
from tests.support.deadlines import until
from tests.support.free_port import free_port
from tests.support.offline_encoder import TARGET_BPS

READY_WITHIN_S = 20.0
END_S = 5.0


@dataclass(frozen=True, slots=True)
class ServingSelkies:
    """A Selkies that answers."""

    url: str
    groups: Mapping[str, Sequence[psutil.Process]]
    """Its processes by role."""
    log: Path


def settings(mode: str, port: int, folder: Path) -> list[str]:
    """Return the arguments of a Selkies for one player on this machine.

    Encoder, bitrate and frame rate are Selkies' own defaults, written out because the comparison rests on them. Sound
    is off, which spares it a PulseAudio. It asks no STUN or TURN server: by default it would ask public ones.
    """
    ice_servers = folder / "rtc.json"
    ice_servers.write_text(json.dumps({"iceServers": []}))
    return [
        f"--mode={mode}",
        "--encoder=h264enc",
        "--rate-control-mode=cbr",
        f"--video-bitrate={TARGET_BPS // 1000}",
        f"--framerate={FPS}",
        "--addr=127.0.0.1",
        f"--port={port}",
        "--enable-basic-auth=false",
        "--audio-enabled=false",
        f"--rtc-config-json={ice_servers}",
    ]


@asynccontextmanager
async def selkies(mode: str, folder: Path) -> AsyncIterator[ServingSelkies]:
    """Serve the hard test card.

    Args:
        mode: ``websockets`` or ``webrtc``.
        folder: Empty; takes its settings and logs, and is its home.

    Raises:
        CannotInstall: see `install`.
        AssertionError: if it does not serve in time.
    """
    program, x_server_program = str(selkies_command()), x_server_command()
    port = free_port()
    screen = [x_server_program, "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", f"{WIDTH}x{HEIGHT}x24"]
    environment = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    with _running("x_server", screen, folder, environment) as x_server:
        environment["DISPLAY"] = ":" + await until(lambda: _display(folder), READY_WITHIN_S, "an X display")
        card = [sys.executable, str(CARD_FOLDER / "testcard.py"), "--hard", "--size", f"{WIDTH}x{HEIGHT}"]
        # By itself SDL takes OpenGL for a plain window, which Mesa then does on the CPU: 0.28 instead of 0.04 core.
        drivers = {"SDL_VIDEODRIVER": "x11", "SDL_AUDIODRIVER": "dummy", "SDL_FRAMEBUFFER_ACCELERATION": "0"}
        with (
            _running("title", card, folder, environment | drivers) as title,
            _running("selkies", [program, *settings(mode, port, folder)], folder, environment) as server,
        ):
            await until(lambda: _serves(port), READY_WITHIN_S, f"Selkies serving {mode}")
            groups = {"selkies": [server], "x_server": [x_server], "title": [title]}
            # By this name, since pages from another address are no secure context.
            yield ServingSelkies(f"http://localhost:{port}", groups, folder / "selkies.log")


@contextmanager
def _running(
    name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[psutil.Process]:
    """Run a program and end it with all that it started; its output goes to files of its name in the folder."""
    with (folder / f"{name}.out").open("wb") as out, (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_S)
        # Its children too, those of a parent that has ended as well.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(END_S)


async def _display(folder: Path) -> str:
    return (folder / "x_server.out").read_text().strip()


async def _serves(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
