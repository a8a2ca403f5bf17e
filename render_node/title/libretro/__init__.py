"""Titles of the kind ``libretro``: an emulator core of the libretro interface, with content."""
