"""``python -m farplay``."""

from __future__ import annotations

from farplay.cli import main

if __name__ == "__main__":
    main()
