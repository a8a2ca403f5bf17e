"""``farplay up`` and ``farplay title run``: supervise one machine from the terminal until a signal."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from rich.markup import escape

from farplay.config import LOOPBACK_HOSTS, LanOptions, UpConfig, UpReady
from farplay.data_folder import FolderLock, default_data_dir
from farplay.failures import CommandFailure, ExitStatus
from farplay.ice_options import ice_spec
from farplay.lan_serving import LanServing, prepare_lan
from farplay.screen import Screen
from farplay.secrets_passing import take_turn_secrets
from farplay.title_folders import installed_titles, load_title, require_python
from farplay.titles.wheels.prepare import prepare_wheels
from farplay.up import Supervisor
from wire.errors import Reason, WireError

FAULTS_OF_TITLE: Mapping[str, str] = {
    Reason.TITLE_CRASHED: "The game crashed. Play again from the page once it is mended. Its last words:",
    Reason.TITLE_HUNG: "The game stopped responding and was ended. Its last words:",
    Reason.TITLE_NO_PICTURE: "The game drew no picture and was ended. Its last words:",
    Reason.TITLE_VIOLATION: "The game did what no game may do, and was ended:",
    Reason.TITLE_MEMORY: "The game used up the memory that it may have and was ended; ask for more by "
    "memory_mib under [needs] in its title.toml:",
    Reason.TITLE_STORAGE: "The game wrote more than its folder may hold, and was ended:",
}
"""What its developer reads in the terminal."""


def run_up(config: UpConfig, screen: Screen) -> None:
    """Run Farplay until SIGINT or SIGTERM.

    Raises:
        CommandFailure: it could not start.
    """
    ice_spec(config.ice, config.turn_secrets, media_host=config.media_host, ports=(0, 0), advertised=())
    try:
        titles = installed_titles(config.titles, with_bundled=config.with_bundled)
    except WireError as error:
        raise CommandFailure(ExitStatus.BAD_TITLE, error.detail) from error

    with FolderLock(config.data_dir, "farplay"):
        lan = None if config.lan is None else prepare_lan(config.lan, config.data_dir, datetime.now(UTC))

        def show(ready: UpReady) -> None:
            names = ", ".join(title.manifest.names["en"] for title in titles) or "none yet"
            screen.ready(
                ready.answer(),
                title="Farplay is running",
                link=ready.owner_url,
                words=f"Open the link below to sign in and play; it works once, within 15 minutes.\n"
                f"Titles: {escape(names)}\nData: {escape(str(config.data_dir))}\nCtrl+C ends everything.",
            )
            if lan is not None:
                screen.devices(ready, lan.certificate, ready.device_url)
                _warn_of_media_host(config, screen)

        asyncio.run(_supervise(config, screen, show, lambda reason, detail: None, lan))


def _warn_of_media_host(config: UpConfig, screen: Screen) -> None:
    if config.media_host in LOOPBACK_HOSTS:
        screen.news(
            f"Pictures are sent from {config.media_host} only, which no other device reaches: "
            "leave out --media-host and FARPLAY_MEDIA_HOST to play from other devices."
        )


def run_title(
    path: Path,
    *,
    host: str,
    port: int,
    lan: LanOptions | None,
    media_host: str,
    watch: bool,
    verbose: bool,
    screen: Screen,
) -> None:
    """Play one title with its own temporary data, which is removed at the end.

    Other devices trust the same authority as with ``farplay up``, which therefore lies in the usual data folder.

    Raises:
        CommandFailure: it could not start.
    """
    try:
        prepare_wheels(path, screen.progress)
        title = load_title(path)
        require_python(title.manifest)
    except WireError as error:
        raise CommandFailure(ExitStatus.BAD_TITLE, error.detail) from error
    manifest = title.manifest
    serving = None if lan is None else prepare_lan(lan, default_data_dir(), datetime.now(UTC))

    def show(ready: UpReady) -> None:
        link, device_link = ready.play_url(manifest.id), ready.device_play_url(manifest.id)
        answer = {"url": ready.url, "play_url": link, "title_id": manifest.id}
        if serving is not None:
            answer |= {"https_url": ready.https_url, "device_play_url": device_link, "trust_url": ready.trust_url}
        screen.ready(
            answer,
            title=escape(manifest.names["en"]),
            link=link,
            words="Open the link below to play; it works once, within 15 minutes.\n"
            "Saves are removed when this command ends. Ctrl+C ends everything.",
        )
        if serving is not None:
            screen.devices(ready, serving.certificate, device_link)
            _warn_of_media_host(config, screen)

    def tell_end(reason: str, detail: str) -> None:
        if reason == Reason.TITLE_CHANGED:
            screen.news("The game's files changed: it starts anew in its page.")
        if reason in FAULTS_OF_TITLE:
            screen.news(f"{FAULTS_OF_TITLE[reason]}\n{detail}")

    with tempfile.TemporaryDirectory(prefix="farplay-title-") as folder:
        config = UpConfig(
            host=host,
            port=port,
            data_dir=Path(folder),
            titles=(path.resolve(),),
            media_host=media_host,
            turn_secrets=take_turn_secrets(),
            with_bundled=False,
            lan=lan,
            watch_titles=watch,
            verbose=verbose,
        )
        with FolderLock(config.data_dir, "farplay"):
            asyncio.run(_supervise(config, screen, show, tell_end, serving))


async def _supervise(
    config: UpConfig,
    screen: Screen,
    show: Callable[[UpReady], None],
    tell_end: Callable[[str, str], None],
    lan: LanServing | None = None,
) -> None:
    """Run the supervisor; the first signal ends it in order, the second at once."""
    stop = asyncio.Event()
    supervisor = Supervisor(
        config, lan, on_progress=screen.progress, on_ready=show, on_news=screen.news, on_title_ended=tell_end
    )

    def on_signal() -> None:
        if stop.is_set():
            supervisor.kill()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    await supervisor.run(stop)
