"""Nodes that a broker starts on its own machine, for a pool of the adapter ``local``."""

from __future__ import annotations

import asyncio
from pathlib import Path

from farplay.child_process import ChildProcess
from farplay.log_file import TRIM_EVERY_S, trim_log
from farplay.secrets_passing import ENROLMENT_VARIABLE
from render_node.agent.io.credential import FILE_NAME
from session_broker.io.fleet.local import LocalProcess, LocalWish, StartLocal


def local_nodes(data_dir: Path, titles: tuple[Path, ...], *, with_bundled: bool) -> StartLocal:
    """Return what starts a node with the broker's own titles; its folder is under ``data_dir/pools``."""
    folder = data_dir / "pools"

    async def start(wish: LocalWish) -> LocalProcess:
        own, log_path = folder / f"{wish.pool}-{wish.berth}", folder / "logs" / f"{wish.pool}-{wish.berth}.log"
        # What the folder keeps are saves. With the key of the node that had it before, this one would join as that
        # one, and be ended as a node that never came.
        (own / FILE_NAME).unlink(missing_ok=True)
        arguments = [
            *("--broker", wish.broker_url, "--data-dir", str(own), "--name", wish.name, "--slots", str(wish.slots)),
            *(part for title in titles for part in ("--title", str(title))),
            *(() if with_bundled else ("--no-bundled",)),
        ]
        secrets = {ENROLMENT_VARIABLE: wish.token}
        return _Node(await ChildProcess.start("node", arguments, log_path=log_path, secrets=secrets), log_path)

    return start


class _Node:
    """A child whose news nobody needs: they are read all the same, or it would come to a halt."""

    def __init__(self, child: ChildProcess, log_path: Path) -> None:
        self._child = child
        self._reading = asyncio.create_task(self._read(), name=f"news of {child.pid}")
        self._trimming = asyncio.create_task(_trim(log_path), name=f"log of {child.pid}")

    async def wait(self) -> int:
        await self._reading
        self._trimming.cancel()
        return await self._child.wait()

    async def stop(self, grace_s: float) -> None:
        await self._child.stop(grace_s)

    def last_words(self) -> str:
        return self._child.last_words()

    async def _read(self) -> None:
        async for _ in self._child.news():
            pass


async def _trim(log_path: Path) -> None:
    while True:
        await asyncio.sleep(TRIM_EVERY_S)
        await asyncio.to_thread(trim_log, log_path)
