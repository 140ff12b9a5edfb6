"""The file that the rows of another were rewritten from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from bulkflow_csv import Stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_csv import DelimiterAlias, Head


@attrs.frozen
class Original:
    """The file that the rows of another were written anew from, row by row, in the same order.

    It may be the same file, where only the names of the columns are others.

    Attributes:
        path: The file that holds the bytes.
        columns: The names in its header.
        delimiter: The column delimiter, one character.
        first_line: The physical line of the first row, from 1.
        stamp: The state of the file.
        fold: What one character of it stands for.
        digest: That of all its bytes, if it is another file than that of the slice.
    """

    path: Path
    columns: tuple[str, ...] = attrs.field(repr=False)
    delimiter: str
    first_line: int
    stamp: Stamp = attrs.field(repr=False)
    fold: DelimiterAlias | None = None
    digest: str = ""

    @classmethod
    def of(cls, head: Head, fold: DelimiterAlias | None) -> Original:
        """The original that a scanned file is."""
        return cls(
            head.source.path.absolute(),
            head.header.columns,
            head.dialect.delimiter,
            head.start.line,
            head.stamp,
            fold,
        )

    def to_json(self) -> dict[str, object]:
        """All of it, as JSON has it."""
        return {**attrs.asdict(self), "path": str(self.path)}

    @classmethod
    def from_json(cls, noted: Mapping[str, Any]) -> Original:
        """What `to_json` gave."""
        from bulkflow_csv import DelimiterAlias

        fold = noted["fold"]
        return cls(
            Path(noted["path"]),
            tuple(noted["columns"]),
            noted["delimiter"],
            noted["first_line"],
            Stamp(**noted["stamp"]),
            None if fold is None else DelimiterAlias(**fold),
            noted["digest"],
        )
