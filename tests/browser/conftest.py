"""One Farplay and one Chromium for all browser tests of a session; each test plays in a profile of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, StorageState, expect

from tests.support.chromium import PlayPage, chromium, play_page
from tests.support.deadlines import patient
from tests.support.farplay_process import FarplayProcess
from tests.support.notebook import NOTEBOOK, sleepy_notebook
from tests.support.player import OpenPlayer, end_sessions, sign_in

expect.set_options(timeout=patient(5.0) * 1000)


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / "data"


@pytest.fixture(scope="session")
def up(data_dir: Path) -> Iterator[FarplayProcess]:
    titles = ["--title", str(NOTEBOOK), "--title", str(sleepy_notebook(data_dir.parent / "sleepy"))]
    ports = ["--port", "0", "--lan", "--lan-port", "0", "--host", "127.0.0.1"]
    options = ["--json", *ports, "--data-dir", str(data_dir), *titles]
    running = FarplayProcess(["up", *options], data_dir.parent / "up.log")
    yield running
    assert running.stop() == 0, running.log_tail()
    assert not running.left_behind(), running.left_behind()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def owner(up: FarplayProcess, browser: Browser) -> StorageState:
    return await sign_in(browser, up)


@pytest_asyncio.fixture(loop_scope="session")
async def open_player(up: FarplayProcess, browser: Browser, owner: StorageState) -> AsyncIterator[OpenPlayer]:
    shared = browser

    @asynccontextmanager
    async def opened(
        browser: Browser | None = None,
        *,
        touch: bool = False,
        pads: bool = False,
        phone: tuple[int, int] | None = None,
    ) -> AsyncIterator[PlayPage]:
        async with play_page(browser or shared, touch=touch, pads=pads, phone=phone, signed_in=owner) as play:
            yield play

    yield opened
    async with asyncio.timeout(patient(15.0)):
        await end_sessions(browser, up, owner)
