"""Skerry: glide from ring to ring. A title of the SDK that draws with OpenGL."""

from __future__ import annotations

from isles.game import Skerry  # type: ignore[import-not-found]  # beside this file, as titles do

from farplay_sdk import run

if __name__ == "__main__":
    run(Skerry)
