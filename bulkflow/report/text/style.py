"""The colours, characters and width of a stream."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from typing import TextIO

DEFAULT_WIDTH: Final = 240
"""The width if it is unknown: wide enough for ordinary lines, narrow enough that a source line of a
megabyte does not fill a log."""


class Role(Enum):
    """The role of a piece of text; the value is its SGR parameters (ECMA-48, 8.3.117)."""

    TITLE = "1"
    ERROR = "1;31"
    WARNING = "1;33"
    GOOD = "32"
    PLACE = "34"
    HELP = "1;36"
    FAINT = "2"


@frozen
class Style:
    """How text is drawn on a stream. `width` is in cells, or None if unknown."""

    color: bool = False
    width: int | None = None
    encoding: str = "utf-8"

    @classmethod
    def of(cls, stream: TextIO, *, color: bool = False, width: int | None = None) -> Style:
        """Make the style of a stream, with its encoding."""
        return cls(color, width, getattr(stream, "encoding", None) or "utf-8")

    def paint(self, text: str, role: Role) -> str:
        """Colour text by its role, if colours are on."""
        return f"\x1b[{role.value}m{text}\x1b[0m" if self.color and text else text

    @property
    def done(self) -> str:
        """The mark of a step that succeeded."""
        return self._choose("✓", "ok")

    @property
    def partly(self) -> str:
        """The mark of a step that succeeded with rows that were not loaded."""
        return "!"

    @property
    def failed(self) -> str:
        """The mark of a step that failed."""
        return self._choose("✗", "failed:")

    @property
    def running(self) -> str:
        """The mark of a running step."""
        return self._choose("•", "-")

    @property
    def cut(self) -> str:
        """The mark of a cut line."""
        return self._choose("…", "...")

    @property
    def bar(self) -> tuple[str, str]:
        """The full and the empty cell of a bar."""
        return (self._choose("█", "#"), self._choose("░", "."))

    def _choose(self, mark: str, plain: str) -> str:
        try:
            mark.encode(self.encoding)
        except UnicodeEncodeError:
            return plain
        return mark
