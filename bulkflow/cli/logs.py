"""The log: what bulkflow decided and why, for the person who has to find out.

Modules log to `logging.getLogger(__name__)`: INFO for decisions (which reader, why data was
rewritten, a retry and its reason, a change of state), DEBUG for each request and response. Nothing
is written unless the user asks: `-v` writes INFO to standard error, `-vv` DEBUG, and
`BULKFLOW_LOG=debug,FILE` appends any level to a file. Each line passes the redaction of the plugins
(`bulkflow_redact`) before it is written.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TextIO

from attrs import define, field

from bulkflow.cli.environment import LOG_VARIABLE
from bulkflow.errors import UsageError
from bulkflow.private_files import make_private_file

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

_NOISY: Final = ("urllib3", "asyncio")
"""Libraries that log requests themselves, with headers and queries that may hold secrets."""


class LogFormatter(logging.Formatter):
    """Formats records as `2026-01-31T12:00:00.123Z DEBUG name: message`, without secrets.

    The traceback of a record is a part of its text, so it is redacted too.
    """

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(threadName)s]: %(message)s")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Format a record; line breaks in it become an indented continuation."""
        return self._redact(super().format(record)).replace("\n", "\n    ")


@define(eq=False)
class Log:
    """The handlers of a command's log.

    Args:
        stderr: Where lines go that have no file.
        redact: Removes secrets from text.
    """

    stderr: TextIO = field(repr=False)
    redact: Callable[[str], str] = field(repr=False)
    _handlers: dict[Path | None, logging.Handler] = field(factory=dict, init=False)
    _levels: list[tuple[logging.Logger, int]] = field(factory=list, init=False)

    def __enter__(self) -> Self:
        self._levels = [(each, each.level) for each in map(logging.getLogger, (None, *_NOISY))]
        for logger, _ in self._levels[1:]:
            logger.setLevel(logging.WARNING)
        return self

    def __exit__(self, *_: object) -> None:
        root = logging.getLogger()
        for path, handler in self._handlers.items():
            root.removeHandler(handler)
            if path is not None:
                handler.close()
        for logger, level in self._levels:
            logger.setLevel(level)

    def write_as_set(self, text: str) -> None:
        """Write what the value of `BULKFLOW_LOG` asks for. Raises `UsageError`."""
        word, comma, name = (part.strip() for part in text.partition(","))
        level = LEVELS.get(word.lower())
        if level is None or (comma and not name):
            what = f"{word!r} is not a level of the log" if level is None else "it names no file"
            raise UsageError(
                f"{LOG_VARIABLE}={text}: {what}",
                help=f"write LEVEL or LEVEL,FILE, where LEVEL is {', '.join(LEVELS)}; for example "
                f"{LOG_VARIABLE}=debug,bulkflow.log",
            )
        self.write(level, Path(name) if name else None)

    def write(self, level: int, path: Path | None = None) -> None:
        """Write records from `level` up to a file, or to standard error.

        Raises:
            UsageError: The file cannot be opened.
        """
        handler = self._handlers.get(path)
        root = logging.getLogger()
        if handler is None:
            handler = _Handler(self.stderr) if path is None else _FileHandler(_open(path))
            handler.setFormatter(LogFormatter(self.redact))
            handler.setLevel(level)
            self._handlers[path] = handler
            root.addHandler(handler)
        handler.setLevel(min(level, handler.level))
        root.setLevel(min(each.level for each in self._handlers.values()))


_thread: Final = threading.local()
"""Whether this thread is writing a record (`is_writing`)."""


class _Handler(logging.StreamHandler[TextIO]):
    """Writes records to a stream. A log that cannot be written does not fail the command."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; records of the redaction itself are dropped, or it would never end."""
        if getattr(_thread, "is_writing", False):
            return
        _thread.is_writing = True
        try:
            super().emit(record)
        finally:
            _thread.is_writing = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name of logging
        """Drop the record: logging would print a traceback, which may hold secrets."""


class _FileHandler(_Handler):
    """Writes records to a file of its own."""

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):
            self.stream.close()
        super().close()


def _open(path: Path) -> TextIO:
    """Open a log file to append to it; a new one is accessible to its owner only."""
    try:
        make_private_file(path)
        return path.open("a", encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise UsageError(
            f"cannot open the log file {path}: {error.strerror or error}",
            help=f"set {LOG_VARIABLE} to LEVEL,FILE with a file that can be written",
        ) from error
