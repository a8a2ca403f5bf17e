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

from farplay.config import UpReady
from farplay.failures import CommandFailure
from farplay.local_ca import ServingCertificate
from farplay.terminal_code import terminal_code


def console(*, stderr: bool = False) -> Console:
    """Return what prints for a person; between colons a fingerprint, an address or a name may spell an emoji."""
    return Console(stderr=stderr, emoji=False, highlight=False)


def printable(words: str) -> str:
    """Return a title's words, or names that it chose, without what a terminal obeys."""
    return "".join(c for c in words if c.isprintable() or c in "\n\t")


class Screen:
    """Prints for a person, or one JSON line for a program."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._out = console()
        self._err = console(stderr=True)
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
        self._out.print(f"\n  {link}\n", style="bold cyan", soft_wrap=True, markup=False)

    def devices(self, ready: UpReady, certificate: ServingCertificate, link: str) -> None:
        """Show how another device signs in: its link, also as a QR code, and what to do once before."""
        if self._as_json:
            return
        words = "Scan the code with a phone or tablet, or open the link below it; it works once, within 15 minutes."
        words += "\nMore devices later: open Devices on the page of a signed-in one."
        if certificate.ca_file is not None:
            words += (
                f"\n\n[bold]Once per device:[/] it must trust this machine's own certificates. Open"
                f"\n  [bold cyan]{escape(ready.trust_url)}[/]\nthere and follow three steps, or accept the browser's "
                "warning and miss some features.\n"
                f"Check that it shows this fingerprint:\n  {_two_lines(certificate.ca_fingerprint)}"
            )
        if certificate.ca_is_new:
            words += "\n\nIt was made just now: devices that trusted an earlier one take this step again."
        title = f"Other devices: {escape(ready.https_url)}"
        self._out.print(Panel(words, title=title, title_align="left", border_style="cyan", expand=False))
        if self._out.is_terminal:
            self._out.print(terminal_code(link))
        self._out.print(f"\n  {link}\n", style="bold cyan", soft_wrap=True, markup=False)

    def news(self, words: str, link: str | None = None) -> None:
        """Tell something while it runs; a link is for a person only, since a program's stderr is kept in logs."""
        self._err.print(words, style="yellow", soft_wrap=True, markup=False)
        if link is not None and not self._as_json:
            self._out.print(f"\n  {link}\n", style="bold cyan", soft_wrap=True, markup=False)

    def failure(self, failure: CommandFailure) -> None:
        """Say what went wrong and what to do."""
        self.end_progress()
        self._err.print(failure.words, style="bold red", markup=False, soft_wrap=True)
        if failure.advice:
            self._err.print(failure.advice, markup=False, soft_wrap=True)

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


def _two_lines(fingerprint: str) -> str:
    half = len(fingerprint) // 2 + 1
    return f"{fingerprint[:half]}\n  {fingerprint[half:]}"
