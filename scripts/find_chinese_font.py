"""Find a font with Chinese for the Chromium that takes the pictures, installing one if there is none.

What counts is what the browser draws: without such a font every ideograph is the same empty box, so two different
ones are drawn and compared. A list of installed fonts would not say which of them the browser takes.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import sync_playwright

from scripts.debian_package import install
from scripts.find_chromium import FLAGS, LAUNCH_LIMIT_MS, NoBrowser, find_chromium

PACKAGE = "fonts-wqy-microhei"

HOW_TO = """No font with Chinese was found, and none could be installed; the pictures would show empty boxes.
Any of these helps:
  - apt-get install --no-install-recommends {package}   (as root, on Debian and Ubuntu)
  - dnf install google-noto-sans-cjk-fonts   (Fedora),  pacman -S noto-fonts-cjk   (Arch)
  - put a font such as NotoSansCJKsc-Regular.otf into ~/.local/share/fonts
What was tried: {tried}"""

DIFFER = """() => {
    const drawn = [..."\u7b80\u6587"].map(ideograph => {
        const canvas = Object.assign(document.createElement("canvas"), {width: 40, height: 40});
        const pen = canvas.getContext("2d");
        pen.font = "32px system-ui, sans-serif";
        pen.fillText(ideograph, 0, 34);
        return canvas.toDataURL();
    });
    return drawn[0] !== drawn[1];
}"""


class NoFont(Exception):
    """No usable font; the text says what was tried and what would help."""


def draws_chinese(binary: str) -> bool:
    """Launch a browser and tell whether it draws two ideographs differently."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=list(FLAGS), timeout=LAUNCH_LIMIT_MS)
        try:
            return bool(browser.new_page().evaluate(DIFFER))
        finally:
            browser.close()


def find_chinese_font() -> None:
    """Make sure that Chromium draws Chinese, installing a font if need be.

    Raises:
        NoBrowser: there is no Chromium to ask.
        NoFont: with all ways to get a font, and why they failed here.
    """
    binary = find_chromium()
    if draws_chinese(binary):
        return
    words = install(PACKAGE)
    if words or not draws_chinese(binary):
        raise NoFont(
            HOW_TO.format(package=PACKAGE, tried=words or f"{PACKAGE} is there, but Chromium does not take it")
        )


if __name__ == "__main__":
    try:
        find_chinese_font()
    except (NoBrowser, NoFont) as error:
        sys.exit(str(error))
