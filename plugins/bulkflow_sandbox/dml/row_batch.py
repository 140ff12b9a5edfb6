"""A batch of rows: their converted columns, and their outcomes so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow_sandbox.core.behavior import SurplusValues
from bulkflow_sandbox.dml.columns import FieldColumn
from bulkflow_sandbox.dml.convert import BLANKS, NULL_TEXT, ConvertedColumn, convert_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.dml.columns import Column, Columns


@define(eq=False)
class RowBatch:
    """Rows that are being saved.

    `keys` has the stripped texts of the columns with keys of parents. `errors` has the `sf__Error`
    of each failed row: the first that was found. `ids` has the record id of each row, if known, and
    `created` whether the record is new. `distinct` is set if no two rows have the same key, id or
    unique value.
    """

    rows: Sequence[Sequence[str]]
    columns: Columns
    texts: list[Sequence[str]]
    converted: dict[int, ConvertedColumn]
    keys: dict[int, Sequence[str]]
    errors: dict[int, str]
    distinct: bool = False
    ids: list[str] = field(init=False)
    created: list[bool] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.ids = [""] * len(self.rows)
        self.created = [False] * len(self.rows)

    def fail(self, row: int, error: str) -> None:
        """Fail a row, unless it has already failed."""
        self.errors.setdefault(row, error)

    def list_good_rows(self) -> list[int]:
        """List the rows that have not failed, in order."""
        if not self.errors:
            return list(range(len(self.rows)))
        return [row for row in range(len(self.rows)) if row not in self.errors]

    def has_gaps(self, column: Column) -> bool:
        """Check whether a column has a blank or `#N/A`."""
        if isinstance(column, FieldColumn):
            return self.converted[column.index].blank
        texts = self.keys[column.index]
        return "" in texts or NULL_TEXT in texts

    def find_blank_rows(self, column: Column) -> frozenset[int]:
        """Find the rows in which a column has a blank or `#N/A`."""
        if isinstance(column, FieldColumn):
            values = self.converted[column.index].values
            return frozenset(row for row, value in enumerate(values) if value is None)
        texts = self.keys[column.index]
        return frozenset(row for row, text in enumerate(texts) if text in {"", NULL_TEXT})

    def find_cleared_rows(self, column: Column) -> frozenset[int]:
        """Find the rows in which a column has `#N/A`."""
        if isinstance(column, FieldColumn):
            return self.converted[column.index].cleared
        texts = self.keys[column.index]
        if NULL_TEXT not in texts:
            return frozenset()
        return frozenset(row for row, text in enumerate(texts) if text == NULL_TEXT)

    def build_echo(self) -> list[Sequence[str]]:
        """Build the columns that the results show for saved rows."""
        return [
            self.converted[index].echo if index in self.converted else self.texts[index]
            for index in range(self.columns.width)
        ]


def read_row_batch(
    rows: list[list[str]], columns: Columns, choices: Choices, *, stray_spaces: bool
) -> RowBatch:
    """Check the number of values in rows, and convert their columns."""
    errors: dict[int, str] = {}
    fitted = _fit_width(rows, columns.width, choices, errors)
    if stray_spaces:
        _find_stray_spaces(fitted, choices, errors)
    texts: list[Sequence[str]] = list(zip(*fitted, strict=True)) or [()] * columns.width
    converted: dict[int, ConvertedColumn] = {}
    for column in columns.columns:
        if isinstance(column, FieldColumn):
            result = convert_column(column.field, texts[column.index], column.index)
            converted[column.index] = result
            for row, error in result.errors.items():
                errors.setdefault(row, error)
    _refuse_read_only(texts, columns, errors)
    return RowBatch(
        rows=fitted,
        columns=columns,
        texts=texts,
        converted=converted,
        keys={
            column.index: [text.strip(BLANKS) for text in texts[column.index]]
            for column in columns.lookups
        },
        errors=errors,
    )


def _refuse_read_only(
    texts: Sequence[Sequence[str]], columns: Columns, errors: dict[int, str]
) -> None:
    """Fail rows that fill a read-only column. Blanks are accepted."""
    filled: dict[int, list[str]] = {}
    for column in columns.read_only:
        for row, text in enumerate(texts[column.index]):
            if text.strip(BLANKS):
                filled.setdefault(row, []).append(column.field.name)
    for row, names in filled.items():
        errors.setdefault(
            row,
            f"INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: {', '.join(names)}. "
            "Please check the security settings of this field and verify that it is read/write "
            f"for your profile or permission set.:{' '.join(names)} --",
        )


def _fit_width(
    rows: list[list[str]], width: int, choices: Choices, errors: dict[int, str]
) -> list[list[str]]:
    if all(len(row) == width for row in rows):
        return rows
    fitted = []
    for index, row in enumerate(rows):
        if not row:
            errors[index] = choices.blank_line_text
        elif len(row) > width and choices.surplus_values is SurplusValues.FAIL_ROW:
            errors[index] = choices.surplus_text.format(found=len(row), expected=width)
        elif len(row) < width and not choices.short_rows_padded:
            errors[index] = choices.short_row_text.format(found=len(row), expected=width)
        fitted.append(row[:width] + [""] * (width - len(row)))
    return fitted


def _find_stray_spaces(rows: list[list[str]], choices: Choices, errors: dict[int, str]) -> None:
    for index, row in enumerate(rows):
        for column, text in enumerate(row):
            if text.startswith(" ") and text.lstrip(" ").startswith('"'):
                errors.setdefault(index, choices.stray_space_text.format(column=column))
                break
