r"""Paths made of pieces: what the file's author wrote, and what came from elsewhere.

A path such as `"out/{region}.csv"` names a folder in so many words. What `region` stands for may
come from a command line, a variable or the name of a file, and must not lead out of that folder,
whatever the platform: `/` and `\` part folders, and `C:` begins a path, everywhere.
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
# Windows takes `.. ` and `...` for `..` in some places.
_UP = re.compile(r"\.[. ]*\.[. ]*")
_MAGIC = re.compile(r"[*?\[]")
_UNKNOWN = "\0"
"""Stands for a piece from outside where only the author's words are looked at."""


class StrayPathError(ValueError):
    """A piece from outside of the file leads a path away from where the file's words put it."""


def build_path(text: Text) -> str:
    """The path that a resolved text is.

    A text that comes from outside as a whole (`to target`, `to env TARGET`) may be any path:
    whoever runs the file was given the choice of it.

    Raises:
        StrayPathError: a piece from outside is absolute, or climbs to a folder above.
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
    """The name of a file that a pattern found: its folder is as written, the rest is from outside.

    Args:
        name: The file, with `/` between folders.
        pattern: What found it, resolved.
    """
    fixed = _MAGIC.split("".join(_written(pattern)), maxsplit=1)[0]
    folder = fixed[: fixed.rfind("/") + 1]
    if not name.startswith(folder):
        folder = ""
    return Text((folder, Outside(name[len(folder) :])), pattern.span)


def _written(pattern: Value) -> Iterator[str]:
    """How a pattern begins, as far as its author has written it."""
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
