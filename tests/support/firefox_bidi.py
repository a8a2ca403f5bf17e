"""Firefox over WebDriver BiDi (W3C): the few commands that the tests need, on a bare WebSocket.

Firefox's own remote agent serves it, so no driver program is in between. The tab that Firefox starts with never gets
focus; tests use one made by ``browsingContext.create``.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from scripts.find_firefox import find_firefox
from tests.support.deadlines import patient
from tests.support.page_probe import FAKE_GAMEPADS_JS, PROBE_JS, PageProbe

LAUNCH_S = 15.0
COMMAND_S = 60.0
PREFERENCES = {
    "media.autoplay.default": 0,
    "media.autoplay.block-webaudio": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
}


class BidiError(Exception):
    """Firefox refused a command, or the page threw."""


class FirefoxTab:
    """One tab; `evaluate` runs code in it, as Playwright's does."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._replies: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.context = ""
        self.complaints: list[str] = []
        self.probe = PageProbe(self.evaluate)

    async def read(self) -> None:
        """Hand replies to those who wait for them until the socket closes."""
        async for text in self._socket:
            message = json.loads(text)
            waiting = self._replies.pop(message["id"], None) if message.get("id") else None
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
            elif message.get("method") == "log.entryAdded" and message["params"]["level"] == "error":
                self.complaints.append(str(message["params"].get("text")))

    async def command(self, method: str, **parameters: Any) -> Any:
        """Send one command and return its result."""
        number = next(self._ids)
        reply = asyncio.get_running_loop().create_future()
        self._replies[number] = reply
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        async with asyncio.timeout(COMMAND_S):
            message = await reply
        if message["type"] == "error":
            raise BidiError(f"{method}: {message['error']}: {message['message']}")
        return message["result"]

    async def open(self) -> None:
        """Start a session and a focused tab with the probe in every page that it loads."""
        await self.command("session.new", capabilities={})
        await self.command("session.subscribe", events=["log.entryAdded"])
        for script in (PROBE_JS, FAKE_GAMEPADS_JS):
            await self.command("script.addPreloadScript", functionDeclaration=f"() => {{ {script} }}")
        self.context = (await self.command("browsingContext.create", type="tab"))["context"]
        await self.command(
            "browsingContext.setViewport", context=self.context, viewport={"width": 1280, "height": 720}
        )
        await self.command("browsingContext.activate", context=self.context)

    async def goto(self, url: str) -> None:
        """Load a page and wait for its load event."""
        await self.command("browsingContext.navigate", context=self.context, url=url, wait="complete")

    async def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, through JSON."""
        answer = await self.command(
            "script.evaluate", target={"context": self.context}, awaitPromise=True, userActivation=True,
            expression=f"Promise.resolve({expression}).then(value => JSON.stringify(value ?? null))",
        )  # fmt: skip
        if answer["type"] == "exception":
            raise BidiError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    async def act(self, kind: str, actions: list[dict[str, Any]]) -> None:
        """Perform input actions of one source, ``key`` or ``pointer``."""
        await self.command(
            "input.performActions", context=self.context, actions=[{"type": kind, "id": kind, "actions": actions}]
        )

    async def tap_key(self, value: str = "x") -> None:
        """Press and release a key."""
        await self.act("key", [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}])

    async def click(self, x: int, y: int) -> None:
        """Click at a page position."""
        await self.act(
            "pointer",
            [{"type": "pointerMove", "x": x, "y": y}, {"type": "pointerDown", "button": 0},
             {"type": "pointerUp", "button": 0}],
        )  # fmt: skip


async def _bidi_url(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    while line := await process.stderr.readline():
        if found := re.search(rb"WebDriver BiDi listening on (ws://\S+)", line):
            return found.group(1).decode()
    raise BidiError(f"Firefox ended with {await process.wait()} before it listened")


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass


@asynccontextmanager
async def firefox_tab() -> AsyncIterator[FirefoxTab]:
    """Run a headless Firefox with a fresh profile and yield a focused tab; its errors fail the test."""
    with tempfile.TemporaryDirectory(prefix="farplay-firefox-", ignore_cleanup_errors=True) as profile:
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        await asyncio.to_thread(Path(profile, "user.js").write_text, "\n".join(lines))
        process = await asyncio.create_subprocess_exec(
            find_firefox(), "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            # Without a runtime folder of its own its sound library leaves one in /tmp.
            env={**os.environ, "HOME": profile, "XDG_RUNTIME_DIR": profile},
        )  # fmt: skip
        tasks: list[asyncio.Task[None]] = []
        try:
            async with asyncio.timeout(patient(LAUNCH_S)):
                url = await _bidi_url(process)
            assert process.stderr is not None
            tasks.append(asyncio.create_task(_drain(process.stderr)))
            async with connect(f"{url}/session", max_size=None, ping_interval=None) as socket:
                tab = FirefoxTab(socket)
                tasks.append(asyncio.create_task(tab.read()))
                await tab.open()
                yield tab
                await tab.command("browser.close")
            async with asyncio.timeout(patient(LAUNCH_S)):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert not tab.complaints, "\n".join(tab.complaints)
