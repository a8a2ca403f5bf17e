"""``pygame.event``: before a title looks at its events, what the player did is put among them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from render_node.title.pacing import Phase
from render_node.title.picture_sender import PictureSender
from render_node.title.pygame_hooks.clock_hook import ClockHook
from render_node.title.pygame_hooks.cursor_hook import CursorHook
from render_node.title.pygame_hooks.display_hook import DisplayHook
from render_node.title.pygame_hooks.hooking import post, replace
from render_node.title.pygame_hooks.keyboard_hook import KeyboardHook
from render_node.title.pygame_hooks.mouse_hook import MouseHook
from render_node.title.pygame_hooks.pad_hook import PadHook
from render_node.title.pygame_hooks.sound_hook import SoundHook
from render_node.title.pygame_hooks.text_hook import TextHook
from render_node.title.pygame_hooks.touch_hook import TouchHook
from render_node.title.ring_writer import RingWriter
from render_node.title.seat_keyboard import FIRST_SEAT, SeatKeyboards
from render_node.title.worker_link import WorkerLink
from wire.input_events import Key, Pad, PadPresence, Payload, ReleaseAll, Text, Touch
from wire.title_ipc import Input, Quit, Shift, ToTitle

WAIT_SLICE_MS = 8
"""Longest sleep inside ``event.wait``: pygame's own timers post events without waking it."""


def text_after(messages: Sequence[ToTitle], index: int) -> str | None:
    """Return the character that the message after a key press carries: what the player's layout makes of it."""
    following = messages[index + 1] if index + 1 < len(messages) else None
    if isinstance(following, Input) and isinstance(following.event.payload, Text):
        text = following.event.payload.text
        return text if len(text) == 1 else None
    return None


class EventHook:
    """Owns all devices and applies messages to them in the order in which they came."""

    def __init__(
        self,
        pygame: ModuleType,
        link: WorkerLink,
        ring: RingWriter,
        desktop_size: tuple[int, int],
        fps: int,
        sound_fd: int,
    ) -> None:
        self._pygame = pygame
        self._link = link
        self._seen_seq = 0
        self._step_pictures = 0
        self._phase = Phase()
        self._pictures = PictureSender(link, ring)
        self._display = DisplayHook(
            pygame, self._pictures, desktop_size, fps, self._phase, seen_input_seq=lambda: self._seen_seq
        )
        self._keyboard = KeyboardHook(pygame)
        self._text = TextHook(pygame, link)
        self._mouse = MouseHook(pygame, self._display.picture_size)
        self._cursor = CursorHook(pygame, link)
        self._touch = TouchHook(pygame, self._mouse, self._display.picture_size)
        self._pads = PadHook(pygame, link)
        self._seat_keyboards = SeatKeyboards()
        self._sound = SoundHook(pygame, link, sound_fd)
        self._clock = ClockHook(pygame, self._phase, self._on_tick)

    def install(self) -> None:
        """Replace everything that a title may call."""
        for hook in (
            self._display, self._keyboard, self._text, self._mouse, self._cursor, self._pads, self._clock
        ):  # fmt: skip
            hook.install()
        event = self._pygame.event
        self._poll = event.poll
        for name in ("get", "poll", "pump", "peek", "clear"):
            replace(event, name, self._pumping(getattr(event, name)))
        replace(event, "wait", self._wait)

    def pump(self) -> None:
        """Apply what has come; called before the title looks at its events."""
        self._pictures.pay()
        self._sound.poll()
        if self._pictures.pictures != self._step_pictures:
            self._step_pictures = self._pictures.pictures
            for device in (self._keyboard, self._mouse, self._pads):
                device.begin_step()
        now_ms = time.monotonic_ns() // 1_000_000
        messages = self._link.take()
        for index, message in enumerate(messages):
            if isinstance(message, Input):
                self._apply(message.seat, message.event.payload, text_after(messages, index), now_ms)
                self._seen_seq = message.seq
            elif isinstance(message, Shift):
                self._phase.later_ns += message.later_us * 1000
            elif isinstance(message, Quit):
                post(self._pygame, self._pygame.QUIT)
        self._keyboard.post_repeat(now_ms)

    def _apply(self, seat: int, payload: Payload, text: str | None, now_ms: int) -> None:
        match payload:
            case Pad():
                self._pads.apply(seat, payload)
            case PadPresence(index, connected):
                self._pads.presence(seat, index, connected)
            case Touch():
                self._touch.apply(seat, payload)
            case _ if seat != FIRST_SEAT:
                self._apply_further_seat(seat, payload)
            case Key():
                self._keyboard.apply(payload, text, now_ms)
            case Text():
                self._text.apply(payload.text)
            case ReleaseAll():
                for device in (self._keyboard, self._mouse):
                    device.release_all()
                self._touch.release_all(seat)
                self._pads.release_all(seat)
            case _:
                self._mouse.apply(payload)

    def _apply_further_seat(self, seat: int, payload: Payload) -> None:
        """A keyboard becomes a pad; text and mouse have nowhere to go in a program that knows one of each."""
        if isinstance(payload, Key):
            pad = self._seat_keyboards.apply(seat, payload)
            if pad is not None:
                self._pads.apply(seat, pad)
        elif isinstance(payload, ReleaseAll):
            self._seat_keyboards.release_all(seat)
            self._touch.release_all(seat)
            self._pads.release_all(seat)

    def _on_tick(self) -> None:
        self._pictures.pay()
        self._sound.poll()
        self._link.fetch()

    def _pumping(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def pump_then_call(*arguments: Any, **keywords: Any) -> Any:
            self.pump()
            return original(*arguments, **keywords)

        return pump_then_call

    def _wait(self, timeout: int = 0) -> Any:
        deadline_ms = time.monotonic_ns() // 1_000_000 + timeout if timeout > 0 else None
        while True:
            self.pump()
            event = self._poll()
            now_ms = time.monotonic_ns() // 1_000_000
            if event.type != self._pygame.NOEVENT or (deadline_ms is not None and now_ms >= deadline_ms):
                return event
            left_ms = WAIT_SLICE_MS if deadline_ms is None else min(WAIT_SLICE_MS, deadline_ms - now_ms)
            self._link.wait(left_ms)
