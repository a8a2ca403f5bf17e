"""A core that is written in Python: what its host calls and what calls back are those of ``libretro.h``."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from render_node.title.confinement import Confinement
from render_node.title.launch_spec import LaunchSpec
from render_node.title.libretro import api, core, program
from render_node.title.libretro.core import Core
from render_node.title.libretro.options import BadOption
from render_node.title.ring_writer import RingWriter
from render_node.title.worker_link import WorkerLink
from wire.title_ipc import FromTitle, Quit, Sound, ToTitle


class PythonCore:
    """Does in ``run`` what a test says; offers no options."""

    def __init__(self, run: Callable[[PythonCore], None]) -> None:
        self._run = run
        self.callbacks: dict[str, Callable[..., Any]] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> int:
            if name.startswith("retro_set_"):
                self.callbacks[name] = arguments[0]
            return 0

        return call

    def retro_load_game(self, game: api.GameInfo) -> bool:
        return True

    def retro_get_system_av_info(self, info: api.AvInfo) -> None:
        info.timing = api.Timing(fps=1e6, sample_rate=44_100)

    def retro_run(self) -> None:
        self._run(self)

    def change_rate(self, rate_hz: float) -> None:
        info = api.AvInfo(timing=api.Timing(fps=1e6, sample_rate=rate_hz))
        self.callbacks["retro_set_environment"](api.Environment.SET_SYSTEM_AV_INFO, ctypes.addressof(info))


class Link:
    """A worker that ends the session after a few looks."""

    def __init__(self, looks: int) -> None:
        self._looks = looks
        self.sent: list[FromTitle] = []

    def take(self) -> list[ToTitle]:
        self._looks -= 1
        return [] if self._looks else [Quit()]

    def send(self, message: FromTitle) -> bool:
        self.sent.append(message)
        return True


def python_core(monkeypatch: pytest.MonkeyPatch, run: Callable[[PythonCore], None]) -> None:
    monkeypatch.setattr(core, "_load", lambda path: PythonCore(run))


def loaded(folder: Path, options: dict[str, str]) -> Core:
    content = folder / "game"
    content.write_bytes(b"")
    made = Core(
        folder / "python.so",
        system_folder=folder,
        save_folder=folder,
        options=options,
        on_picture=lambda picture: None,
        on_input=lambda *asked: 0,
    )
    made.load(content)
    return made


def test_the_sound_of_a_frame_is_handed_over_at_once_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(core: PythonCore) -> None:
        core.callbacks["retro_set_audio_sample"](1, -32768)
        batch = ctypes.create_string_buffer(struct.pack("=4h", 2, 3, 4, 5), 8)
        core.callbacks["retro_set_audio_sample_batch"](ctypes.addressof(batch), 2)
        core.callbacks["retro_set_audio_sample"](32767, 6)

    python_core(monkeypatch, run)
    played = loaded(tmp_path, {})
    frame = struct.pack("=8h", 1, -32768, 2, 3, 4, 5, 32767, 6)
    assert [played.run(), played.run()] == [frame, frame]


def test_an_option_for_a_core_without_any_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python_core(monkeypatch, lambda core: None)
    with pytest.raises(BadOption, match="no option filter; it has: none"):
        loaded(tmp_path, {"filter": "soft"})


def test_the_worker_is_told_when_the_sample_rate_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python_core(monkeypatch, lambda core: core.change_rate(32_040.4))
    monkeypatch.setenv("FARPLAY_SAVE_DIR", str(tmp_path))
    for name in ("python.so", "game"):
        (tmp_path / name).write_bytes(b"")
    link, sound_fd = Link(looks=3), os.open(os.devnull, os.O_WRONLY)
    spec = LaunchSpec(
        kind="libretro", socket_fd=-1, ring_fd=-1, sound_fd=sound_fd, folder=str(tmp_path), entry="game",
        arguments=("--core", "python.so"), width_px=256, height_px=224, fps=60, launcher_path="", packages_path="",
        confinement=Confinement((), close_others=False),
    )  # fmt: skip
    program.run(spec, cast("WorkerLink", link), cast("RingWriter", None))
    os.close(sound_fd)
    assert link.sent == [Sound(44_100, 2, True, 16), Sound(32_040, 2, True, 16)]
