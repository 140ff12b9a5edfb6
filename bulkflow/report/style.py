"""What a stream can show: its colours, its characters, its width."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from typing import TextIO

DEFAULT_WIDTH: Final = 240
"""Where nobody knows how wide the reader's lines are: long enough to be whole, short enough that a
line of a megabyte does not fill a log."""


class Role(Enum):
    """What a piece of text is, with the parameters of its SGR sequence (ECMA-48, 8.3.117)."""

    TITLE = "1"
    ERROR = "1;31"
    WARNING = "1;33"
    GOOD = "32"
    PLACE = "34"
    HELP = "1;36"
    FAINT = "2"


@frozen
class Style:
    """How text is drawn on a stream. `width` is in cells, None where it is not known."""

    color: bool = False
    width: int | None = None
    encoding: str = "utf-8"

    @classmethod
    def of(cls, stream: TextIO, *, color: bool = False, width: int | None = None) -> Style:
        """The style of a stream, by its encoding."""
        return cls(color, width, getattr(stream, "encoding", None) or "utf-8")

    def paint(self, text: str, role: Role) -> str:
        """The text in its role's colour, where there are colours."""
        return f"\x1b[{role.value}m{text}\x1b[0m" if self.color and text else text

    @property
    def done(self) -> str:
        """The mark of a step that did what it says."""
        return self._either("✓", "ok")

    @property
    def partly(self) -> str:
        """The mark of a step that did what it says, with rows that are not loaded."""
        return "!"

    @property
    def failed(self) -> str:
        """The mark of a step that did not."""
        return self._either("✗", "failed:")

    @property
    def running(self) -> str:
        """The mark of a step that goes on."""
        return self._either("•", "-")

    @property
    def cut(self) -> str:
        """What stands where a line was cut."""
        return self._either("…", "...")

    @property
    def bar(self) -> tuple[str, str]:
        """The full and the empty cell of a bar."""
        return (self._either("█", "#"), self._either("░", "."))

    def _either(self, mark: str, plain: str) -> str:
        try:
            mark.encode(self.encoding)
        except UnicodeEncodeError:
            return plain
        return mark
