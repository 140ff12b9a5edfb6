"""Picks the report that fits the streams of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from bulkflow.plugin.context import Clock
    from bulkflow.report.runs.listener import Listener


def make_report(
    stdout: TextIO,
    stderr: TextIO,
    *,
    json: bool,
    environ: Mapping[str, str],
    clock: Clock,
    verbose: bool = False,
    plain: bool = False,
) -> Listener:
    """Make the report for these streams.

    Data goes to `stdout`: JSON Lines with `json`, otherwise what steps show. Messages for people go
    to `stderr`: live if it is a terminal that can move its cursor, as plain lines otherwise or if
    `plain`, because lines of a log would break a live display.
    `NO_COLOR` (no-color.org) only removes the colours.
    """
    if json:
        from bulkflow.report.runs.json_report import JsonReport

        return JsonReport(stdout)
    if is_live(stderr, environ) and not plain:
        from bulkflow.report.runs.terminal_report import TerminalReport

        return TerminalReport(
            stderr, data=stdout, verbose=verbose, clock=clock, color=wants_color(environ)
        )
    from bulkflow.report.runs.plain_report import PlainReport

    return PlainReport(stderr, data=stdout, verbose=verbose)


def is_live(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether a stream is a terminal that supports control sequences."""
    return stream.isatty() and environ.get("TERM", "") not in {"dumb", "unknown"}


def wants_color(environ: Mapping[str, str]) -> bool:
    """Whether to use colours: `NO_COLOR` is unset or empty."""
    return not environ.get("NO_COLOR")
