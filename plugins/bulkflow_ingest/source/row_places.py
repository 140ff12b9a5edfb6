"""What the number of a row of a copy means to the user, noted next to the copy.

Rows of a workbook, a Parquet file or a query are loaded from a copy in CSV, whose lines the user
does not know.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bulkflow.atomic_files import sync_file
from bulkflow.errors import StepError
from bulkflow.plugin import RowPlaces
from bulkflow.private_files import write_private_file
from bulkflow.system_errors import explained

if TYPE_CHECKING:
    from pathlib import Path


def write_places(copy: Path, places: RowPlaces | None) -> None:
    """Note the places of the rows of a copy; nothing if they are its lines.

    Raises:
        StepError: The note cannot be written.
    """
    if places is None:
        return
    note = _get_note_path(copy)
    try:
        write_private_file(note, json.dumps({"unit": places.unit, "first": places.first}).encode())
        sync_file(note)
    except OSError as error:
        what, remedy = explained(error, "make room")
        raise StepError(
            f"cannot write {note}: {what}",
            help=f"{remedy}, or choose another folder with --state-dir DIR",
        ) from error


def read_places(copy: Path) -> RowPlaces | None:
    """Return the places of the rows of a copy; None if they are its lines."""
    try:
        noted = json.loads(_get_note_path(copy).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return RowPlaces(str(noted["unit"]), int(noted["first"]))


def _get_note_path(copy: Path) -> Path:
    return copy.with_suffix(".places")
