"""Runs one role in this process: ``farplay broker`` and ``farplay node``, alone or under ``farplay up``."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farplay.data_folder import FolderLock
from farplay.failures import CommandFailure, ExitStatus
from farplay.trace_export import exporting
from farplay.trace_variables import forget_headers
from render_node.agent.io.parent_death import die_with_parent
from render_node.log_setup import configure_logs
from wire.errors import Reason, WireError

if TYPE_CHECKING:
    from render_node.config import NodeConfig
    from session_broker.config import BrokerConfig
    from session_broker.io.fleet.local import StartLocal
    from session_broker.io.serve import BrokerReady
    from wire.tracing import SpanSink


RETIRE_SIGNAL = signal.SIGUSR1
"""Tells a node that it ends when nothing runs there any more."""


def run_broker(config: BrokerConfig, *, start_local: StartLocal, as_json: bool, parent_pid: int | None) -> None:
    """Run a broker until SIGINT or SIGTERM; ``start_local`` starts nodes of its machine's pools."""
    import uvloop

    from session_broker.io.serve import serve

    def on_ready(ready: BrokerReady) -> None:
        if as_json:
            print(json.dumps(_answer(ready)), flush=True)
        else:
            print(f"The broker serves {ready.url}; sign in by {ready.url}/#owner={ready.owner_token}", flush=True)
            if ready.reach is not None:
                print(f"For other devices: {ready.reach.https_url}/#owner={ready.device_token}", flush=True)

    with _role("broker", config.data_dir, parent_pid):
        try:
            with exporting(config.traces_endpoint, os.uname().nodename) as on_span:
                serving = serve(config, on_ready=on_ready, start_local=start_local, on_span=on_span)
                _run_until_signal(serving, uvloop.new_event_loop)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise CommandFailure(
                ExitStatus.PORT_IN_USE, f"A port cannot be used ({_places(config)}): {error.strerror}."
            ) from error


def _places(config: BrokerConfig) -> str:
    places = [f"{config.host} {config.port}"]
    if config.tls is not None:
        places += [f"{config.tls.host} {port}" for port in (config.tls.port, config.tls.trust_port)]
    return ", ".join(places)


def _answer(ready: BrokerReady) -> dict[str, str]:
    answer = {"url": ready.url, "owner_token": ready.owner_token}
    if ready.reach is not None:
        answer |= {"https_url": ready.reach.https_url, "device_token": ready.device_token}
        answer |= {"trust_url": ready.reach.trust_url} if ready.reach.trust_url is not None else {}
    return answer


def run_node(config: NodeConfig, *, as_json: bool, parent_pid: int | None) -> None:
    """Run a node until SIGINT or SIGTERM."""
    from render_node.agent.io.agent_main import run_agent

    def on_ready(node_id: str) -> None:
        if as_json:
            print(json.dumps({"ready": True, "node_id": node_id}), flush=True)
        else:
            print(f"The broker at {config.broker_url} has accepted this node as {node_id}", flush=True)

    def on_title_ended(reason: Reason, detail: str) -> None:
        if as_json:
            print(json.dumps({"title_ended": reason, "detail": detail}), flush=True)

    def on_successor(token: str) -> None:
        print(json.dumps({"successor": token}), flush=True)

    async def run(on_span: SpanSink | None) -> None:
        retire = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(RETIRE_SIGNAL, retire.set)
        wanted = on_successor if config.kept else None
        await run_agent(config, on_ready, on_title_ended, wanted, retire, on_span)

    with _role("node", None if config.kept else config.data_dir, parent_pid):
        try:
            with exporting(config.traces_endpoint, config.name) as on_span:
                forget_headers()
                _run_until_signal(run(on_span))
        except WireError as error:
            raise CommandFailure(ExitStatus.FAILED, f"This node cannot run games: {error.detail}.") from error


def _role(name: str, data_dir: Path | None, parent_pid: int | None) -> contextlib.AbstractContextManager[object]:
    """Prepare the process; without a folder, whoever started it holds the lock."""
    if parent_pid is not None:
        die_with_parent(parent_pid)
    configure_logs()
    return contextlib.nullcontext() if data_dir is None else FolderLock(data_dir, name)


def _run_until_signal(
    main: Coroutine[Any, Any, None], new_loop: Callable[[], asyncio.AbstractEventLoop] | None = None
) -> None:
    """Run ``main``; SIGINT and SIGTERM cancel it, and it ends what it owns."""

    async def guarded() -> None:
        task = asyncio.ensure_future(main)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            if not task.cancelled():
                raise

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(guarded())
    sys.stdout.flush()
