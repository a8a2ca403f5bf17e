"""Settings of all tests."""

from __future__ import annotations

from hypothesis import settings

# A busy machine makes single examples slow; each test as a whole has its time limit.
settings.register_profile("farplay", deadline=None)
settings.load_profile("farplay")
