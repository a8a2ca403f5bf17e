"""The title: wishes from inputs, the flight, and what eye and ear get of it."""

from __future__ import annotations

import moderngl
import numpy as np
from numpy.typing import NDArray

from farplay_sdk import Button, Inputs
from farplay_sdk.gl import GLTitle

from .flight import Flight, Wish, lay_out, read_flight, tick
from .scene import Scene
from .sound import Sounds


def read_wish(inputs: Inputs) -> Wish:
    """Return what the player wants in this tick."""
    pad = inputs.player.pad
    return Wish(pad.left[0], -pad.left[1], pad.down(Button.A), pad.pressed(Button.A))


class Skerry(GLTitle):
    """The game of the islands."""

    size = (960, 540)

    def start(self) -> None:
        """Begin above the sea."""
        self.flight = Flight()
        lay_out(self.flight, self.random)
        self.sounds = Sounds()

    def start_gl(self, context: moderngl.Context) -> None:
        """Make the scene."""
        self.scene = Scene(context, self.size)

    def update(self, inputs: Inputs) -> None:
        """Fly on; sounds follow what happened and change nothing."""
        self.sounds.note(tick(self.flight, read_wish(inputs), self.random))

    def draw_gl(self, target: moderngl.Framebuffer) -> None:
        """Draw the flight."""
        target.clear(depth=1.0)
        self.scene.draw(self.flight)

    def sound(self, block: NDArray[np.float32]) -> None:
        """Let wind and chimes be heard."""
        self.sounds.mix(block, self.flight)

    def save_state(self) -> bytes:
        """Return the flight."""
        return self.flight.to_bytes()

    def load_state(self, state: bytes) -> None:
        """Go on with a flight of another day."""
        self.flight = read_flight(state)
