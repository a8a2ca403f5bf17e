"""``farplay title reports``: what is shown of a title's sessions, and written to files."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from farplay.failures import CommandFailure
from farplay.titles.reports import print_reports, to_csv, write_crashes, write_csv

AT_MS = 1_764_230_400_000
CRASH = {
    "version": "1.1.0",
    "ended_at_ms": AT_MS,
    "reason": "title_crashed",
    "last_words": "Traceback [bold]\x1b[31m",
}
SESSION = {"version": "1.1.0", "created_at_ms": AT_MS - 9000, "ended_at_ms": AT_MS, "reason": "title_crashed"}
REPORTS = {
    "versions": [
        {"version": "1.1.0", "sessions": 3, "played_s": 5400.0, "ends": {"ended_by_player": 1, "title_crashed": 2}}
    ],
    "crashes": [{"session_id": "ses_b", **CRASH}, {"session_id": "../ses_a", **CRASH}],
    "sessions": [
        {"session_id": "ses_b", **SESSION, "figures": {"samples": 4, "fps_mean": 59.9, "later": 1}},
        {"session_id": "ses_a", **SESSION, "figures": {}},
    ],
}


def test_a_person_reads_each_version_and_one_crash_of_each_kind() -> None:
    console = Console(width=80, record=True, file=StringIO())
    print_reports(REPORTS, console)
    shown = console.export_text()
    assert "1.1.0" in shown
    assert "1.5 h" in shown
    assert "2 title crashed, 1 ended by player" in shown
    assert shown.count("Traceback [bold][31m") == 1
    print_reports({"versions": [], "crashes": [], "sessions": []}, console)
    assert "No session of it has ended yet" in console.export_text()


def test_files_hold_a_line_for_each_session_and_the_words_of_each_crash(tmp_path: Path) -> None:
    head, first, second = to_csv(REPORTS).splitlines()
    assert head.startswith("session_id,version,created_at_ms,ended_at_ms,reason,samples,fps_mean")
    assert first == f"ses_b,1.1.0,{AT_MS - 9000},{AT_MS},title_crashed,4,59.9,,,,"
    assert second.endswith(",title_crashed,,,,,,")
    assert write_crashes(REPORTS, tmp_path / "crashes") == 2
    assert {path.name for path in (tmp_path / "crashes").iterdir()} == {"ses_a.txt", "ses_b.txt"}
    assert "ses_b, version 1.1.0, 2025-11-27 08:00 UTC: title_crashed" in (tmp_path / "crashes/ses_b.txt").read_text()
    assert (tmp_path / "crashes/ses_b.txt").read_text().endswith("\n\nTraceback [bold][31m\n")
    write_csv(REPORTS, tmp_path / "all.csv")
    with pytest.raises(CommandFailure, match="cannot be written"):
        write_csv(REPORTS, tmp_path)
    with pytest.raises(CommandFailure, match="cannot be written"):
        write_crashes(REPORTS, tmp_path / "all.csv")
