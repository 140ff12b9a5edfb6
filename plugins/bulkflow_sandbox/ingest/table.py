"""A piece of an upload: some rows, their columns converted, and the rows' fates so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow_sandbox.choices import SurplusValues
from bulkflow_sandbox.ingest.columns import FieldColumn
from bulkflow_sandbox.ingest.convert import NULL_TEXT, Converted, convert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_sandbox.choices import Choices
    from bulkflow_sandbox.ingest.columns import Column, Columns
    from bulkflow_sandbox.schema.fields import Field
    from bulkflow_sandbox.schema.rules import Value


@define(eq=False)
class Piece:
    """Some rows on their way to the store.

    `errors` has the `sf__Error` of each row that failed; the first that is found stays. `ids` and
    `created` are filled for the rows that were saved.
    """

    rows: Sequence[Sequence[str]]
    columns: Columns
    texts: list[Sequence[str]]
    converted: dict[int, Converted]
    errors: dict[int, str]
    ids: list[str] = field(factory=list)
    created: list[bool] = field(factory=list)

    def fail(self, row: int, error: str) -> None:
        """Lets a row fail, unless it has already."""
        self.errors.setdefault(row, error)

    def good_rows(self) -> list[int]:
        """The rows that have not failed, in order."""
        if not self.errors:
            return list(range(len(self.rows)))
        return [row for row in range(len(self.rows)) if row not in self.errors]

    def echo(self) -> list[Sequence[str]]:
        """What the results show of the saved rows, column by column."""
        return [
            self.converted[index].echo if index in self.converted else self.texts[index]
            for index in range(self.columns.width)
        ]


def read_piece(
    rows: list[list[str]], columns: Columns, choices: Choices, *, stray_spaces: bool
) -> Piece:
    """Checks the shape of rows and converts their columns."""
    errors: dict[int, str] = {}
    shaped = _shape(rows, columns.width, choices, errors)
    if stray_spaces:
        _find_stray_spaces(shaped, choices, errors)
    texts: list[Sequence[str]] = list(zip(*shaped, strict=True)) or [()] * columns.width
    converted: dict[int, Converted] = {}
    for column in columns.columns:
        if isinstance(column, FieldColumn):
            result = convert(column.field, texts[column.index], column.index)
            converted[column.index] = result
            for row, error in result.errors.items():
                errors.setdefault(row, error)
    return Piece(rows=shaped, columns=columns, texts=texts, converted=converted, errors=errors)


def _shape(
    rows: list[list[str]], width: int, choices: Choices, errors: dict[int, str]
) -> list[list[str]]:
    if all(len(row) == width for row in rows):
        return rows
    shaped = []
    for index, row in enumerate(rows):
        if not row:
            errors[index] = choices.blank_line_text
        elif len(row) > width and choices.surplus_values is SurplusValues.FAIL_ROW:
            errors[index] = choices.surplus_text.format(found=len(row), expected=width)
        elif len(row) < width and not choices.short_rows_padded:
            errors[index] = choices.short_row_text.format(found=len(row), expected=width)
        shaped.append(row[:width] + [""] * (width - len(row)))
    return shaped


def _find_stray_spaces(rows: list[list[str]], choices: Choices, errors: dict[int, str]) -> None:
    for index, row in enumerate(rows):
        for column, text in enumerate(row):
            if text.startswith(" ") and text.lstrip(" ").startswith('"'):
                errors.setdefault(index, choices.stray_space_text.format(column=column))
                break


def column_values(piece: Piece, column: Column) -> Sequence[Value]:
    """The converted values of a column of values, or the texts of a column of keys."""
    if isinstance(column, FieldColumn):
        return piece.converted[column.index].values
    return [None if text in {"", NULL_TEXT} else text for text in piece.texts[column.index]]


def given_fields(columns: Columns) -> dict[str, Field]:
    """The fields that an upload has columns for, keys of parents included, by name."""
    return {column.field.name: column.field for column in columns.columns}
