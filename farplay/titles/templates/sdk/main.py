"""A deterministic game with state: dodge the stones. Move by stick, arrow keys, mouse or finger."""

import json

import numpy as np
from numpy.typing import NDArray

from farplay_sdk import Inputs, Title, run

WIDTH, HEIGHT = 640, 360
RATE_HZ = 48_000
SPARKS = (0.2, 0.45, 0.75, 0.35, 0.6)


class Dodge(Title):
    """Stones fall; a touch ends the run, and the best one is remembered."""

    size = (WIDTH, HEIGHT)

    def start(self) -> None:
        """Make everything that changes."""
        self.x, self.score, self.best = WIDTH / 2, 0, 0
        self.stones: list[list[int]] = []
        self.playing = False
        self.tone_hz = 0
        self.tone_s = 0.0

    def update(self, inputs: Inputs) -> None:
        """Move; the first move starts a run."""
        player, before = inputs.player, self.x
        self.x += 7 * player.pad.left[0]
        if player.touches or player.pointer.dx or player.pointer.downs:
            self.x = player.pointer.x
        self.x = min(max(self.x, 12), WIDTH - 12)
        self.tone_s = max(self.tone_s - 1 / self.tick_hz, 0)
        if not self.playing and self.x != before:
            self.playing, self.tone_hz, self.tone_s = True, 660, 0.3
        if self.playing:
            self.go_on()

    def go_on(self) -> None:
        """Let the stones fall by a tick."""
        self.score += 1
        self.best = max(self.best, self.score)
        if self.score % 12 == 0:
            self.stones.append([self.random.randrange(WIDTH), 0])
        for stone in self.stones:
            stone[1] += 4
        self.stones = [stone for stone in self.stones if stone[1] < HEIGHT]
        if any(y > HEIGHT - 30 and abs(x - self.x) < 22 for x, y in self.stones):
            self.stones, self.score, self.playing = [], 0, False
            self.tone_hz, self.tone_s = 220, 0.5

    def draw(self, frame: NDArray[np.uint8]) -> None:
        """Draw stars, score, stones and the player."""
        frame[:] = (20, 24, 40)
        for place, share in enumerate(SPARKS):
            frame[60 + 40 * place, int(share * WIDTH)] = (90, 100, 150)
        longest = self.best + 600
        frame[4:8, : self.best * WIDTH // longest] = (70, 80, 120)
        frame[4:8, : self.score * WIDTH // longest] = (255, 214, 120)
        for x, y in self.stones:
            frame[max(y - 10, 0) : y + 10, max(x - 10, 0) : x + 10] = (230, 90, 60)
        x = int(self.x)
        frame[HEIGHT - 24 : HEIGHT - 4, x - 12 : x + 12] = (120, 220, 255)

    def sound(self, block: NDArray[np.float32]) -> None:
        """Let the tone ring."""
        if self.tone_s > 0:
            seconds = np.arange(len(block)) / RATE_HZ - self.tone_s
            block[:] = 0.2 * self.tone_s * np.sin(2 * np.pi * self.tone_hz * seconds)[:, None]

    def save_state(self) -> bytes:
        """Return all that the next session goes on from."""
        return json.dumps([self.x, self.score, self.best, self.stones, self.playing]).encode()

    def load_state(self, state: bytes) -> None:
        """Go on where it was left."""
        self.x, self.score, self.best, self.stones, self.playing = json.loads(state)


run(Dodge)
