import pygame
import pytest

from render_node.title.pygame_hooks.keymap import KMOD_CAPS, KMOD_CTRL, KMOD_NUM, MODIFIER_OF, key_code, key_text

KEYS = (
    *(
        "A",
        "M",
        "Z",
        "1",
        "9",
        "0",
        "RETURN",
        "ESCAPE",
        "BACKSPACE",
        "TAB",
        "SPACE",
        "MINUS",
        "EQUALS",
        "LEFTBRACKET",
    ),
    *("SEMICOLON", "GRAVE", "COMMA", "PERIOD", "SLASH", "F1", "F12", "DELETE", "HOME", "PAGEUP", "LEFT", "RIGHT"),
    *("UP", "DOWN", "KP0", "KP_ENTER", "LCTRL", "RSHIFT", "LALT", "RGUI", "CAPSLOCK"),
)
NAMES = {"GRAVE": "BACKQUOTE", "LGUI": "LMETA", "RGUI": "RMETA"}


@pytest.mark.parametrize("name", KEYS)
def test_key_codes_are_sdls(name: str) -> None:
    constant = NAMES.get(name, name)
    expected = getattr(pygame, f"K_{constant.lower() if len(constant) == 1 else constant}")
    assert key_code(getattr(pygame, f"KSCAN_{name}")) == expected


@pytest.mark.parametrize(
    ("usage", "mods", "text"),
    [
        (4, 0, "a"),
        (4, 1, "A"),
        (4, KMOD_CAPS, "A"),
        (4, KMOD_CAPS | 2, "a"),
        (6, KMOD_CTRL, "\x03"),
        (31, 1, "@"),
        (31, KMOD_CAPS, "2"),
        (40, 0, "\r"),
        (79, 0, ""),
        (225, 1, ""),
        (89, KMOD_NUM, "1"),
        (89, 0, ""),
        (88, 0, "\r"),
    ],
)
def test_text_of_a_us_keyboard(usage: int, mods: int, text: str) -> None:
    assert key_text(usage, mods) == text


def test_modifier_bits_are_pygames() -> None:
    names = ("LCTRL", "LSHIFT", "LALT", "LGUI", "RCTRL", "RSHIFT", "RALT", "RGUI")
    assert [MODIFIER_OF[usage] for usage in range(224, 232)] == [getattr(pygame, f"KMOD_{name}") for name in names]
