"""What a person sees: progress while starting, the link, news, failures. Everything but the link goes to stderr."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping

import typer
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.status import Status

from farplay.failures import CommandFailure


class Screen:
    """Prints for a person, or one JSON line for a program."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._out = Console()
        self._err = Console(stderr=True)
        self._status: Status | None = None

    def progress(self, words: str) -> None:
        """Say what is being done now."""
        if self._as_json:
            return
        if self._status is None:
            self._status = self._err.status("")
            self._status.start()
        self._status.update(f"{escape(words)} …")

    def ready(self, answer: Mapping[str, str], *, title: str, link: str, words: str) -> None:
        """Show the link, or print the answer as the one JSON line."""
        self.end_progress()
        if self._as_json:
            typer.echo(json.dumps(dict(answer)))
            return
        self._out.print(Panel(words, title=title, title_align="left", border_style="green", expand=False))
        # On a line of its own and never wrapped, so that it can be clicked and copied.
        self._out.print(f"\n  {link}\n", style="bold cyan", soft_wrap=True, markup=False, highlight=False)

    def news(self, words: str, link: str | None = None) -> None:
        """Tell something while it runs; a link is for a person only, since a program's stderr is kept in logs."""
        self._err.print(words, style="yellow", soft_wrap=True, markup=False, highlight=False)
        if link is not None and not self._as_json:
            self._out.print(f"\n  {link}\n", style="bold cyan", soft_wrap=True, markup=False, highlight=False)

    def failure(self, failure: CommandFailure) -> None:
        """Say what went wrong and what to do."""
        self.end_progress()
        self._err.print(failure.words, style="bold red", markup=False, highlight=False, soft_wrap=True)
        if failure.advice:
            self._err.print(failure.advice, markup=False, highlight=False, soft_wrap=True)

    def end_progress(self) -> None:
        """Remove the spinner."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    @contextlib.contextmanager
    def failures_shown(self) -> Iterator[None]:
        """Show a ``CommandFailure`` and exit with its status."""
        try:
            yield
        except CommandFailure as failure:
            self.failure(failure)
            raise typer.Exit(int(failure.status)) from None
        finally:
            self.end_progress()
