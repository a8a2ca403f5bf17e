"""A title for tests: writes every event that it gets into its save folder, rumbles at button A, and takes text.

N covers the picture with noise, which fills any bitrate; Escape and Q together crash it.
"""

import json
import os
import random
import sys
from pathlib import Path

import pygame

FPS = 60


def main() -> None:
    """Draw and take notes until the session ends."""
    pygame.init()
    screen = pygame.display.set_mode((640, 360))
    pads = [pygame.joystick.Joystick(index) for index in range(pygame.joystick.get_count())]
    pygame.key.start_text_input()
    clock, frame, noisy = pygame.time.Clock(), 0, False
    noise = pygame.image.frombuffer(random.Random(1).randbytes(1280 * 720 * 3), (1280, 720), "RGB")
    with (Path(os.environ["HOME"]) / "events.jsonl").open("a", buffering=1) as notes:

        def note(kind: str, value: object) -> None:
            notes.write(json.dumps([kind, value]) + "\n")

        note("start", os.getpid())
        while True:
            for event in pygame.event.get():
                if event.type == pygame.QUIT:
                    return
                if event.type == pygame.JOYDEVICEADDED:
                    pads.append(pygame.joystick.Joystick(event.device_index))
                elif event.type == pygame.JOYBUTTONDOWN:
                    note("button", event.button)
                    if event.button == 0:
                        pads[-1].rumble(0.25, 1.0, 300)
                elif event.type == pygame.JOYBUTTONUP:
                    note("button up", event.button)
                elif event.type == pygame.JOYHATMOTION:
                    note("hat", event.value)
                elif event.type == pygame.KEYDOWN:
                    note("key", pygame.key.name(event.key))
                    noisy ^= event.key == pygame.K_n
                elif event.type == pygame.TEXTINPUT:
                    note("text", event.text)
                elif event.type == pygame.FINGERDOWN:
                    note("finger", [round(event.x, 2), round(event.y, 2)])
            keys = pygame.key.get_pressed()
            if keys[pygame.K_q] and keys[pygame.K_ESCAPE]:
                print("the notebook ran out of paper", file=sys.stderr)
                raise RuntimeError("no paper left")
            frame += 1
            screen.fill((20, 24, 40))
            if noisy:
                screen.blit(noise, (-random.randrange(640), -random.randrange(360)))
            pygame.draw.circle(screen, (124, 156, 255), (320 + frame % 120, 180), 40)
            pygame.display.flip()
            clock.tick(FPS)


if __name__ == "__main__":
    main()
