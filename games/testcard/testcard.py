"""Test card: a picture that machines can read back from the player's screen. An ordinary pygame program.

Machine-readable cells are squares of ``width / 64``, black for 0 and white for 1, most significant bit first; a
group's checksum is the XOR of the seven bytes before it::

    bottom row         0-31 frame number | 32-55 flips so far | 56-63 checksum
    row above it       0-7 key presses | 8-15 taps and clicks | 16-23 pad button presses (each modulo 256)
                       24-31 pad axis 0 | 32-39 mouse x | 40-47 mouse y (each 0..255)
                       48-55 tone playing (0 none, else 1 + its index) | 56-63 checksum
    top left block     10% of the width by 18% of the height: black or white, turns at each press of X, of pad
                       button A, or tap or click on it

Keys 1-4 switch tones of 440, 660, 880 and 1320 Hz on and off. ``--hard`` draws what is hard to encode. ``--still N``
flips the same picture from frame N on, as a game does that waits.
"""

from __future__ import annotations

import argparse
import array
import math
import sys
from dataclasses import dataclass

import pygame
from scenery import CalmScenery, HardScenery  # type: ignore[import-not-found]  # beside this file, as titles do

FPS = 60
TONES_HZ = (440, 660, 880, 1320)
TONE_KEYS = (pygame.K_1, pygame.K_2, pygame.K_3, pygame.K_4)
AMPLITUDE = 0.5
CELLS = 64
ARTWORK_FRAME = 4321
"""A moment at which nothing that moves covers another."""


@dataclass
class Seen:
    """What the player did so far."""

    flips: int = 0
    keys: int = 0
    taps: int = 0
    pad_buttons: int = 0
    axis: float = 0.0
    mouse: tuple[int, int] = (0, 0)


def checked(values: bytes) -> int:
    """Return seven bytes and their XOR as one 64-bit number."""
    check = 0
    for value in values:
        check ^= value
    return int.from_bytes(values + bytes([check]), "big")


class Tones:
    """Endless sines, one at a time."""

    def __init__(self) -> None:
        self.playing: int | None = None
        self._channel: pygame.mixer.Channel | None = None

    def toggle(self, index: int) -> None:
        """Switch a tone on, or off if it is the one that plays."""
        if self._channel is not None:
            self._channel.stop()
        if index == self.playing or not pygame.mixer.get_init():
            self.playing = None
            return
        self._channel = self._sine(TONES_HZ[index]).play(loops=-1)
        self.playing = index

    @staticmethod
    def _sine(frequency_hz: int) -> pygame.mixer.Sound:
        rate_hz, _, channels = pygame.mixer.get_init() or (48000, -16, 2)
        one_second = array.array("h")
        for n in range(rate_hz):
            value = round(AMPLITUDE * 32767 * math.sin(2 * math.pi * frequency_hz * n / rate_hz))
            one_second.extend([value] * channels)
        return pygame.mixer.Sound(buffer=one_second)


