"""A title whose state depends on everything that a tick sees; a program, as titles are."""

from __future__ import annotations

import json

from farplay_sdk import Inputs, Title, run


class Counting(Title):
    """Folds each tick into one number."""

    size = (320, 180)

    def start(self) -> None:
        self.sum = self.random.getrandbits(32)
        self.text = ""

    def update(self, inputs: Inputs) -> None:
        for seat in inputs.seats:
            pad, pointer = seat.pad, seat.pointer
            seen = (sorted(seat.keyboard.downs), sorted(pad.presses), pad.left, pad.right, pad.triggers)
            self.sum = (self.sum * 31 + len(repr(seen)) + int(pad.left[0] * 1000)) % 2**61
            self.sum += int(pointer.x * 7 + pointer.y * 5 + pointer.dx + pointer.wheel[1] * 3) + len(seat.touches)
            self.text = (self.text + seat.keyboard.text)[-40:]
        self.sum ^= self.random.getrandbits(16)

    def save_state(self) -> bytes:
        return json.dumps([self.sum, self.text]).encode()

    def load_state(self, state: bytes) -> None:
        self.sum, self.text = json.loads(state)


if __name__ == "__main__":
    run(Counting)
