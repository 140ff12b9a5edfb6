"""Settings that do not fit the format of a job's source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.plugin import Problem
from bulkflow_formats.suffixes import ARROW, JSON_LINES, PARQUET, TYPED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TEXT_FILES: Final = (".csv", ".tsv", ".txt")
_OF_CSV: Final = {
    "delimiter": "a delimiter",
    "line_ending": "a line ending",
    "encoding": "an encoding",
    "normalizes_line_endings": "line endings",
}


def find_problems(settings: Mapping[str, object]) -> Iterator[Problem]:
    """Find what does not fit the format that the location shows. Unknown ones have no problems."""
    location = settings.get("location")
    if not isinstance(location, str):
        return
    name = location.lower()
    of_query = "query" in settings
    if of_query or name.endswith(TYPED):
        what = "the rows of a query" if of_query else location
        if "streamed" in settings:
            yield Problem(
                f"{what} cannot be streamed: its values are written as CSV first",
                "remove this line; the rows are read in constant memory anyway",
                "streamed",
            )
        for setting, thing in _OF_CSV.items():
            if setting in settings:
                yield Problem(
                    f"{what} has no {thing.removeprefix('a ').removeprefix('an ')}, only CSV has",
                    "remove this line",
                    setting,
                )
    if "sheet" in settings and (
        of_query
        or name.endswith((*_TEXT_FILES, ".gz", ".zst", ".bz2", *PARQUET, *JSON_LINES, *ARROW))
    ):
        yield Problem(
            "a sheet is part of an Excel workbook, which this source is not",
            "remove this line",
            "sheet",
        )
