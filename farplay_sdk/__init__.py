"""What a title of the kind ``sdk`` is written with: a class with a fixed tick, a picture, sound and state.

Standard library and numpy only. Everything named here stays as it is; new things may be added.
"""

from farplay_sdk.host import run
from farplay_sdk.inputs import Button, Inputs, Keyboard, Pad, Pointer, Seat, Touch
from farplay_sdk.keys import Key
from farplay_sdk.title import Stream, Title

__all__ = ["Button", "Inputs", "Key", "Keyboard", "Pad", "Pointer", "Seat", "Stream", "Title", "Touch", "run"]
