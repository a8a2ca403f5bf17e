"""Prismfall: break the crystals. A title of the SDK with state and replay."""

from __future__ import annotations

from prism.game import Prismfall  # type: ignore[import-not-found]  # beside this file, as titles do

from farplay_sdk import run

if __name__ == "__main__":
    run(Prismfall)
