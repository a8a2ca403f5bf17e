"""An ordinary pygame program: move the lantern to the lights."""

import math
import os
import random
from array import array
from pathlib import Path

import pygame

SIZE = WIDTH, HEIGHT = 1280, 720
BEST = Path(os.environ.get("FARPLAY_SAVE_DIR", ".")) / "best.txt"


def tone(hz: float) -> pygame.mixer.Sound:
    """Make a short tone in the mixer's own format."""
    rate, _, channels = pygame.mixer.get_init() or (48_000, -16, 2)
    waves = (int(9000 * (1 - n / 7000) * math.sin(n * hz * math.tau / rate)) for n in range(7000))
    return pygame.mixer.Sound(buffer=array("h", [wave for wave in waves for _ in range(channels)]))


def main() -> None:
    """Play until the window is closed."""
    pygame.mixer.pre_init(48_000, -16, 2, 512)
    pygame.init()
    screen = pygame.display.set_mode(SIZE)
    font, clock, sound = pygame.font.Font(None, 48), pygame.time.Clock(), tone(660)
    place, light, score = pygame.Vector2(WIDTH / 2, HEIGHT / 2), pygame.Vector2(300, 200), 0
    best = int(BEST.read_text()) if BEST.exists() else 0
    pads: dict[int, pygame.joystick.JoystickType] = {}
    sound.play()
    while True:
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                pygame.quit()
                return
            if event.type == pygame.JOYDEVICEADDED:
                pad = pygame.joystick.Joystick(event.device_index)
                pads[pad.get_instance_id()] = pad
            if event.type in (pygame.MOUSEMOTION, pygame.MOUSEBUTTONDOWN):
                place.update(event.pos)
        keys = pygame.key.get_pressed()
        move = pygame.Vector2(keys[pygame.K_RIGHT] - keys[pygame.K_LEFT], keys[pygame.K_DOWN] - keys[pygame.K_UP])
        for pad in pads.values():
            stick = pygame.Vector2(pad.get_axis(0), pad.get_axis(1))
            move += stick if stick.length() > 0.2 else pygame.Vector2()
        place += move * 9
        place.update(pygame.math.clamp(place.x, 0, WIDTH), pygame.math.clamp(place.y, 0, HEIGHT))
        if place.distance_to(light) < 60:
            light.update(random.randrange(60, WIDTH - 60), random.randrange(60, HEIGHT - 60))
            score += 1
            sound.play()
            if score > best:
                best = score
                BEST.write_text(str(best))
        screen.fill((18, 22, 40))
        pygame.draw.circle(screen, (255, 214, 120), light, 26 + 4 * math.sin(pygame.time.get_ticks() / 300))
        pygame.draw.circle(screen, (120, 200, 255), place, 34)
        screen.blit(font.render(f"{score}   best {best}", True, (230, 230, 240)), (24, 20))
        pygame.display.flip()
        clock.tick(60)


if __name__ == "__main__":
    main()
