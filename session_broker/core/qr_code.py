"""QR codes (ISO/IEC 18004) as plain matrices, for pages and terminals to draw."""

from __future__ import annotations

import segno


def qr_rows(text: str) -> list[str]:
    """Return a QR code's modules row by row, ``1`` for dark, without the quiet zone of four modules.

    Raises:
        ValueError: the text does not fit into a QR code.
    """
    code = segno.make_qr(text, error="m")
    return ["".join("1" if module else "0" for module in row) for row in code.matrix]
