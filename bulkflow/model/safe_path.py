r"""Paths built from text in the file and from values that come from outside.

A path such as `"out/{region}.csv"` states its folder. The value of `region` may come from a command
line, a variable or a file's name, and must not lead out of that folder on any platform: `/` and `\`
separate folders, and `C:` starts a path, everywhere.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from bulkflow.model.value import Outside, Text, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.model.value import Value

_ROOT = re.compile(r"[/\\]|.:", re.DOTALL)
_SEPARATOR = re.compile(r"[/\\]")
# Windows reads `.. ` and `...` as `..` in some places.
_UP = re.compile(r"\.[. ]*\.[. ]*")
_MAGIC = re.compile(r"[*?\[]")
_UNKNOWN = "\0"
"""Replaces a value from outside when only the text in the file is examined."""


class StrayPathError(ValueError):
    """A value from outside leads a path away from the folder that the file states."""


def build_path(text: Text) -> str:
    """Return the path of a resolved text.

    A text that comes from outside as a whole (`to target`, `to env TARGET`) may be any path,
    because the file leaves the choice to the person who runs it.

    Raises:
        StrayPathError: A value from outside is absolute, or climbs to a parent folder.
    """
    path = plain(text)
    pieces = _pieces(text)
    outside = [piece for piece in pieces if isinstance(piece, Outside)]
    if not outside:
        return path
    written = "".join(_UNKNOWN if isinstance(each, Outside) else each for each in pieces)
    rooted = [piece for piece in outside if _ROOT.match(piece)]
    if rooted or (_ROOT.match(path) and not _ROOT.match(written)):
        raise StrayPathError(_stray(path, rooted or outside, "makes {} absolute"))
    if _climbs(path) > _climbs(written):
        climbing = [piece for piece in outside if _climbs(piece)]
        raise StrayPathError(_stray(path, climbing or outside, "leads {} to a folder above"))
    return path


def build_file_name(name: str, pattern: Value) -> Text:
    """Build the text for a file that a pattern found: the folder as written, the rest from outside.

    Args:
        name: The file, with `/` between folders.
        pattern: The resolved pattern.
    """
    fixed = _MAGIC.split("".join(_written(pattern)), maxsplit=1)[0]
    folder = fixed[: fixed.rfind("/") + 1]
    if not name.startswith(folder):
        folder = ""
    return Text((folder, Outside(name[len(folder) :])), pattern.span)


def _written(pattern: Value) -> Iterator[str]:
    """Get the beginning of a pattern, as far as it is written in the file."""
    if isinstance(pattern, Text) and not pattern.given:
        yield from takewhile(lambda part: not isinstance(part, Outside), _pieces(pattern))


def _pieces(text: Text) -> list[str]:
    return [part for part in text.parts if isinstance(part, str)]


def _climbs(path: str) -> int:
    return sum(1 for each in _SEPARATOR.split(path) if _UP.fullmatch(each))


def _stray(path: str, pieces: list[Outside], does: str) -> str:
    named = ", ".join(repr(str(piece)) for piece in dict.fromkeys(pieces))
    return (
        f"{named} comes from outside of the file and {does.format(repr(path))}; "
        "write the folder in the file, or let one value be the whole path"
    )
