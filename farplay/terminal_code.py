"""A QR code for a terminal: two rows of modules to a line of text, dark on light whatever the terminal's colours."""

from __future__ import annotations

from rich.text import Text

from session_broker.core.qr_code import qr_rows

QUIET_MODULES = 2
"""Half of what the standard asks for: readers manage, and the code fits into 24 lines of text more often."""

_GLYPHS = {("0", "0"): " ", ("1", "0"): "▀", ("0", "1"): "▄", ("1", "1"): "█"}


def terminal_code(text: str) -> Text:
    """Return the QR code of a text.

    Raises:
        ValueError: the text does not fit into a QR code.
    """
    rows = [f"{'0' * QUIET_MODULES}{row}{'0' * QUIET_MODULES}" for row in qr_rows(text)]
    blank = "0" * len(rows[0])
    rows = [*[blank] * QUIET_MODULES, *rows, *[blank] * QUIET_MODULES]
    if len(rows) % 2:
        rows.append(blank)
    lines = (
        "".join(_GLYPHS[pair] for pair in zip(*two, strict=True)) for two in zip(rows[::2], rows[1::2], strict=True)
    )
    return Text("\n").join(Text(f" {line} ", style="black on bright_white") for line in lines)
