"""Plays an SDK title in a session: ticks in step with the player's display, pictures, sound, state, input log."""

from __future__ import annotations

import os
import secrets
import sys
import time
from pathlib import Path

from farplay_sdk.events import Event
from farplay_sdk.machine import Machine, StateUnreadable
from farplay_sdk.title import Stream, Title
from render_node.title.device_events import sdk_event
from render_node.title.launch_spec import LaunchSpec
from render_node.title.pacing import Pacer, Phase
from render_node.title.picture_sender import PictureSender
from render_node.title.ring_writer import RingWriter
from render_node.title.sdk.crash_log import CrashLog
from render_node.title.sdk.sound_blocks import SoundBlocks
from render_node.title.sdk.state_file import StateFile
from render_node.title.state_trial import try_state
from render_node.title.worker_link import WorkerLink
from wire import title_ipc as ipc
from wire.title_ipc import Input, Quit, Shift

STATE_EVERY_S = 10.0
"""Between two saved states: what a crash costs at most."""


class SessionHost:
    """Owns the machine while the title plays."""

    def __init__(self, spec: LaunchSpec, link: WorkerLink, ring: RingWriter) -> None:
        self._spec = spec
        self._link = link
        self._pictures = PictureSender(link, ring)
        self._saves_folder = Path(os.environ["FARPLAY_SAVE_DIR"])
        self._states = StateFile(self._saves_folder)
        self._phase = Phase()
        self._seen_seq = 0
        self._quit = False
        self.played = False
        """Whether the program has handed a title over."""

    def play(self, title_class: type[Title]) -> None:
        """Run the title until the session ends; a crash leaves its input log in the save folder."""
        self.played = True
        self._begin(title_class)
        try:
            self._loop(title_class)
            if self._spec.try_state:
                self._try_state(title_class)
        except Exception:
            self._keep_crash()
            raise
        else:
            self._keep_state()
        finally:
            self._states.settle()

    def _begin(self, title_class: type[Title]) -> None:
        self._machine = self._resumed(title_class)
        # Whoever held something when the state was saved may hold nothing now.
        self._events: list[Event] = [(seat, "release") for seat in self._machine.seats_in_use]
        self._canvas = self._machine.title.open_canvas()
        self._sound = SoundBlocks(self._machine.title, self._spec.sound_fd, self._link)

    def _resumed(self, title_class: type[Title]) -> Machine:
        seed = secrets.randbits(63)
        machine, saved = Machine(title_class, seed), self._states.read()
        self._log = CrashLog(seed)
        if saved is None:
            return machine
        try:
            machine.load(saved)
        except StateUnreadable as error:
            print(f"the saved state cannot be read, so the game begins anew: {error}", file=sys.stderr)
            self._states.put_aside()
            return Machine(title_class, seed)
        self._log = CrashLog(seed, saved)
        return machine

    def _loop(self, title_class: type[Title]) -> None:
        pacer = Pacer(self._phase)
        state_due_s = time.monotonic() + STATE_EVERY_S
        while not self._quit:
            self._take_messages()
            self._tick()
            now_ns = time.monotonic_ns()
            if now_ns / 1e9 >= state_due_s:
                self._keep_state()
                state_due_s = now_ns / 1e9 + STATE_EVERY_S
            wait_ns = pacer.next_due_ns(now_ns, title_class.tick_hz) - time.monotonic_ns()
            if wait_ns > 0:
                time.sleep(wait_ns / 1e9)

    def _tick(self) -> None:
        events, self._events = self._events, []
        self._log.note(events)
        self._machine.update(events)
        self._canvas.draw()
        self._sound.play()
        self._pictures.show(self._canvas.pixels(), self._machine.title.size, input_seq=self._seen_seq)

    def _take_messages(self) -> None:
        self._pictures.pay()
        for message in self._link.take():
            if isinstance(message, Input):
                self._events.append(sdk_event(message.seat, message.event.payload))
                self._seen_seq = message.seq
            elif isinstance(message, Shift):
                self._phase.later_ns += message.later_us * 1000
            elif isinstance(message, ipc.Stream):
                self._machine.title.stream = Stream(
                    message.rtt_us / 1000, message.lost_256ths / 256, message.video_bps
                )
            elif isinstance(message, Quit):
                self._quit = True

    def _keep_state(self) -> None:
        saved = self._machine.save()
        if saved is not None:
            self._states.write(saved)
            self._log = CrashLog(self._machine.seed, saved)

    def _try_state(self, title_class: type[Title]) -> None:
        def load(saved: bytes) -> None:
            # Of another seed, so that chance which is not in the state shows.
            self._machine = Machine(title_class, self._machine.seed + 1)
            try:
                self._machine.load(saved)
            except StateUnreadable as error:
                raise ValueError(str(error)) from error

        try_state(lambda: self._machine.save(), load, lambda: self._machine.update(())).write(self._saves_folder)

    def _keep_crash(self) -> None:
        text = self._log.text()
        if text is not None:
            self._states.write_crash(text)
