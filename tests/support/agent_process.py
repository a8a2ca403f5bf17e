"""A real node agent in a process of its own, with fake workers: each title's id says how its worker behaves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from render_node.agent.core.capacity import Measurement
from render_node.agent.io.agent_main import run_agent
from render_node.agent.io.capacity_probe import store_measurement
from render_node.agent.io.parent_death import die_with_parent
from render_node.config import NodeConfig, StopDeadlines
from render_node.log_setup import configure_logs
from tests.support.deadlines import patient
from wire.sandbox import Profile, Trust
from wire.title_manifest import InstalledTitle, TitleManifest

ROOT = Path(__file__).resolve().parents[2]
MEASURED = Measurement(2, 8 * 1024**3, ("libx264",), {"ultrafast": 4.5, "superfast": 7.5})
"""What the machine is said to have measured earlier, so that not every test measures it anew."""

STOP = StopDeadlines(ask_s=0.5, terminate_s=0.3)
"""How its workers are ended."""

ENTRY = "tests.support.fake_worker:run_worker"
BEHAVIOURS = (
    *("good", "garbage", "oversized", "wrong_peer", "illegal_state", "flood"),
    *("die", "deaf", "linger", "no_picture"),
)


def titles() -> tuple[InstalledTitle, ...]:
    """Return one title per behaviour of the fake worker."""
    return tuple(
        InstalledTitle(
            TitleManifest(how.replace("_", "-"), "1.0.0", "pygame", "x.py", {"en": how}, (how,)), "/", Trust.BUNDLED
        )
        for how in BEHAVIOURS
    )


class AgentProcess:
    """Owns the process from construction to ``end``."""

    def __init__(
        self,
        broker_url: str,
        data_dir: Path,
        *,
        entry: str = ENTRY,
        measured: Measurement | None = MEASURED,
        sandbox: Profile | None = None,
        title: Path | None = None,
        start_timeout_s: float = 60.0,
    ) -> None:
        """Start it.

        Args:
            broker_url: What it dials.
            data_dir: Its folder.
            entry: What its workers run.
            measured: What it finds measured.
            sandbox: How it walls titles in.
            title: The program of a further title, ``real``, that nobody vouches for.
            start_timeout_s: Within which a session must show a picture.
        """
        options: dict[str, Any] = {"broker_url": broker_url, "data_dir": str(data_dir), "entry": entry}
        options |= {"sandbox": sandbox, "start_timeout_s": start_timeout_s}
        options["title"] = None if title is None else str(title)
        if measured is not None:
            data_dir.mkdir(exist_ok=True)
            store_measurement(data_dir, measured)
        self.log_path = data_dir.with_name(data_dir.name + ".log")
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.agent_process", json.dumps(options), str(os.getpid())],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stderr=log,
            )
        self._seen: dict[int, psutil.Process] = {}

    def children(self) -> list[psutil.Process]:
        """Return everything below the agent that lives now."""
        found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        self._seen.update({each.pid: each for each in found})
        return found

    def fork_server(self) -> psutil.Process:
        """Return the one fork server."""
        (server,) = psutil.Process(self.process.pid).children()
        return server

    def workers(self) -> list[psutil.Process]:
        """Return all workers, warm ones too."""
        found: list[psutil.Process] = self.fork_server().children()
        return found

    async def left_behind(self) -> list[psutil.Process]:
        """Return what of all processes ever seen still lives after a short wait."""
        seen = list(self._seen.values())
        waited: tuple[list[psutil.Process], list[psutil.Process]]
        waited = await asyncio.to_thread(psutil.wait_procs, seen, timeout=patient(3.0))
        return waited[1]

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and return its exit status."""
        if self.process.poll() is None:
            self.children()
            self.process.send_signal(number)
        try:
            return await asyncio.to_thread(self.process.wait, patient(10.0))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


async def _run(options: dict[str, Any]) -> None:
    offered = titles()
    if options["title"] is not None:
        program = Path(options["title"])
        manifest = TitleManifest("real", "1.0.0", "pygame", program.name, {"en": "Real"})
        offered += (InstalledTitle(manifest, str(program.parent)),)
    config = NodeConfig(
        broker_url=options["broker_url"],
        data_dir=Path(options["data_dir"]),
        titles=offered,
        enrolment_token="token",
        slots=3,
        start_timeout_s=options["start_timeout_s"],
        sandbox=options["sandbox"] and Profile(options["sandbox"]),
        stop=STOP,
        worker_entry=options["entry"],
    )
    task = asyncio.ensure_future(run_agent(config))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


if __name__ == "__main__":
    die_with_parent(int(sys.argv[2]))
    configure_logs()
    asyncio.run(_run(json.loads(sys.argv[1])))
