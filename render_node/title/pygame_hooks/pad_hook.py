"""Game pads: a stand-in for ``pygame.joystick`` that shows each pad as pygame shows an Xbox controller."""

from __future__ import annotations

from types import ModuleType

from render_node.title.held import Held
from render_node.title.pygame_hooks.hooking import post, replace
from render_node.title.pygame_hooks.pad_layout import (
    AXES,
    BUTTONS,
    GUID,
    HAT_BITS,
    NAME,
    axis_values,
    button_set,
    hat_value,
)
from render_node.title.seat_keyboard import KEYBOARD_PAD_INDEX
from render_node.title.worker_link import WorkerLink
from wire.frame_story import SeatRumble
from wire.input_events import Pad

AT_REST = (0, 0, 0, 0, 0, 0)


class PadState:
    """One connected pad, whether or not the title has opened it."""

    def __init__(self, instance_id: int, seat: int, index: int) -> None:
        self.instance_id = instance_id
        self.seat = seat
        self.index = index
        self.buttons = Held()
        self.axes: tuple[float, ...] = (0.0, 0.0, -1.0, 0.0, 0.0, -1.0)
        self.hat = (0, 0)
        self.connected = True
        self.opened = True
        """Until the title closes it. SDL sends nothing of a pad before it is opened, but a tab shows a pad with its
        first press, which must not be lost while the title is only about to open it."""


class Joystick:
    """What ``pygame.joystick.Joystick`` is for a title; handles of one pad share its state."""

    def __init__(self, state: PadState, link: WorkerLink) -> None:
        self._state = state
        self._link = link
        self.init()

    def init(self) -> None:
        """Open the pad; it is open since its creation unless it was quit."""
        self._state.opened = True

    def quit(self) -> None:
        """Close the pad: its events stop."""
        self._state.opened = False

    def get_init(self) -> bool:
        """Return whether the pad is open and still there."""
        return self._state.opened and self._state.connected

    def get_id(self) -> int:
        """Return the device index (deprecated in pygame)."""
        return self._state.instance_id

    def get_instance_id(self) -> int:
        """Return the id that events carry."""
        return self._state.instance_id

    def get_guid(self) -> str:
        """Return SDL's id of this model."""
        return GUID

    def get_name(self) -> str:
        """Return the name that SDL gives this model."""
        return NAME

    def get_power_level(self) -> str:
        """Return the battery's state."""
        return "unknown"

    def get_numaxes(self) -> int:
        """Return the number of axes, triggers included."""
        return AXES

    def get_axis(self, axis_number: int) -> float:
        """Return a position from -1 to 1."""
        return self._state.axes[axis_number]

    def get_numbuttons(self) -> int:
        """Return the number of buttons, without the d-pad."""
        return BUTTONS

    def get_button(self, button: int) -> bool:
        """Return whether a button is down."""
        return self._state.buttons.is_down(button)

    def get_numhats(self) -> int:
        """Return 1: the d-pad."""
        return 1

    def get_hat(self, hat_number: int) -> tuple[int, int]:
        """Return the d-pad's position."""
        return self._state.hat

    def get_numballs(self) -> int:
        """Return 0."""
        return 0

    def rumble(self, low_frequency: float, high_frequency: float, duration: int) -> bool:
        """Run the motors at 0..1 for some milliseconds; 0 means until stopped. False if there are none."""
        if self._state.index == KEYBOARD_PAD_INDEX:
            return False
        low, high = (int(min(max(value, 0.0), 1.0) * 65535) for value in (low_frequency, high_frequency))
        duration_ms = min(max(int(duration), 0), 65535) or 65535
        return self._link.send(SeatRumble(self._state.seat, self._state.index, low, high, duration_ms))

    def stop_rumble(self) -> None:
        """Stop the motors."""
        if self._state.index != KEYBOARD_PAD_INDEX:
            self._link.send(SeatRumble(self._state.seat, self._state.index, 0, 0, 0))


class PadHook:
    """Applies ``Pad`` and ``PadPresence`` events and answers for ``pygame.joystick``."""

    def __init__(self, pygame: ModuleType, link: WorkerLink) -> None:
        self._pygame = pygame
        self._link = link
        self._pads: list[PadState] = []
        self._next_instance_id = 0
        self._started = False

    def install(self) -> None:
        """Replace ``pygame.joystick``'s functions and type."""
        joystick = self._pygame.joystick
        replace(joystick, "init", self._init)
        replace(joystick, "quit", self._quit)
        replace(joystick, "get_init", lambda: self._started or self._pygame.get_init())
        replace(joystick, "get_count", lambda: len(self._pads))
        replace(joystick, "Joystick", self._open)
        replace(joystick, "JoystickType", Joystick)

    def begin_step(self) -> None:
        """The title has drawn a frame."""
        for pad in self._pads:
            pad.buttons.begin_step()

    def presence(self, seat: int, index: int, connected: bool) -> None:
        """A pad was plugged in or out."""
        pad = self._find(seat, index)
        if connected and pad is None:
            self._connect(seat, index)
        elif not connected and pad is not None:
            self._move(pad, Pad(index, 0, AT_REST))
            pad.connected = False
            self._pads.remove(pad)
            post(self._pygame, self._pygame.JOYDEVICEREMOVED, instance_id=pad.instance_id)

    def apply(self, seat: int, event: Pad) -> None:
        """Take a snapshot of one pad; an unknown one is plugged in by it."""
        pad = self._find(seat, event.index) or self._connect(seat, event.index)
        self._move(pad, event)

    def release_all(self, seat: int) -> None:
        """The page of a seat's player lost focus."""
        for pad in self._pads:
            if pad.seat == seat:
                self._move(pad, Pad(pad.index, 0, AT_REST))

    def _find(self, seat: int, index: int) -> PadState | None:
        return next((pad for pad in self._pads if (pad.seat, pad.index) == (seat, index)), None)

    def _connect(self, seat: int, index: int) -> PadState:
        pad = PadState(self._next_instance_id, seat, index)
        self._next_instance_id += 1
        self._pads.append(pad)
        post(self._pygame, self._pygame.JOYDEVICEADDED, device_index=len(self._pads) - 1, guid=GUID)
        return pad

    def _move(self, pad: PadState, event: Pad) -> None:
        whose = {"joy": pad.instance_id, "instance_id": pad.instance_id}
        for axis, value in enumerate(axis_values(event)):
            if value != pad.axes[axis]:
                self._post(pad, self._pygame.JOYAXISMOTION, axis=axis, value=value, **whose)
        pad.axes = axis_values(event)
        hat = hat_value(event.buttons & HAT_BITS)
        if hat != pad.hat:
            pad.hat = hat
            self._post(pad, self._pygame.JOYHATMOTION, hat=0, value=hat, **whose)
        down = button_set(event.buttons)
        for button in range(BUTTONS):
            if button in down and pad.buttons.press(button):
                self._post(pad, self._pygame.JOYBUTTONDOWN, button=button, **whose)
            elif button not in down and pad.buttons.release(button):
                self._post(pad, self._pygame.JOYBUTTONUP, button=button, **whose)

    def _post(self, pad: PadState, kind: int, **attributes: object) -> None:
        if pad.opened:
            post(self._pygame, kind, **attributes)

    def _open(self, id: int) -> Joystick:
        if not 0 <= id < len(self._pads):
            raise self._pygame.error("Invalid joystick device number")
        return Joystick(self._pads[id], self._link)

    def _init(self) -> None:
        self._started = True

    def _quit(self) -> None:
        self._started = False
