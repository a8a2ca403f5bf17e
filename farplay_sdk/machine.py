"""A title that is run tick by tick: the deterministic part, the same in a session and in a replay. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from random import Random

from farplay_sdk.devices import Devices
from farplay_sdk.events import Event
from farplay_sdk.title import Title

STATE_VERSION = 1
SIZE_MIN, SIZE_MAX = (16, 16), (1920, 1080)
TICK_HZ_MAX = 240


class BadTitle(Exception):
    """The class breaks a rule of the SDK; the text says which."""


class StateUnreadable(Exception):
    """A saved state that cannot be gone on from."""


class Machine:
    """Owns the title's object."""

    def __init__(self, title_class: type[Title], seed: int) -> None:
        """Make the title and start it.

        Args:
            title_class: What the program handed to ``run``.
            seed: What ``title.random`` begins with.

        Raises:
            BadTitle: its size or tick is out of bounds, or it is no ``Title``.
        """
        _check(title_class)
        self.seed = seed
        self.tick = 0
        """Ticks so far."""
        self._devices = Devices(title_class.size)
        self.title = title_class()
        self.title.random = Random(seed)
        self.title.start()

    @property
    def seats_in_use(self) -> tuple[int, ...]:
        """Seats whose devices were ever used."""
        return self._devices.in_use

    def update(self, events: Iterable[Event]) -> None:
        """Run one tick."""
        inputs = self._devices.view(self.tick, events)
        self.tick += 1
        self.title.update(inputs)

    def save(self) -> bytes | None:
        """Return all that the next ticks depend on: a line of JSON and the title's own state; None if it has none.

        Raises:
            BadTitle: ``save_state`` returned something else than bytes.
        """
        state = self.title.save_state()
        if state is None:
            return None
        if not isinstance(state, bytes):
            raise BadTitle(f"save_state must return bytes, not {type(state).__name__}")
        version, internal, gauss = self.title.random.getstate()
        head = {
            "state": STATE_VERSION,
            "tick": self.tick,
            "random": [version, list(internal), gauss],
            "held": self._devices.held(),
        }
        return json.dumps(head, separators=(",", ":")).encode() + b"\n" + state

    def load(self, saved: bytes) -> None:
        """Go on from what ``save`` returned; the title was just started.

        Raises:
            StateUnreadable: it is not such a state, or the title does not take it. Make a new machine then.
        """
        head, newline, state = saved.partition(b"\n")
        try:
            fields = json.loads(head)
            if not newline or fields["state"] != STATE_VERSION:
                raise ValueError(f"not a state of version {STATE_VERSION}")
            version, internal, gauss = fields["random"]
            self.title.random.setstate((version, tuple(internal), gauss))
            self._devices.hold(fields["held"])
            self.tick = int(fields["tick"])
            self.title.load_state(state)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise StateUnreadable(str(error) or type(error).__name__) from error

    def digest(self) -> str:
        """Return the SHA-256 of the state, by which two runs are compared.

        Raises:
            BadTitle: the title keeps no state.
        """
        saved = self.save()
        if saved is None:
            raise BadTitle("the title keeps no state: override save_state and load_state")
        return hashlib.sha256(saved).hexdigest()


def _check(title_class: type[Title]) -> None:
    if not isinstance(title_class, type) or not issubclass(title_class, Title):
        raise BadTitle("run takes a class that derives from farplay_sdk.Title")
    size, tick_hz = title_class.size, title_class.tick_hz
    fits = all(low <= edge <= high for edge, low, high in zip(size, SIZE_MIN, SIZE_MAX, strict=True))
    if not fits:
        raise BadTitle(f"size is {size}; it must be from {SIZE_MIN} to {SIZE_MAX}")
    if not 1 <= tick_hz <= TICK_HZ_MAX:
        raise BadTitle(f"tick_hz is {tick_hz}; it must be from 1 to {TICK_HZ_MAX}")
