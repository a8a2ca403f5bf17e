"""Fixtures of the media tests."""

from __future__ import annotations

import pytest

from render_node.session.io import ice_servers
from tests.support.deadlines import patient


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for STUN and TURN servers that do answer for as long as a busy machine takes."""
    monkeypatch.setattr(ice_servers, "GATHER_S", patient(5.0))
