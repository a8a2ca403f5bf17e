"""Runs axe-core, the accessibility checker, in a page."""

from __future__ import annotations

from functools import cache

from playwright.async_api import Page

from tests.support.farplay_process import ROOT

AXE = ROOT / "web_client" / "node_modules" / "axe-core" / "axe.min.js"

_RUN_JS = """async () => {
    // Halfway through a change colours are nobody's choice; what turns for ever is left out.
    const changes = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(changes.map(({ finished }) => finished));
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.flatMap(({ id, impact, help, nodes }) => nodes.map((node) =>
        `${impact} ${id}: ${help}\\n    ${node.html.slice(0, 200)}\\n    ${node.failureSummary}`));
}"""


@cache
def _source() -> str:
    assert AXE.is_file(), f"{AXE} is missing; make check installs it"
    return AXE.read_text()


async def findings(page: Page) -> list[str]:
    """Return what axe finds wrong with the page as it stands, each with its element and the cure."""
    # Evaluated, not added as a script element, which the pages' content policy forbids.
    await page.evaluate(_source())
    return [str(finding) for finding in await page.evaluate(_RUN_JS)]
