"""SDL's default key map: USB HID usage (= SDL scancode) to key code, text and modifiers on a US layout. Pure."""

from __future__ import annotations

SCANCODES = 512
SCANCODE_MASK = 1 << 30
"""Set in the key code of keys that make no character."""

KMOD_SHIFT, KMOD_CTRL, KMOD_ALT, KMOD_GUI = 0x0003, 0x00C0, 0x0300, 0x0C00
KMOD_NUM, KMOD_CAPS = 0x1000, 0x2000

MODIFIER_OF = {
    224: 0x0040, 225: 0x0001, 226: 0x0100, 227: 0x0400,
    228: 0x0080, 229: 0x0002, 230: 0x0200, 231: 0x0800,
}  # fmt: skip
"""Modifier bit that a held key sets: left and right Ctrl, Shift, Alt, GUI."""

LOCK_OF = {57: KMOD_CAPS, 83: KMOD_NUM}
"""Modifier bit that a key toggles."""

_PLAIN = dict(zip(range(4, 30), "abcdefghijklmnopqrstuvwxyz", strict=True))
_PLAIN |= dict(zip(range(30, 40), "1234567890", strict=True))
_PLAIN |= {40: "\r", 41: "\x1b", 42: "\b", 43: "\t", 44: " ", 76: "\x7f"}
_PLAIN |= {
    45: "-",
    46: "=",
    47: "[",
    48: "]",
    49: "\\",
    50: "#",
    51: ";",
    52: "'",
    53: "`",
    54: ",",
    55: ".",
    56: "/",
}
_PLAIN |= {100: "<"}
_SHIFTED = dict(zip("1234567890-=[]\\#;'`,./<", '!@#$%^&*()_+{}|~:"~<>?>', strict=True))
_KEYPAD = dict(zip(range(84, 89), "/*-+\r", strict=True)) | dict(zip(range(89, 100), "1234567890.", strict=True))


def key_code(usage: int) -> int:
    """Return the SDL key code."""
    plain = _PLAIN.get(usage)
    return ord(plain) if plain else usage | SCANCODE_MASK


def key_text(usage: int, mods: int) -> str:
    """Return what pygame puts into ``event.unicode``: a character, a control character, or nothing."""
    plain = _PLAIN.get(usage, "")
    if not plain:
        return _KEYPAD.get(usage, "") if mods & KMOD_NUM or usage < 89 else ""
    if mods & KMOD_CTRL and plain.isalpha():
        return chr(ord(plain) & 0x1F)
    shift = bool(mods & KMOD_SHIFT)
    if plain.isalpha():
        return plain.upper() if shift != bool(mods & KMOD_CAPS) else plain
    return _SHIFTED.get(plain, plain) if shift else plain
