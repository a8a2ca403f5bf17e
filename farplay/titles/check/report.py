"""A check's report: for a person in the terminal, as JSON, and as JUnit XML for build servers."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from farplay.screen import printable
from wire.title_check import CheckReport, Outcome

_MARKS = {Outcome.PASSED: "[green]✓[/]", Outcome.FAILED: "[bold red]✗[/]", Outcome.SKIPPED: "[yellow]–[/]"}
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd]")
"""Characters that XML 1.0 has no place for; a title's last words may hold any."""


def print_report(report: CheckReport, console: Console) -> None:
    """Show every requirement, then what to do about those that failed."""
    table = Table(title=f"Check of {escape(report.title)}", title_justify="left", box=None, pad_edge=False)
    for column in ("", "requirement", "what was seen"):
        table.add_column(column, overflow="fold")
    for finding in report.findings:
        table.add_row(_MARKS[finding.outcome], finding.name, _shown(finding.words.partition("\n")[0]))
    console.print(table)
    failed = [finding for finding in report.findings if finding.outcome is Outcome.FAILED]
    for finding in failed:
        console.print(
            f"\n[bold red]{finding.name}[/]: {_shown(finding.words)}\n{_shown(finding.advice)}", soft_wrap=True
        )
    words = f"[bold red]{len(failed)} of {len(report.findings)} failed[/]" if failed else "[bold green]All passed[/]"
    console.print(f"\n{words}, in {report.took_s:.0f} s.")


def to_json(report: CheckReport) -> str:
    """Return the report as one JSON line."""
    return json.dumps({**asdict(report), "passed": report.passed})


def write_junit(report: CheckReport, path: Path) -> None:
    """Write the report as JUnit XML.

    Raises:
        OSError: the file cannot be written.
    """
    by_outcome = [finding.outcome for finding in report.findings]
    suite = ElementTree.Element(
        "testsuite",
        name=f"farplay title check {report.title}",
        tests=str(len(by_outcome)),
        failures=str(by_outcome.count(Outcome.FAILED)),
        skipped=str(by_outcome.count(Outcome.SKIPPED)),
        time=f"{report.took_s:.3f}",
    )
    for finding in report.findings:
        case = ElementTree.SubElement(suite, "testcase", classname=_clean(report.title), name=finding.name)
        if finding.outcome is Outcome.FAILED:
            failure = ElementTree.SubElement(case, "failure", message=_clean(finding.words))
            failure.text = _clean(finding.advice)
        elif finding.outcome is Outcome.SKIPPED:
            ElementTree.SubElement(case, "skipped", message=_clean(finding.words))
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def _shown(text: str) -> str:
    return escape(printable(text))


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
