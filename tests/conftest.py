"""Settings of all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# A busy machine makes single examples slow; each test as a whole has its time limit. The same examples every time, so
# that a change is judged by itself; ``make fuzz`` looks for new ones.
settings.register_profile("gate", deadline=None, derandomize=True)
settings.register_profile("fuzz", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("TEST_PROPERTIES", "gate"))
