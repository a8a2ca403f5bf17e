"""The supervisor of one machine: a broker and a node, started in order, restarted when they die, ended in reverse.

Owns both processes. They, and everything below them, die with this process however it ends.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from farplay.child_process import ChildEnded, ChildProcess
from farplay.config import DEFAULT_PORT, UpConfig, UpReady
from farplay.failures import CommandFailure, ExitStatus
from farplay.lan_names import current_address
from farplay.lan_serving import LanServing
from farplay.log_file import TRIM_EVERY_S, trim_log
from farplay.ports import pick_port
from farplay.restart_policy import RestartPolicy
from farplay.secrets_passing import ENROLMENT_VARIABLE, turn_environment

ADDRESS_EVERY_S = 60.0
"""Seconds between looks at this machine's address."""

Progress = Callable[[str], None]
News = Callable[[str, str | None], None]


class Supervisor:
    """Runs one machine.

    Args:
        config: What to run.
        lan: How other devices are served; None serves only this machine.
        on_progress: Told in words what is being started.
        on_ready: Called once, when the broker is up and has accepted the node.
        on_news: Told in words of restarts after that, with a fresh sign-in link if there is one.
        on_title_ended: Told of each session's end: the reason, and the title's last words.
    """

    def __init__(
        self,
        config: UpConfig,
        lan: LanServing | None = None,
        *,
        on_progress: Progress,
        on_ready: Callable[[UpReady], None],
        on_news: News,
        on_title_ended: Callable[[str, str], None],
    ) -> None:
        self._config = config
        self._lan = lan
        self._on_progress = on_progress
        self._on_ready = on_ready
        self._on_news = on_news
        self._on_title_ended = on_title_ended
        self._token = secrets.token_urlsafe(32)
        self._port = pick_port(config.host, config.port, DEFAULT_PORT)
        self._children: dict[str, ChildProcess] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set; then nothing is left.

        Raises:
            CommandFailure: the broker or the node did not come up.
        """
        stopping = asyncio.create_task(stop.wait())
        serving = asyncio.create_task(self._serve())
        try:
            await asyncio.wait([stopping, serving], return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
        finally:
            serving.cancel()
            stopping.cancel()
            await asyncio.gather(serving, stopping, return_exceptions=True)
            await self._end()

    def kill(self) -> None:
        """End both at once, for a person in a hurry."""
        for child in self._children.values():
            child.kill()

    async def _serve(self) -> None:
        self._on_progress("Starting the broker")
        answer = await self._start("broker", self._config.broker_ready_s)
        ready = UpReady.of(answer)
        self._port = urlsplit(ready.url).port or self._port
        self._url = ready.url
        if self._lan is not None:
            self._lan = self._lan.at_ports(ready)
        self._on_progress("Starting the node; the first time it measures this machine")
        await self._start("node", self._config.node_ready_s)
        self._on_ready(ready)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep("broker"))
            group.create_task(self._keep("node"))
            group.create_task(self._trim_logs())
            if self._lan is not None:
                group.create_task(self._watch_address())

    async def _end(self) -> None:
        """The node first, so that its last news still find a broker."""
        graces_s = {"node": self._config.node_stop_s, "broker": self._config.broker_stop_s}
        for name, grace_s in graces_s.items():
            child = self._children.pop(name, None)
            if child is not None:
                await child.stop(grace_s)

    async def _launch(self, name: str) -> ChildProcess:
        log_path = None if self._config.verbose else self._config.data_dir / "logs" / f"{name}.log"
        secrets = {ENROLMENT_VARIABLE: self._token}
        arguments = self._broker_arguments()
        if name == "node":
            arguments = self._node_arguments()
            secrets |= turn_environment(self._config.turn_secrets)
        child = await ChildProcess.start(name, arguments, log_path=log_path, secrets=secrets)
        self._children[name] = child
        return child

    async def _start(self, name: str, within_s: float) -> dict[str, object]:
        """Start a process for the first time; what goes wrong now ends the command."""
        child = await self._launch(name)
        try:
            return await child.ready(within_s)
        except TimeoutError as error:
            words, status = f"The {name} did not come up within {within_s:.0f} s.", ExitStatus.FAILED
            raise CommandFailure(status, words, self._advice(child)) from error
        except ValueError as error:
            raise CommandFailure(ExitStatus.FAILED, f"The {name} spoke nonsense.", self._advice(child)) from error
        except ChildEnded as error:
            known = error.status in tuple(ExitStatus) and error.status > ExitStatus.FAILED
            status = ExitStatus(error.status) if known else ExitStatus.FAILED
            words = f"The {name} ended as it started (status {error.status})."
            raise CommandFailure(status, words, self._advice(child)) from error

    def _advice(self, child: ChildProcess) -> str:
        last_words = child.last_words()
        return f"Its last words:\n{last_words}" if last_words else "Try again with --verbose."

    async def _keep(self, name: str) -> None:
        """Start a process again whenever it ends."""
        policy = RestartPolicy()
        while True:
            child = self._children[name]
            async for news in child.news():
                if "title_ended" in news:
                    self._on_title_ended(str(news["title_ended"]), str(news["detail"]))
            status = await child.wait()
            pause_s = policy.pause_s(time.monotonic() - child.started_at)
            self._on_news(f"The {name} ended (status {status}) and is started again.", None)
            await asyncio.sleep(pause_s)
            child = await self._launch(name)
            try:
                answer = await child.ready(self._config.node_ready_s)
            except (TimeoutError, ValueError):
                child.kill()
            except ChildEnded:
                continue
            else:
                self._tell_restarted(name, answer)

    def _tell_restarted(self, name: str, answer: dict[str, object]) -> None:
        if name == "broker":
            fresh = UpReady.of(answer)
            self._on_news("The broker is back. A new link to sign in, if you need one:", fresh.owner_url)
        else:
            self._on_news("The node is back.", None)

    async def _trim_logs(self) -> None:
        while True:
            for name in ("broker", "node"):
                trim_log(self._config.data_dir / "logs" / f"{name}.log")
            await asyncio.sleep(TRIM_EVERY_S)

    async def _watch_address(self) -> None:
        """Say once when this machine moves in its network: certificate, links and media name the old address."""
        before = await asyncio.to_thread(current_address)
        while True:
            await asyncio.sleep(ADDRESS_EVERY_S)
            if await asyncio.to_thread(current_address) != before:
                self._on_news(
                    "The address of this machine changed; end farplay and start it again for other devices.", None
                )
                return

    def _broker_arguments(self) -> list[str]:
        lan = [] if self._lan is None else self._lan.broker_arguments()
        return ["--host", self._config.host, "--port", str(self._port), *lan, *self._shared_arguments()]

    def _node_arguments(self) -> list[str]:
        config = self._config
        watch = ["--watch-titles"] if config.watch_titles else []
        limits = ["--afk-pause-max", str(config.afk_pause_max_s), "--afk-end-max", str(config.afk_end_max_s)]
        slots = [] if config.slots is None else ["--slots", str(config.slots)]
        preset = [] if config.x264_preset is None else ["--preset", config.x264_preset]
        media = ["--media-host", config.media_host, *slots, *preset, *config.ice.arguments()]
        return ["--broker", self._url, *media, *limits, *watch, *self._shared_arguments()]

    def _shared_arguments(self) -> list[str]:
        titles = [part for path in self._config.titles for part in ("--title", str(path))]
        bundled = [] if self._config.with_bundled else ["--no-bundled"]
        return ["--data-dir", str(self._config.data_dir), *titles, *bundled]
