"""The values of literals, in the form that a field's column has."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from bulkflow_sandbox.core.dates import read_date, read_moment
from bulkflow_sandbox.core.ids import to_id18
from bulkflow_sandbox.schema.fields import Field, FieldType
from bulkflow_sandbox.soql.errors import (
    INVALID_FIELD,
    INVALID_OPERATOR,
    MALFORMED_QUERY,
    refusal,
    wrong_type,
)
from bulkflow_sandbox.soql.literals import BadEscapeError, string_value
from bulkflow_sandbox.soql.periods import span
from bulkflow_sandbox.soql.tree import Literal, LiteralKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.errors import ApiError
    from bulkflow_sandbox.schema.rules import Value
    from bulkflow_sandbox.soql.tree import Query


class LiteralReader:
    """Reads the literals of one query.

    Args:
        query: The query, for the text that refusals show.
        choices: How refusals look, and what a week is.
        now: The present moment, for named spans of time.
    """

    def __init__(self, query: Query, choices: Choices, now: datetime) -> None:
        self._query = query
        self._choices = choices
        self._now = now

    def value(self, field: Field, literal: Literal) -> Value:
        """A literal in the form of a field's column; an empty text is no value, as a blank one.

        Raises:
            ApiError: It is not of the field's type.
        """
        if literal.kind is LiteralKind.NULL:
            return None
        match field.type:
            case FieldType.ID | FieldType.REFERENCE:
                text = self.text(field, literal, string_value)
                value = to_id18(text)
                if value is None and text:
                    raise self._refused(literal.at, INVALID_OPERATOR, f"invalid ID field: {text}")
                return value
            case FieldType.BOOLEAN:
                self._expect(field, literal, LiteralKind.BOOLEAN)
                return int(literal.text.lower() == "true")
            case FieldType.INT | FieldType.DOUBLE | FieldType.CURRENCY | FieldType.PERCENT:
                self._expect(field, literal, LiteralKind.NUMBER)
                return float(literal.text)
            case FieldType.DATE:
                self._expect(field, literal, LiteralKind.DATE)
                return self._read(field, literal, read_date)
            case FieldType.DATETIME:
                self._expect(field, literal, LiteralKind.DATETIME)
                return self._read(field, literal, read_moment)
            case _:
                return self.text(field, literal, string_value) or None

    def _read(self, field: Field, literal: Literal, read: Callable[[str], str | None]) -> str:
        value = read(literal.text.upper())
        if value is None:
            raise self._refused(
                literal.at, MALFORMED_QUERY, f"'{literal.text}' is no {literal.kind.value}"
            )
        return value

    def text(self, field: Field, literal: Literal, read: Callable[[str], str]) -> str:
        """A string literal, as `read` reads it.

        Raises:
            ApiError: It is none, or has an escape sequence that does not exist.
        """
        self._expect(field, literal, LiteralKind.STRING)
        try:
            return read(literal.text)
        except BadEscapeError as error:
            raise self._refused(
                literal.at,
                MALFORMED_QUERY,
                f"Invalid string literal {literal.text}. Illegal character sequence '{error}' in "
                "string literal.",
            ) from error

    def _expect(self, field: Field, literal: Literal, kind: LiteralKind) -> None:
        if literal.kind is kind:
            return
        if literal.kind is LiteralKind.PERIOD and self._days(literal) is None:
            raise self._unknown(literal)
        named = field.soap_type.partition(":")[2]
        raise self._refused(
            literal.at,
            INVALID_FIELD,
            wrong_type(
                field.name,
                "string" if kind is LiteralKind.STRING else named,
                quoted=kind is LiteralKind.STRING,
            ),
        )

    def span(self, field: Field, literal: Literal) -> tuple[str, str]:
        """The first moment of a named span of time and the first after it, as a column has them.

        Raises:
            ApiError: There is no such span, or the field is neither of dates nor of moments.
        """
        days = self._days(literal)
        if days is None:
            raise self._unknown(literal)
        match field.type:
            case FieldType.DATE:
                return days[0].isoformat(), days[1].isoformat()
            case FieldType.DATETIME:
                return f"{days[0]}T00:00:00.000Z", f"{days[1]}T00:00:00.000Z"
            case _:
                self.value(field, literal)
                raise self._unknown(literal)

    def _days(self, literal: Literal) -> tuple[date, date] | None:
        today = self._now.astimezone(UTC).date()
        return span(literal.text, today, week_starts=self._choices.week_starts)

    def _unknown(self, literal: Literal) -> ApiError:
        return self._refused(literal.at, MALFORMED_QUERY, f"unexpected token: '{literal.text}'")

    def _refused(self, at: int, code: str, problem: str) -> ApiError:
        return refusal(self._choices, self._query.text, at, code, problem)
