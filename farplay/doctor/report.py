"""The doctor's report in the terminal, line by line as it is found."""

from __future__ import annotations

import json
from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from farplay.doctor.findings import Finding, Level, as_json, is_healthy, summary

NAME_COLUMNS = 16
_MARKS = {
    Level.OK: ("✓", "green"),
    Level.LACKS: ("!", "yellow"),
    Level.FAILS: ("✗", "bold red"),
}


def print_report(findings: Iterable[Finding], console: Console) -> bool:
    """Print every finding when it comes, then the whole in a sentence.

    Returns:
        Whether Farplay runs here.
    """
    told: list[Finding] = []
    with console.status("Looking at this machine …"):
        for finding in findings:
            if not told or told[-1].group is not finding.group:
                console.print(Text(f"\n{finding.group}", style="bold"))
            console.print(_line(finding))
            told.append(finding)
    healthy = is_healthy(told)
    best = all(finding.level is Level.OK for finding in told)
    style = "bold green" if best else "bold yellow" if healthy else "bold red"
    console.print(Text(f"\n{summary(told)}", style=style))
    return healthy


def _line(finding: Finding) -> Padding:
    mark, style = _MARKS[finding.level]
    words = Text(finding.words)
    if finding.advice:
        words.append(f"\n→ {finding.advice}", style="cyan")
    line = Table.grid(padding=(0, 1))
    line.add_column(width=1)
    line.add_column(width=NAME_COLUMNS)
    line.add_column(overflow="fold")
    line.add_row(Text(mark, style=style), Text(finding.name), words)
    return Padding(line, (0, 0, 0, 2))


def print_json(findings: Iterable[Finding]) -> bool:
    """Print one JSON object for a program; return whether Farplay runs here."""
    listed = list(findings)
    print(json.dumps(as_json(listed), ensure_ascii=False))
    return is_healthy(listed)
