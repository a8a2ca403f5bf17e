"""Cinderwake: carry the last fire through the cold. An ordinary pygame program."""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame  # its greeting must be off before
from cinder import app, artwork  # type: ignore[import-not-found]  # beside this file, as titles do
from cinder.sound import jukebox  # type: ignore[import-not-found]


def main() -> None:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(description="Carry the last fire through the cold.")
    parser.add_argument("--seed", type=int, help="makes every run the same")
    parser.add_argument("--demo", action="store_true", help="let it play by itself")
    parser.add_argument("--artwork", metavar="FILE", help="only paint the picture for the library")
    arguments = parser.parse_args()
    if arguments.artwork:
        artwork.paint(arguments.artwork)
        return
    jukebox.prepare()
    pygame.init()
    pygame.display.set_caption("Cinderwake")
    pygame.mouse.set_visible(False)
    app.App(seed=arguments.seed, demo=arguments.demo).play()
    pygame.quit()


if __name__ == "__main__":
    main()
