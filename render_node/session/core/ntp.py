"""NTP timestamps as RTCP and abs-send-time carry them (RFC 3550 §4)."""

from __future__ import annotations

NTP_UNIX_OFFSET_S = 2_208_988_800
"""Seconds from 1900 to 1970."""


def ntp_from_unix_us(unix_us: int) -> int:
    """Return a time in microseconds since 1970 as a 64-bit NTP time."""
    seconds, micros = divmod(unix_us, 1_000_000)
    return (seconds + NTP_UNIX_OFFSET_S) << 32 | (micros << 32) // 1_000_000
