"""Which report fits the streams that a command was started with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from bulkflow.plugin.context import Clock
    from bulkflow.report.listener import Listener


def make_report(
    stdout: TextIO,
    stderr: TextIO,
    *,
    json: bool,
    environ: Mapping[str, str],
    clock: Clock,
    verbose: bool = False,
) -> Listener:
    """The report for these streams.

    Data goes to `stdout`: JSON lines with `json`, else what steps were asked to show. Words for
    people go to `stderr`: live where it is a terminal that can move its cursor, plain lines
    elsewhere. `NO_COLOR` (no-color.org) takes the colours away, and nothing else.
    """
    if json:
        from bulkflow.report.json_report import JsonReport

        return JsonReport(stdout)
    if is_live(stderr, environ):
        from bulkflow.report.terminal_report import TerminalReport

        return TerminalReport(
            stderr, data=stdout, verbose=verbose, clock=clock, color=wants_color(environ)
        )
    from bulkflow.report.plain_report import PlainReport

    return PlainReport(stderr, data=stdout, verbose=verbose)


def is_live(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether a stream is a terminal that understands control sequences."""
    return stream.isatty() and environ.get("TERM", "") not in {"dumb", "unknown"}


def wants_color(environ: Mapping[str, str]) -> bool:
    """Whether the user left colours on: an empty `NO_COLOR` counts as none."""
    return not environ.get("NO_COLOR")
