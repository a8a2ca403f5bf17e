"""A headless Chromium started with no special flags, and pages whose complaints fail the test."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import (
    Browser,
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Page,
    Response,
    Route,
    StorageState,
    ViewportSize,
    async_playwright,
)

from scripts.find_chromium import FLAGS, find_chromium
from tests.support.page_probe import FAKE_GAMEPADS_JS, PROBE_JS, PageProbe

VIEWPORT = ViewportSize(width=1280, height=720)


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """Run a Chromium; only root needs a flag at all, and the tests of certificates and host names."""
    # The search drives a browser itself, which Playwright allows only where no loop runs.
    binary = await asyncio.to_thread(find_chromium)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=binary, args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            if browser.is_connected():
                await browser.close()


def trust_flag(https_url: str) -> str:
    """Return the flag for a browser that took the trust step: it accepts the key of the server that runs there."""
    place = urlsplit(https_url)
    pem = ssl.get_server_certificate((str(place.hostname), int(place.port or 443)))
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"--ignore-certificate-errors-spki-list={base64.b64encode(hashlib.sha256(spki).digest()).decode()}"


class PlayPage:
    """One tab with the probe in it.

    Attributes:
        complaints: Console errors, uncaught exceptions and failed requests so far.
        expected: Parts of complaints that this test provokes.
    """

    def __init__(self, context: BrowserContext, page: Page, cdp: CDPSession) -> None:
        self.context = context
        self.page = page
        self.cdp = cdp
        self.probe = PageProbe(page.evaluate)
        self.complaints: list[str] = []
        self.expected: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.request.method} {response.url}")

    def unexpected(self) -> list[str]:
        """Return the complaints that no `expected` part explains."""
        return [each for each in self.complaints if not any(part in each for part in self.expected)]

    async def words(self) -> str:
        """Return the page's visible text."""
        return str(await self.page.evaluate("document.body.innerText"))

    async def tap_key(self, code: str = "KeyX") -> None:
        """Press and release a key with nothing between: shorter than any frame."""
        for kind in ("keyDown", "keyUp"):
            await self.cdp.send("Input.dispatchKeyEvent", key_event(kind, code))

    async def touch(self, kind: str, points: list[tuple[float, float]]) -> None:
        """Send a ``touchStart``, ``touchMove`` or ``touchEnd`` with fingers at page positions."""
        await self.cdp.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(points)]},
        )

    async def stage_point(self, x_share: float, y_share: float) -> tuple[float, float]:
        """Return the page position of a place in the picture, letterboxing included."""
        box = await self.page.evaluate(
            """() => {
                const stage = document.getElementById("stage");
                const frame = stage.getBoundingClientRect();
                const scale = Math.min(frame.width / stage.videoWidth, frame.height / stage.videoHeight);
                const [width, height] = [stage.videoWidth * scale, stage.videoHeight * scale];
                return [frame.x + (frame.width - width) / 2, frame.y + (frame.height - height) / 2, width, height];
            }"""
        )
        left, top, width, height = box
        return left + x_share * width, top + y_share * height


def key_event(kind: str, code: str) -> dict[str, Any]:
    """Return the CDP parameters of one key event."""
    letter = code.removeprefix("Key").removeprefix("Digit")
    event: dict[str, Any] = {
        "type": kind,
        "code": code,
        "key": letter.lower(),
        "windowsVirtualKeyCode": ord(letter[0]),
    }
    if kind == "keyDown":
        event["text"] = letter.lower()
    return event


async def intercept(page: Page, pattern: str, handler: Callable[[Route], Awaitable[None]]) -> None:
    """Answer a page's requests in place of the server; call it before the page is opened.

    The page is left without a service worker: what passes one is out of Playwright's reach.
    """
    await page.add_init_script("delete Navigator.prototype.serviceWorker")
    await page.route(pattern, handler)


@asynccontextmanager
async def play_page(
    browser: Browser,
    *,
    touch: bool = False,
    pads: bool = False,
    phone: tuple[int, int] | None = None,
    signed_in: StorageState | None = None,
    user_agent: str | None = None,
    stage: str = "stage",
) -> AsyncIterator[PlayPage]:
    """Open a tab in a profile of its own; at the end its unexpected complaints fail the test.

    Args:
        browser: A running Chromium.
        touch: Whether the screen can be touched.
        pads: Whether a test moves the gamepads.
        phone: Width and height of a phone's screen, which is touched and has no mouse.
        signed_in: Cookies of somebody signed in.
        user_agent: What the browser says it is, in place of the truth.
        stage: Id of the ``<video>`` that the probe reads.
    """
    viewport = VIEWPORT if phone is None else ViewportSize(width=phone[0], height=phone[1])
    context = await browser.new_context(
        viewport=viewport,
        has_touch=touch or phone is not None,
        is_mobile=phone is not None,
        storage_state=signed_in,
        user_agent=user_agent,
    )
    try:
        await context.add_init_script(PROBE_JS)
        if stage != "stage":
            await context.add_init_script(f"window.probeStage = {json.dumps(stage)}")
        if pads:
            await context.add_init_script(FAKE_GAMEPADS_JS)
        page = await context.new_page()
        play = PlayPage(context, page, await context.new_cdp_session(page))
        yield play
        assert not play.unexpected(), "\n".join(play.unexpected())
    finally:
        if browser.is_connected():
            # A request under way when a test ends must not fail it afterwards.
            for each in context.pages:
                await each.unroute_all(behavior="ignoreErrors")
            await context.close()
