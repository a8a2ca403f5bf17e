"""``farplay node --upgrades``: the processes that its keeper starts, and what it prints of them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from farplay.child_process import ChildProcess
from farplay.data_folder import FolderLock
from farplay.node_keeper import NodeKeeper
from farplay.roles import RETIRE_SIGNAL
from farplay.secrets_passing import ENROLMENT_VARIABLE
from render_node.log_setup import configure_logs

OWN_OPTIONS = ("--upgrades", "--json")
"""What of our command line is not the node's."""


def run_kept_node(data_dir: Path, arguments: Sequence[str], *, as_json: bool) -> int:
    """Run a node and its successors until SIGINT or SIGTERM; returns the status of the last one.

    Args:
        data_dir: What they share; held for all of them.
        arguments: The options of ``farplay node``.
        as_json: Whether to print what nodes say as JSON.
    """
    configure_logs()
    options = [each for each in arguments if each not in OWN_OPTIONS]
    with FolderLock(data_dir, "node"):
        return asyncio.run(_run(options, as_json=as_json))


async def _run(options: list[str], *, as_json: bool) -> int:
    command = _command()

    async def start(token: str | None) -> ChildProcess:
        more, secrets = ([], {}) if token is None else (["--successor"], {ENROLMENT_VARIABLE: token})
        return await ChildProcess.start(
            "node", [*options, "--kept", *more], log_path=None, secrets=secrets, command=command
        )

    def say(news: Mapping[str, Any]) -> None:
        if as_json:
            print(json.dumps(news), flush=True)
        elif news.get("ready"):
            print(f"The broker has accepted this node as {news['node_id']}", flush=True)

    running = asyncio.ensure_future(NodeKeeper(start, RETIRE_SIGNAL, say, time.monotonic).run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    try:
        return await running
    except asyncio.CancelledError:
        return 0


def _command() -> list[str]:
    """Return what starts the version that is installed when it is run.

    That is the command by the name under which we were called: after an upgrade a link before it leads elsewhere.
    """
    called = shutil.which(sys.argv[0])
    if called is not None and os.path.basename(called) == "farplay":
        return [os.path.abspath(called)]
    return [sys.executable, "-P", "-m", "farplay"]
