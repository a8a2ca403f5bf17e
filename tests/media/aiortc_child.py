"""A browser in a process of its own, to be killed: reads an offer from stdin, writes its answer to stdout."""

from __future__ import annotations

import asyncio
import sys

import aioice.ice

from tests.media.aiortc_browser import AiortcBrowser


def _loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    return ["127.0.0.1"]


async def _main() -> None:
    aioice.ice.get_host_addresses = _loopback
    offer = ""
    while not offer.endswith("\0"):
        offer += sys.stdin.read(1)
    answer = await AiortcBrowser().answer(offer.rstrip("\0"))
    sys.stdout.write(answer + "\0")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
