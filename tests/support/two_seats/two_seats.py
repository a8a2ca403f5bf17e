"""A title for two: paints the button presses of each pad, in the order of their plugging in, as the test card does.

The rows of blocks are the test card's, so that the same probe reads them: the frame number and all presses below,
the presses of up to five pads above, then those of the keyboard, and last how many pads are plugged in. A pad that is
pressed is shaken.
"""

from __future__ import annotations

import pygame

CELLS = 64
SIZE = (640, 360)
PADS = 5


def checked(values: bytes) -> int:
    """Append the exclusive or of seven bytes, as the probe expects it."""
    folded = 0
    for value in values:
        folded ^= value
    return int.from_bytes(values + bytes([folded]), "big")


def draw(screen: pygame.Surface, row: int, word: int) -> None:
    """Paint 64 bits as a row of blocks, row 0 at the bottom."""
    edge = SIZE[0] // CELLS
    for cell in range(CELLS):
        lit = word >> (CELLS - 1 - cell) & 1
        screen.fill("white" if lit else "black", (cell * edge, SIZE[1] - (row + 1) * edge, edge, edge))


def main() -> None:
    """Play until told to quit."""
    pygame.init()
    screen = pygame.display.set_mode(SIZE)
    clock = pygame.time.Clock()
    pads: dict[int, pygame.joystick.JoystickType] = {}
    presses, keys = [0] * PADS, 0
    frame = 0
    playing = True
    while playing:
        for event in pygame.event.get():
            playing = playing and event.type != pygame.QUIT
            if event.type == pygame.JOYDEVICEADDED:
                pad = pygame.joystick.Joystick(event.device_index)
                pads[pad.get_instance_id()] = pad
            if event.type == pygame.JOYBUTTONDOWN:
                presses[event.instance_id % PADS] += 1
                pads[event.instance_id].rumble(0.5, 1.0, 100)
            keys += event.type == pygame.KEYDOWN
        frame += 1
        screen.fill((24, 48, 80))
        draw(screen, 0, checked(frame.to_bytes(4, "big") + (sum(presses) % 2**24).to_bytes(3, "big")))
        counts = [*presses, keys, pygame.joystick.get_count()]
        draw(screen, 1, checked(bytes(count % 256 for count in counts)))
        pygame.display.flip()
        clock.tick(60)


main()
