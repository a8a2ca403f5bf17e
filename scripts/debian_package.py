"""Installs what a test needs from the distribution, where that may be done."""

from __future__ import annotations

import os
import shutil
import subprocess

INSTALL_LIMIT_S = 300


def install(*names: str) -> str:
    """Install packages; return an empty string or why that failed. Services that they bring are not started."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "apt-get needs root on a Debian-like system"
    words = ""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "SYSTEMD_OFFLINE": "1"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *names]):
        try:
            done = subprocess.run(
                ["apt-get", *command], capture_output=True, text=True, timeout=INSTALL_LIMIT_S, check=False,
                stdin=subprocess.DEVNULL, env=environment,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"apt-get {command[0]} took longer than {INSTALL_LIMIT_S} s"
        words = "" if done.returncode == 0 else f"apt-get {command[0]}: {done.stderr.strip()[-200:]}"
    return words
