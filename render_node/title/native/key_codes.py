"""From USB HID usages to X key codes, which are the kernel's evdev codes plus 8. Pure.

Source: HID Usage Tables 1.12 §10; linux/input-event-codes.h.
"""

from __future__ import annotations

_FIRST_X_CODE = 8

_LETTERS = (30, 48, 46, 32, 18, 33, 34, 35, 23, 36, 37, 38, 50, 49, 24, 25, 16, 19, 31, 20, 22, 47, 17, 45, 21, 44)
_EVDEV = dict(zip(range(4, 30), _LETTERS, strict=True))
_EVDEV |= dict(zip(range(30, 40), range(2, 12), strict=True))  # 1 to 0
_EVDEV |= {40: 28, 41: 1, 42: 14, 43: 15, 44: 57, 45: 12, 46: 13, 47: 26, 48: 27, 49: 43, 50: 43}
_EVDEV |= {51: 39, 52: 40, 53: 41, 54: 51, 55: 52, 56: 53, 57: 58}
_EVDEV |= dict(zip(range(58, 68), range(59, 69), strict=True))  # F1 to F10
_EVDEV |= {68: 87, 69: 88, 70: 99, 71: 70, 72: 119, 73: 110, 74: 102, 75: 104, 76: 111, 77: 107, 78: 109}
_EVDEV |= {79: 106, 80: 105, 81: 108, 82: 103, 83: 69, 84: 98, 85: 55, 86: 74, 87: 78, 88: 96}
_EVDEV |= {89: 79, 90: 80, 91: 81, 92: 75, 93: 76, 94: 77, 95: 71, 96: 72, 97: 73, 98: 82, 99: 83}
_EVDEV |= {100: 86, 101: 127, 103: 117}
_EVDEV |= dict(zip(range(104, 116), range(183, 195), strict=True))  # F13 to F24
_EVDEV |= {135: 89, 136: 93, 137: 124, 138: 92, 139: 94, 144: 122, 145: 123}
_EVDEV |= {224: 29, 225: 42, 226: 56, 227: 125, 228: 97, 229: 54, 230: 100, 231: 126}


def x_key_code(usage: int) -> int | None:
    """Return the X key code of a key; None for one that X keyboards do not have."""
    code = _EVDEV.get(usage)
    return None if code is None else code + _FIRST_X_CODE
