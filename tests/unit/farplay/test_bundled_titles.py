"""The titles that ship with Farplay, as far as their files tell; ``make check-titles`` runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from farplay.title_folders import bundled_titles
from farplay.titles.check.local import check_title
from render_node.conformance.plan import CheckPlan
from wire.title_check import Outcome


@pytest.mark.parametrize("folder", [Path(title.folder) for title in bundled_titles()], ids=lambda folder: folder.name)
async def test_a_bundled_title_has_licence_rating_artwork_and_can_be_packed(folder: Path) -> None:
    report = await check_title(folder, CheckPlan(run=False), lambda words: None)
    assert {finding.name for finding in report.findings} >= {"manifest", "licence", "rating", "artwork", "package"}
    assert [finding for finding in report.findings if finding.outcome is not Outcome.PASSED] == []
