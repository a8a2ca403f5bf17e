"""The library page in a test: open it, and give it another catalogue than the server's."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeAlias

from playwright.async_api import Page, Route

from tests.support.chromium import intercept

TITLES_API = "**/api/v1/titles"
CARD = ".card:not(.skeleton)"

Catalogue: TypeAlias = list[dict[str, Any]]


async def open_library(page: Page, url: str) -> None:
    """Open the library and wait for its cards."""
    await page.goto(f"{url}/")
    await page.locator(CARD).first.wait_for()


async def change_catalogue(page: Page, change: Callable[[Catalogue], Catalogue]) -> None:
    """From now on, hand the page the server's catalogue as ``change`` makes it."""

    async def changed(route: Route) -> None:
        response = await route.fetch()
        body = await response.json()
        await route.fulfill(response=response, json={**body, "titles": change(body["titles"])})

    await intercept(page, TITLES_API, changed)


def card_alone(titles: Catalogue) -> Catalogue:
    """Return the test card, whatever else is installed."""
    return [title for title in titles if title["id"] == "testcard"]


def several(titles: Catalogue) -> Catalogue:
    """Return the test card and four titles like it, that differ in what can be searched and filtered."""
    (card,) = card_alone(titles)
    changes: list[dict[str, Any]] = [
        {"id": "orbit-duel", "names": {"en": "Orbit Duel", "zh": "环轨对决"}, "players": {"min": 2, "max": 2}},
        {"id": "tidewater", "names": {"en": "Tidewater", "zh": "潮汐"}, "devices": ["touch"]},
        {
            "id": "cathedral",
            "names": {"en": "Glass Cathedral", "zh": "琉璃圣殿"},
            "needs": {"memory_mib": 2048, "memory_met": True, "gpu": True, "gpu_met": False},
            "availability": {"can_start": False, "reason": "no_gpu"},
        },
        {"id": "emberline", "names": {"en": "Emberline", "zh": "余烬防线"}, "devices": ["keyboard", "pad"]},
    ]
    bare = {"artwork_url": None, "session": None, "last_played_ms": None}
    return [card, *({**deepcopy(card), **bare, **change} for change in changes)]
