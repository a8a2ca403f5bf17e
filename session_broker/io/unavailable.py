"""What is meant for a moment only: the same request may well succeed soon."""

from __future__ import annotations

from wire.errors import Reason, WireError


class Unavailable(WireError):
    """Something that the server needs does not answer now; HTTP says 503, and when to try again."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.INTERNAL, detail)
