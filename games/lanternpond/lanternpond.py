"""Lantern Pond: a calm puzzle of lights on water. An ordinary pygame program."""

from __future__ import annotations

import argparse
import sys

import pygame
from pond import app, artwork, scenery, synth  # type: ignore[import-not-found]  # beside this file, as titles do


def main() -> None:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(description="A calm puzzle of lights on water.")
    parser.add_argument("--artwork", metavar="FILE", help="write the picture for the library and end")
    arguments = parser.parse_args()
    if arguments.artwork:
        pygame.font.init()
        artwork.save(arguments.artwork)
        return
    pygame.mixer.pre_init(synth.RATE_HZ, -16, 2, 512)
    pygame.init()
    pygame.display.set_caption("Lantern Pond")
    app.App(pygame.display.set_mode((scenery.WIDTH, scenery.HEIGHT))).run()
    pygame.quit()
    sys.exit()


if __name__ == "__main__":
    main()
