"""Reading literals as values in the form of the database."""

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
    describe_wrong_type,
    make_query_error,
)
from bulkflow_sandbox.soql.literals import BadEscapeError, read_string
from bulkflow_sandbox.soql.periods import resolve_period
from bulkflow_soql.tree import Literal, LiteralKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.errors import ApiError
    from bulkflow_sandbox.schema.rules import Value
    from bulkflow_soql.tree import Query


class LiteralReader:
    """Reads the literals of one query.

    Args:
        query: The query, whose text errors show.
        choices: The format of errors, and the first day of the week.
        now: The present moment, for date literals.
    """

    def __init__(self, query: Query, choices: Choices, now: datetime) -> None:
        self._query = query
        self._choices = choices
        self._now = now

    def read_value(self, field: Field, literal: Literal) -> Value:
        """Read a literal as a value of a field. An empty string means no value.

        Raises:
            ApiError: The literal does not have the field's type.
        """
        if literal.kind is LiteralKind.NULL:
            return None
        match field.type:
            case FieldType.ID | FieldType.REFERENCE:
                text = self.read_text(field, literal, read_string)
                value = to_id18(text)
                if value is None and text:
                    raise self._make_error(
                        literal.at, INVALID_OPERATOR, f"invalid ID field: {text}"
                    )
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
                return self.read_text(field, literal, read_string) or None

    def _read(self, field: Field, literal: Literal, read: Callable[[str], str | None]) -> str:
        value = read(literal.text.upper())
        if value is None:
            raise self._make_error(
                literal.at, MALFORMED_QUERY, f"'{literal.text}' is not a {literal.kind.value}"
            )
        return value

    def read_text(self, field: Field, literal: Literal, read: Callable[[str], str]) -> str:
        """Read a string literal with `read`.

        Raises:
            ApiError: The literal is not a string, or has an unknown escape sequence.
        """
        self._expect(field, literal, LiteralKind.STRING)
        try:
            return read(literal.text)
        except BadEscapeError as error:
            raise self._make_error(
                literal.at,
                MALFORMED_QUERY,
                f"Invalid string literal {literal.text}. Illegal character sequence '{error}' in "
                "string literal.",
            ) from error

    def _expect(self, field: Field, literal: Literal, kind: LiteralKind) -> None:
        if literal.kind is kind:
            return
        if literal.kind is LiteralKind.PERIOD and self._find_days(literal) is None:
            raise self._make_unknown_error(literal)
        named = field.soap_type.partition(":")[2]
        raise self._make_error(
            literal.at,
            INVALID_FIELD,
            describe_wrong_type(
                field.name,
                "string" if kind is LiteralKind.STRING else named,
                quoted=kind is LiteralKind.STRING,
            ),
        )

    def read_period(self, field: Field, literal: Literal) -> tuple[str, str]:
        """Resolve a date literal to its start and end, as values of a field.

        Raises:
            ApiError: The date literal is unknown, or the field is not a date or datetime.
        """
        days = self._find_days(literal)
        if days is None:
            raise self._make_unknown_error(literal)
        match field.type:
            case FieldType.DATE:
                return days[0].isoformat(), days[1].isoformat()
            case FieldType.DATETIME:
                return f"{days[0]}T00:00:00.000Z", f"{days[1]}T00:00:00.000Z"
            case _:
                self.read_value(field, literal)
                raise self._make_unknown_error(literal)

    def _find_days(self, literal: Literal) -> tuple[date, date] | None:
        today = self._now.astimezone(UTC).date()
        return resolve_period(literal.text, today, week_starts=self._choices.week_starts)

    def _make_unknown_error(self, literal: Literal) -> ApiError:
        return self._make_error(literal.at, MALFORMED_QUERY, f"unexpected token: '{literal.text}'")

    def _make_error(self, at: int, code: str, problem: str) -> ApiError:
        return make_query_error(self._choices, self._query.text, at, code, problem)