class TestCard:
    """The program."""

    def __init__(self, size: tuple[int, int], *, hard: bool, seed: int, fps: int = FPS) -> None:
        self._screen = pygame.display.set_mode(size)
        self._size = self._screen.get_size()
        self._cell_px = self._size[0] // CELLS
        self._block = pygame.Rect(0, 0, round(self._size[0] * 0.10), round(self._size[1] * 0.18))
        self._scenery = HardScenery(self._size, seed) if hard else CalmScenery(self._size)
        self._font = pygame.font.Font(None, max(self._size[1] // 12, 12))
        self._tones = Tones()
        self._pads: dict[int, pygame.joystick.JoystickType] = {}
        self._seen = Seen()
        self._fps = fps
        self._frame = 0

    def play(self, first_tone: int | None, still_from: float = math.inf) -> None:
        """Run until the window is closed; from one frame on nothing is drawn, though flipped."""
        if first_tone is not None:
            self._tones.toggle(first_tone)
        clock = pygame.time.Clock()
        while all(self._take(event) for event in pygame.event.get()):
            self._seen.mouse = pygame.mouse.get_pos()
            if self._frame < still_from:
                self._draw()
            pygame.display.flip()
            self._frame += 1
            clock.tick(self._fps)

    def save_artwork(self, path: str) -> None:
        """Write a picture of the card for the library."""
        self._frame = ARTWORK_FRAME
        self._draw()
        pygame.image.save(self._screen, path)

    def _take(self, event: pygame.Event) -> bool:
        """Count an event; return False if it ends the program."""
        seen = self._seen
        if event.type == pygame.KEYDOWN:
            seen.keys += 1
            seen.flips += event.key == pygame.K_x
            if event.key in TONE_KEYS:
                self._tones.toggle(TONE_KEYS.index(event.key))
        elif event.type == pygame.FINGERDOWN:
            self._tap((int(event.x * self._size[0]), int(event.y * self._size[1])))
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1 and not event.touch:
            self._tap(event.pos)
        else:
            self._take_pad(event)
        return event.type != pygame.QUIT

    def _take_pad(self, event: pygame.Event) -> None:
        if event.type == pygame.JOYDEVICEADDED:
            pad = pygame.joystick.Joystick(event.device_index)
            self._pads[pad.get_instance_id()] = pad
        elif event.type == pygame.JOYDEVICEREMOVED:
            self._pads.pop(event.instance_id, None)
        elif event.type == pygame.JOYBUTTONDOWN:
            self._seen.pad_buttons += 1
            self._seen.flips += event.button == 0
        elif event.type == pygame.JOYAXISMOTION and event.axis == 0:
            self._seen.axis = event.value

    def _tap(self, position: tuple[int, int]) -> None:
        self._seen.taps += 1
        self._seen.flips += self._block.collidepoint(position)

    def _draw(self) -> None:
        self._scenery.draw(self._screen, self._frame)
        self._draw_clock()
        self._screen.fill("white" if self._seen.flips % 2 else "black", self._block)
        self._draw_cells(1, self._picture_word())
        self._draw_cells(2, self._input_word())

    def _draw_clock(self) -> None:
        seconds, frame = divmod(self._frame, self._fps)
        text = f"{seconds // 60:02}:{seconds % 60:02}.{frame:02}"
        shown = self._font.render(text, True, "white", "black")
        self._screen.blit(shown, shown.get_rect(midtop=(self._size[0] // 2, self._size[1] // 40)))

    def _picture_word(self) -> int:
        return checked((self._frame % 2**32).to_bytes(4, "big") + (self._seen.flips % 2**24).to_bytes(3, "big"))

    def _input_word(self) -> int:
        seen = self._seen
        counts = [seen.keys % 256, seen.taps % 256, seen.pad_buttons % 256]
        axis = round((seen.axis + 1) * 127.5)
        mouse = [min(position * 255 // size, 255) for position, size in zip(seen.mouse, self._size, strict=True)]
        tone = 0 if self._tones.playing is None else 1 + self._tones.playing
        return checked(bytes([*counts, axis, *mouse, tone]))

    def _draw_cells(self, row: int, word: int) -> None:
        cell, y = self._cell_px, self._size[1] - row * self._cell_px
        self._screen.fill("black", (0, y, CELLS * cell, cell))
        for column in range(CELLS):
            if word >> (CELLS - 1 - column) & 1:
                self._screen.fill("white", (column * cell, y, cell, cell))


def parse_size(text: str) -> tuple[int, int]:
    """Read ``WxH``."""
    width, _, height = text.partition("x")
    return int(width), int(height)


def main() -> None:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(description="A picture that machines can read back.")
    parser.add_argument("--size", type=parse_size, default=(1280, 720), metavar="WxH")
    parser.add_argument("--hard", action="store_true", help="scrolling tiles, 40 sprites, 300 particles")
    parser.add_argument("--seed", type=int, default=1, help="of the hard content")
    parser.add_argument("--fps", type=int, default=FPS, metavar="N", help="frames per second")
    parser.add_argument("--tone", type=int, choices=range(len(TONES_HZ)), help="start with this tone")
    parser.add_argument("--still", type=int, default=math.inf, metavar="N", help="draw nothing new from frame N on")
    parser.add_argument("--artwork", metavar="FILE", help="write one picture of the card as PNG, and end")
    arguments = parser.parse_args()
    pygame.mixer.pre_init(48000, -16, 2, 256)
    pygame.init()
    pygame.display.set_caption("Test card")
    card = TestCard(arguments.size, hard=arguments.hard, seed=arguments.seed, fps=arguments.fps)
    if arguments.artwork is None:
        card.play(arguments.tone, arguments.still)
    else:
        card.save_artwork(arguments.artwork)
    pygame.quit()
    sys.exit()


if __name__ == "__main__":
    main()
