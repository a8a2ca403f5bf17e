"""Ember & Tide: a duel for two on one screen. An ordinary pygame program."""

from __future__ import annotations

import argparse
import random
import sys

import pygame
from duel import app, arena, artwork, synth  # type: ignore[import-not-found]  # beside this file, as titles do


def main() -> None:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(description="A duel for two on one screen.")
    parser.add_argument("--seed", type=int, default=None, help="play the same matches again")
    parser.add_argument("--artwork", metavar="FILE", help="write the picture for the library and end")
    arguments = parser.parse_args()
    if arguments.artwork:
        pygame.font.init()
        artwork.save(arguments.artwork)
        return
    pygame.mixer.pre_init(synth.RATE_HZ, -16, 2, 512)
    pygame.init()
    pygame.display.set_caption("Ember & Tide")
    screen = pygame.display.set_mode((arena.WIDTH, arena.HEIGHT))
    pygame.mouse.set_visible(False)
    app.App(screen, random.randrange(2**32) if arguments.seed is None else arguments.seed).run()
    pygame.quit()
    sys.exit()


if __name__ == "__main__":
    main()
