"""Runs a title of the kind ``libretro``: the manifest's entry is the content, its arguments name the core."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from farplay_sdk.devices import Devices
from farplay_sdk.inputs import Button, Inputs, Pad, Seat
from farplay_sdk.keys import Key
from render_node.title.device_events import sdk_event
from render_node.title.launch_spec import LaunchSpec
from render_node.title.libretro.core import Core, CoreUnusable, Picture
from render_node.title.libretro.game_saves import GameSaves
from render_node.title.libretro.options import BadOption, read_chosen
from render_node.title.libretro.pixels import to_bgrx, whole_factor
from render_node.title.libretro.retro_pads import PORTS, answer
from render_node.title.pacing import Pacer, Phase
from render_node.title.picture_sender import PictureSender
from render_node.title.ring_writer import RingWriter
from render_node.title.runtime_paths import runtime_folders
from render_node.title.sound_feed import SoundFeed
from render_node.title.state_trial import try_state
from render_node.title.worker_link import WorkerLink
from wire.title_ipc import Input, Quit, Shift

BATTERY_EVERY_S = 5.0
"""Between two looks at the cartridge's memory."""

CORE_FOLDERS = ("usr/lib/*/libretro", "usr/lib/libretro")
"""Where distributions install cores, and Debian's packages in a runtime have them."""


def run(spec: LaunchSpec, link: WorkerLink, ring: RingWriter) -> None:
    """Run the core until the session ends, or the core does.

    Raises:
        SystemExit: in words, if core, content or options do not go together.
    """
    folder = Path(spec.folder)
    arguments = _read_arguments(spec.arguments)
    try:
        library = find_core(arguments.core, folder)
        _Player(spec, link, ring, library, read_chosen(arguments.option)).play(folder / spec.entry)
    except (CoreUnusable, BadOption) as error:
        raise SystemExit(str(error)) from error


def _read_arguments(arguments: tuple[str, ...]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="title.toml: arguments", add_help=False)
    parser.add_argument("--core", required=True)
    parser.add_argument("--option", action="append", default=[])
    return parser.parse_args(arguments)


def find_core(name: str, folder: Path) -> Path:
    """Return a core: a file of the title's folder, or the name of one in its runtime, or that is installed.

    Raises:
        CoreUnusable: there is none.
    """
    if name.endswith(".so"):
        found = [folder / name]
    else:
        roots = (*runtime_folders(), Path("/"))
        found = [
            path for root in roots for place in CORE_FOLDERS for path in root.glob(f"{place}/{name}_libretro.so")
        ]
    for path in found:
        if path.is_file():
            return path
    raise CoreUnusable(
        f"there is no core {name}: put its .so into the title's folder or a runtime, or install it on this machine "
        f"(Debian and Ubuntu: apt install libretro-{name})"
    )


class _Player:
    """Owns the core while the session lasts."""

    def __init__(
        self, spec: LaunchSpec, link: WorkerLink, ring: RingWriter, library: Path, options: dict[str, str]
    ) -> None:
        self._link = link
        self._room = (spec.width_px, spec.height_px)
        self._sound_fd = spec.sound_fd
        self._try_state = spec.try_state
        self._saves_folder = Path(os.environ["FARPLAY_SAVE_DIR"])
        self._pictures = PictureSender(link, ring)
        self._phase = Phase()
        self._devices = Devices(self._room)
        self._seats: tuple[Seat, ...] = ()
        self._seen_seq = 0
        self._quit = False
        self._core = Core(
            library,
            system_folder=Path(spec.folder),
            save_folder=self._saves_folder,
            options=options,
            on_picture=self._show,
            on_input=self._answer,
        )

    def play(self, content: Path) -> None:
        core = self._core
        core.load(content)
        core.plug_pads(PORTS)
        self._saves = GameSaves(core, self._saves_folder, content.stem)
        self._saves.load_battery()
        feed = SoundFeed(self._sound_fd, self._link, core.sample_rate_hz)
        pacer, battery_due_s = Pacer(self._phase), time.monotonic() + BATTERY_EVERY_S
        while not self._quit and not core.is_over:
            self._take_messages()
            sound = core.run()
            feed.set_rate(core.sample_rate_hz)
            feed.play(sound)
            now_ns = time.monotonic_ns()
            if now_ns / 1e9 >= battery_due_s:
                self._saves.keep_battery()
                battery_due_s = now_ns / 1e9 + BATTERY_EVERY_S
            wait_ns = pacer.next_due_ns(now_ns, core.fps) - time.monotonic_ns()
            if wait_ns > 0:
                time.sleep(wait_ns / 1e9)
        if self._try_state:
            try_state(core.save_state, self._load_state, core.run).write(self._saves_folder)
        self._saves.keep_battery()
        self._saves.settle()
        core.close()

    def _load_state(self, state: bytes) -> None:
        if not self._core.load_state(state):
            raise ValueError("the core does not take it")

    def _take_messages(self) -> None:
        self._pictures.pay()
        events = []
        for message in self._link.take():
            if isinstance(message, Input):
                events.append(sdk_event(message.seat, message.event.payload))
                self._seen_seq = message.seq
            elif isinstance(message, Shift):
                self._phase.later_ns += message.later_us * 1000
            elif isinstance(message, Quit):
                self._quit = True
        inputs = self._devices.view(0, events)
        self._seats = inputs.seats
        self._obey(inputs)

    def _obey(self, inputs: Inputs) -> None:
        """Save or load a state as the first player asks: by F2 and F4, or BACK held with RB and LB."""
        keyboard, pad = inputs.player.keyboard, inputs.player.pad
        ordering = pad.down(Button.BACK)
        if keyboard.pressed(Key.F2) or (ordering and pad.pressed(Button.RB)):
            print(self._saves.save_state(), flush=True)
        if keyboard.pressed(Key.F4) or (ordering and pad.pressed(Button.LB)):
            print(self._saves.load_state(), flush=True)

    def _answer(self, port: int, device: int, index: int, number: int) -> int:
        pad = self._seats[port].pad if port < PORTS and self._seats else Pad()
        return answer(pad, device, index, number)

    def _show(self, picture: Picture) -> None:
        factor = whole_factor(picture.size, self._room)
        pixels = to_bgrx(picture.raw, picture.size, picture.pitch, picture.layout, factor)
        height, width = pixels.shape
        self._pictures.show(pixels.data.cast("B"), (width, height), input_seq=self._seen_seq)
