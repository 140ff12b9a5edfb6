"""The file of the user from which rows were rewritten.

A rewritten file has a note next to it, which a resumed run reads to find the original again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from bulkflow.atomic_files import sync_file
from bulkflow.errors import StepError
from bulkflow.private_files import write_private_file
from bulkflow.system_errors import explained
from bulkflow_csv import CsvError, Stamp, compute_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_csv import DelimiterAlias, Head


@attrs.frozen
class Original:
    """The file from which the rows of another file were written, in the same order.

    If only the names of columns differ, both are the same file.

    Attributes:
        path: The file that holds the bytes.
        columns: The names in its header.
        delimiter: The column delimiter, one character.
        first_line: The physical line of the first row, from 1.
        stamp: The state of the file.
        fold: The character that replaces a longer delimiter in it.
        digest: The digest of all its bytes, if the rows are sent from another file.
        numbers: The Parquet file with the number, from 1, of the row here that each row was written
            from; None if there is one for each row.
    """

    path: Path
    columns: tuple[str, ...] = attrs.field(repr=False)
    delimiter: str
    first_line: int
    stamp: Stamp = attrs.field(repr=False)
    fold: DelimiterAlias | None = None
    digest: str = ""
    numbers: Path | None = None

    @classmethod
    def of(cls, head: Head, fold: DelimiterAlias | None) -> Original:
        """Describe the file of a header."""
        return cls(
            head.source.path.absolute(),
            head.header.columns,
            head.dialect.delimiter,
            head.start.line,
            head.stamp,
            fold,
        )

    def to_json(self) -> dict[str, object]:
        """Convert it to a JSON object."""
        numbers = None if self.numbers is None else str(self.numbers)
        return {**attrs.asdict(self), "path": str(self.path), "numbers": numbers}

    @classmethod
    def from_json(cls, noted: Mapping[str, Any]) -> Original:
        """Read the object that `to_json` returned."""
        fold = noted["fold"]
        if fold is not None:
            from bulkflow_csv import DelimiterAlias

            fold = DelimiterAlias(**fold)
        return cls(
            Path(noted["path"]),
            tuple(noted["columns"]),
            noted["delimiter"],
            noted["first_line"],
            Stamp(**noted["stamp"]),
            fold,
            noted["digest"],
            # A note of an older version has no numbers.
            Path(noted["numbers"]) if noted.get("numbers") else None,
        )

    def has_recorded_content(self) -> bool:
        """Return whether the file still has the recorded digest. A copy of it has it too."""
        try:
            return bool(self.digest) and compute_digest(self.path) == self.digest
        except CsvError:
            return False


def write_original_note(path: Path, delimiter: str, original: Original) -> None:
    """Note the original of a rewritten file, and the delimiter of the rewritten rows.

    Raises:
        StepError: The note cannot be written.
    """
    note = _get_note_path(path)
    content = json.dumps({"delimiter": delimiter, "original": original.to_json()})
    try:
        write_private_file(note, content.encode())
        sync_file(note)
    except OSError as error:
        what, remedy = explained(error, "make room")
        raise StepError(
            f"cannot write {note}: {what}",
            help=f"{remedy}, or choose another folder with --state-dir DIR",
        ) from error


def read_original_note(path: Path) -> tuple[str, Original] | None:
    """Return the delimiter and the original of a rewritten file; None for any other file."""
    try:
        noted = json.loads(_get_note_path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return str(noted["delimiter"]), Original.from_json(noted["original"])


def _get_note_path(path: Path) -> Path:
    return path.with_suffix(".original")
