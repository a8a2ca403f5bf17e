"""Runs a title of the kind ``native``: its program on an X server, captured when it has drawn."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from render_node.title.launch_spec import LaunchSpec
from render_node.title.native.cursor import cursor_story
from render_node.title.native.fake_devices import FakeDevices
from render_node.title.native.framebuffer import Framebuffer
from render_node.title.native.servers import (
    SCRATCH,
    SOUND_RATE_HZ,
    ServerMissing,
    SoundServer,
    XServer,
    program_environment,
)
from render_node.title.native.stage import Stage
from render_node.title.native.x11_client import X11Client
from render_node.title.native.x11_messages import Event
from render_node.title.pacing import Allowance
from render_node.title.picture_sender import PictureSender
from render_node.title.ring_writer import RingWriter
from render_node.title.seat_keyboard import FIRST_SEAT
from render_node.title.worker_link import WorkerLink
from wire.title_ipc import Input, Quit, Sound

SCREEN_FOLDER = SCRATCH / "screen"
CAPTURE_BURST = 2
"""Pictures that may follow each other sooner than the title's frame rate, which programs keep only roughly."""


def run(spec: LaunchSpec, link: WorkerLink, ring: RingWriter) -> None:
    """Run the program until it ends.

    Raises:
        SystemExit: with the program's own status, or in words if it cannot be run.
    """
    try:
        x_server = XServer((spec.width_px, spec.height_px), SCREEN_FOLDER)
        try:
            status = _run_with_sound(spec, link, ring, x_server)
        finally:
            x_server.stop()
    except ServerMissing as error:
        raise SystemExit(str(error)) from error
    raise SystemExit(status if status >= 0 else 128 - status)


def _run_with_sound(spec: LaunchSpec, link: WorkerLink, ring: RingWriter, x_server: XServer) -> int:
    sound_server = SoundServer(spec.sound_fd)
    try:
        client = X11Client(display := x_server.ready())
        sound_server.ready()
        link.send(Sound(SOUND_RATE_HZ, channels=2, signed=True, bits=16))
        program = _start_program(spec, display)
        try:
            return _Capture(spec, link, ring, client, Framebuffer(x_server.pixels_file), program).run()
        finally:
            program.kill()
            program.wait()
    finally:
        sound_server.stop()


def _start_program(spec: LaunchSpec, display: int) -> subprocess.Popen[bytes]:
    path = Path(spec.folder) / spec.entry
    try:
        return subprocess.Popen(
            [str(path), *spec.arguments], cwd=spec.folder, env=program_environment(display), start_new_session=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        hint = "; make it executable: chmod +x" if isinstance(error, PermissionError) else ""
        raise SystemExit(f"{spec.entry} cannot be run: {error.strerror}{hint}") from error


class _Capture:
    """Looks at the screen whenever something has changed, and hands input on; sleeps otherwise."""

    def __init__(
        self,
        spec: LaunchSpec,
        link: WorkerLink,
        ring: RingWriter,
        client: X11Client,
        framebuffer: Framebuffer,
        program: subprocess.Popen[bytes],
    ) -> None:
        self._link = link
        self._client = client
        self._framebuffer = framebuffer
        self._program = program
        self._stage = Stage((spec.width_px, spec.height_px))
        self._devices = FakeDevices(spec.fps)
        self._pictures = PictureSender(link, ring)
        self._allowance = Allowance(spec.fps, CAPTURE_BURST)
        self._frame_ns = 1_000_000_000 // spec.fps
        self._focused: int | None = None
        self._changed = False
        self._seen_seq = 0
        self._asked_to_end = False

    def run(self) -> int:
        """Return the program's exit status when it has ended, negative for a signal.

        One that lets SIGTERM end it when it is asked to end has done as it was asked.
        """
        program_fd = os.pidfd_open(self._program.pid)
        poll = select.poll()
        for descriptor in (program_fd, self._client.fileno(), self._link.fileno()):
            poll.register(descriptor, select.POLLIN)
        try:
            while self._program.poll() is None:
                self._take_messages()
                self._take_events()
                self._capture()
                poll.poll(self._wait_ms())
        except (EOFError, OSError):
            print("the X server has ended", file=sys.stderr)
            self._program.kill()
        finally:
            os.close(program_fd)
        status = self._program.wait()
        return 0 if self._asked_to_end and status == -signal.SIGTERM else status

    def _wait_ms(self) -> int | None:
        """Return how long nothing needs doing unless something happens."""
        now_ns = time.monotonic_ns()
        waits = [due_ns - now_ns for due_ns in (self._devices.next_due_ns(),) if due_ns is not None]
        if self._changed and self._stage.place is not None:
            waits.append(self._frame_ns // 4)
        if self._client.has_events:
            waits.append(0)
        return max(-(-min(waits) // 1_000_000), 0) if waits else None

    def _take_messages(self) -> None:
        now_ns = time.monotonic_ns()
        actions = self._devices.due(now_ns)
        for message in self._link.take():
            if isinstance(message, Input):
                if message.seat == FIRST_SEAT:
                    actions += self._devices.apply(message.event.payload, self._stage.place, now_ns)
                self._seen_seq = message.seq
            elif isinstance(message, Quit):
                self._asked_to_end = True
                os.killpg(self._program.pid, signal.SIGTERM)
        if actions:
            self._client.pretend(actions)

    def _take_events(self) -> None:
        cursor_changed = False
        for event in self._client.take_events():
            self._changed = self._changed or self._client.is_damage(event)
            cursor_changed = cursor_changed or self._client.is_cursor(event)
            self._follow(event)
        if cursor_changed and (image := self._client.cursor()) is not None:
            self._link.send(cursor_story(image))

    def _follow(self, event: Event) -> None:
        before = self._stage.place
        self._stage.take(event)
        if self._stage.place != before:
            self._changed = True
        if self._stage.focus not in (None, self._focused):
            self._focused = self._stage.focus
            self._client.focus(self._focused)

    def _capture(self) -> None:
        self._pictures.pay()
        place = self._stage.place
        if not self._changed or place is None or not self._allowance.take(time.monotonic_ns()):
            return
        self._changed = False
        self._client.hold_still()
        pixels = self._framebuffer.copy(place)
        self._client.go_on()
        self._pictures.show(pixels.data.cast("B"), (place.width, place.height), input_seq=self._seen_seq)
