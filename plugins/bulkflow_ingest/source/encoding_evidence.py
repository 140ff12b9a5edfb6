"""Finds out whether the bytes of a file contradict the encoding that the job sets."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

from bulkflow.plugin import Problem
from bulkflow.plugin.source_errors import ProblemsError

if TYPE_CHECKING:
    from bulkflow_csv import ByteSource

WRONG_ENCODING: Final = "B428"

SAMPLE_BYTES: Final = 1 << 23
"""How much of a file is examined."""

_MANY: Final = 3
"""So many characters of several bytes are not UTF-8 by chance, if nothing else is invalid."""

_SEQUENCE: Final = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{1,3}")
_MARKS: Final = (
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def check_encoding(source: ByteSource, encoding: str) -> None:
    """Check the first bytes of a file against the encoding that the job sets.

    Raises:
        ProblemsError: They contradict it.
    """
    with source.open() as file:
        check_sample(file.read(SAMPLE_BYTES), encoding, source.name)


def check_sample(data: bytes, encoding: str, name: str) -> None:
    """Check the first bytes of a source, as `check_encoding` does. Raises `ProblemsError`."""
    found = _find_contradiction(data, codecs.lookup(encoding).name)
    if found is None:
        return
    actual, evidence = found
    line = "remove the line" if actual == "UTF-8" else f'write `encoding "{actual.lower()}"`'
    problem = Problem(
        f"{name} is not in {encoding}: {evidence}",
        f"the file is in {actual}: {line}",
        "encoding",
        WRONG_ENCODING,
    )
    raise ProblemsError([problem], name)


def _find_contradiction(data: bytes, encoding: str) -> tuple[str, str] | None:
    """Return the encoding that the bytes show, and the evidence; None if they do not."""
    plain = encoding.replace("_", "-")
    for mark, actual in _MARKS:
        if data.startswith(mark):
            if plain.startswith(actual.lower()):
                return None
            return actual, f"it begins with the byte order mark of {actual}"
    if plain.startswith("utf"):
        return None
    sequences = len(_SEQUENCE.findall(data))
    if sequences >= _MANY and _is_utf8(data):
        return "UTF-8", f"its {sequences:,} characters beyond ASCII are valid UTF-8"
    return None


def _is_utf8(data: bytes) -> bool:
    try:
        # The last character of a sample may be cut off.
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True
