"""Draws the PNG icons of the installable pages from ``icon.svg``: ``python scripts/draw_icons.py``.

Systems that install a page want fixed sizes; a maskable icon keeps everything that matters within the middle 80%,
since each system cuts its own shape out of it.
"""

from __future__ import annotations

import re
from pathlib import Path

from find_chromium import FLAGS, find_chromium
from playwright.sync_api import Page, sync_playwright

STATIC = Path(__file__).resolve().parents[1] / "web_client" / "static"
GROUND = "#12141c"
"""The icon's own background, drawn on to the edges where a system cuts its own shape."""

ICONS = (
    ("icon-192", 192, False),
    ("icon-512", 512, False),
    ("icon-maskable-512", 512, True),
    ("apple-touch", 180, True),
)
"""Name, edge in pixels, whether the system cuts the shape."""


def draw(page: Page, svg: str, edge_px: int, *, cut: bool) -> bytes:
    """Return one icon as PNG."""
    # Without its rounded corners and shrunk to the safe zone where the system cuts the corners itself.
    inner = re.sub(r"<rect[^>]*/>", "", svg) if cut else svg
    share, ground = ("84%", GROUND) if cut else ("100%", "transparent")
    page.set_viewport_size({"width": edge_px, "height": edge_px})
    page.set_content(
        f"<style>*{{margin:0}}body{{display:grid;place-items:center;height:100vh;background:{ground}}}"
        f"svg{{width:{share};height:{share}}}</style>{inner}"
    )
    return page.screenshot(omit_background=True)


def main() -> None:
    """Draw all of them."""
    svg = (STATIC / "icon.svg").read_text()
    folder = STATIC / "icons"
    folder.mkdir(exist_ok=True)
    binary = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=list(FLAGS))
        page = browser.new_page()
        for name, edge_px, cut in ICONS:
            (folder / f"{name}.png").write_bytes(draw(page, svg, edge_px, cut=cut))
        browser.close()


if __name__ == "__main__":
    main()
