"""What a player does around the game: sign in, start a title, end what is left."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from playwright.async_api import Browser, StorageState

from tests.support.chromium import PlayPage, play_page
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess


class OpenPlayer(Protocol):
    """Opens a tab of the owner in the shared Chromium, or in another one."""

    def __call__(
        self,
        browser: Browser | None = None,
        *,
        touch: bool = False,
        pads: bool = False,
        phone: tuple[int, int] | None = None,
    ) -> AbstractAsyncContextManager[PlayPage]: ...


async def sign_in(browser: Browser, up: FarplayProcess) -> StorageState:
    """Redeem the owner's link in a tab; return the cookies for other tabs."""
    async with play_page(browser) as play:
        await play.page.goto(up.ready["owner_url"])

        async def signed_in() -> bool:
            answer = await play.context.request.get(f"{up.url}/api/v1/me")
            return answer.ok

        await until(signed_in, 10, "the owner's sign-in")
        return await play.context.storage_state()


async def play_title(play: PlayPage, up: FarplayProcess, title_id: str = "testcard") -> None:
    """Open a title and wait for its first legible frame."""
    await play.page.goto(f"{up.url}/play/{title_id}")
    await play.probe.until_playing()


async def open_game(play: PlayPage, up: FarplayProcess, title_id: str) -> None:
    """Open any title and wait for its first picture."""
    await play.page.goto(f"{up.url}/play/{title_id}")
    await until(lambda: play.page.evaluate("window.farplay?.stats().state === 'playing'"), 15, "the first picture")


def session_id(play: PlayPage) -> str:
    """Return the session that the page's address names."""
    assert "/session/" in play.page.url, play.page.url
    return play.page.url.split("/session/")[1].split("?")[0].split("#")[0]


async def sessions(play: PlayPage, up: FarplayProcess) -> list[dict[str, Any]]:
    """Return the player's sessions that have not ended."""
    answer = await play.context.request.get(f"{up.url}/api/v1/sessions")
    return [each for each in (await answer.json())["sessions"] if each["state"] != "ended"]


async def end_sessions(browser: Browser, up: FarplayProcess, signed_in: StorageState) -> None:
    """End all sessions of the player, and wait until their workers and titles are gone."""
    async with play_page(browser, signed_in=signed_in) as play:
        for each in await sessions(play, up):
            await play.context.request.delete(
                f"{up.url}/api/v1/sessions/{each['session_id']}", headers={"Origin": up.url}
            )

        async def none_left() -> bool:
            return not await sessions(play, up) and not up.named("worker") and not up.named("title")

        await until(none_left, 10, "the end of all sessions")
