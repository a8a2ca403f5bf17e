"""Links that other devices open, as text and as QR code."""

from __future__ import annotations

from fastapi import Request
from pydantic import BaseModel

from session_broker.core.qr_code import qr_rows
from session_broker.core.reach import base_for_devices
from session_broker.io.broker import Broker


class Code(BaseModel):
    """A text as a QR code: its modules row by row, ``1`` for dark."""

    text: str
    qr: list[str]


def code_of(text: str) -> Code:
    """Return a text with its QR code.

    Raises:
        ValueError: the text does not fit into a QR code.
    """
    return Code(text=text, qr=qr_rows(text))


def base_of(request: Request, broker: Broker) -> str | None:
    """Return the base address of links for other devices than the one that asks; None if none gets here."""
    return base_for_devices(request.headers.get("origin"), request.headers["host"], broker.reach)
