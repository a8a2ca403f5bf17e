"""The page that players see: plain ES modules, served as they lie, with no build and no runtime dependency."""

from __future__ import annotations

from pathlib import Path

STATIC_DIR = Path(__file__).resolve().parent / "static"
"""Folder that the broker serves under ``/static/``; ``index.html`` and ``play.html`` are its pages."""
