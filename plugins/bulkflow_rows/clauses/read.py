"""The clauses `read … as`: how to understand the text of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.errors import UsageError
from bulkflow.plugin import Problem, RowFault, Stage, quote_name, quote_text, row_clause
from bulkflow_rows.clauses.columns import find_column_problems, require_column
from bulkflow_rows.patterns import convert_pattern, parse_number_example

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from duckdb import DuckDBPyRelation

    from bulkflow.plugin import JobRows

_DIGITS: Final = "DECIMAL(38, 18)"
"""Holds every number of Salesforce, which has at most 18 digits, without loss."""
_HELP: Final = "correct the values, or change the line to their form"
_FIRST_YEAR, _LAST_YEAR = 1700, 4000
"""The years that Salesforce stores ("Date Formats and Date Literals", SOQL reference)."""


def _check_column(rows: JobRows | None, column: str) -> Iterator[Problem]:
    found = list(find_column_problems(rows, column))
    yield from found
    if rows is not None and not found:
        name = require_column(rows, column)
        kind = rows.find_type(name)
        if kind != "VARCHAR":
            yield Problem(
                f"column {name} is of type {kind} already",
                "remove the line; `read` is for columns of text",
                naming=column,
            )


def _find_usage_problem(call: Callable[[], object], naming: str) -> Iterator[Problem]:
    try:
        call()
    except UsageError as error:
        yield Problem(error.message, error.help, naming=naming)


def _text(rows: JobRows, column: str) -> str:
    """Return the SQL for the text of a column; null for the texts that `null as` names."""
    name = quote_name(require_column(rows, column))
    value = f"nullif(trim({name}), '')"
    if not rows.nulls:
        return value
    nulls = ", ".join(quote_text(each) for each in rows.nulls)
    return f"CASE WHEN coalesce({name}, '') IN ({nulls}) THEN NULL ELSE {value} END"


def _replace(rows: JobRows, column: str, value: str) -> DuckDBPyRelation:
    return rows.replace(require_column(rows, column), value)


def _find_unreadable(
    rows: JobRows, column: str, value: str, message: str, help_text: str
) -> Iterable[RowFault]:
    name = require_column(rows, column)
    condition = f"({_text(rows, column)}) IS NOT NULL AND ({value}) IS NULL"
    return (RowFault(condition, name, message, help_text),)


# ------------------------------------------------------------------------------------- dates


def _parse_date(rows: JobRows, column: str, pattern: str) -> str:
    moment = _parse_moment(rows, column, convert_pattern(pattern, with_time=False))
    return f"CAST({moment} AS DATE)"


def _parse_moment(rows: JobRows, column: str, format_: str) -> str:
    moment = f"try_strptime({_text(rows, column)}, {quote_text(format_)})"
    # A year of two digits is year 80 for %Y.
    return f"CASE WHEN year({moment}) BETWEEN {_FIRST_YEAR} AND {_LAST_YEAR} THEN {moment} END"


def _check_date(rows: JobRows | None, column: str, pattern: str) -> Iterator[Problem]:
    yield from _check_column(rows, column)
    yield from _find_usage_problem(lambda: convert_pattern(pattern, with_time=False), column)


def _find_date_faults(rows: JobRows, column: str, pattern: str) -> Iterable[RowFault]:
    return _find_unreadable(
        rows,
        column,
        _parse_date(rows, column, pattern),
        f"cannot be read as a date of the form {pattern} (years {_FIRST_YEAR} to {_LAST_YEAR})",
        _HELP,
    )


@row_clause(
    "read {column} as date {pattern:text}",
    stage=Stage.READ,
    check=_check_date,
    faults=_find_date_faults,
    keeps_order=True,
)
def read_date(rows: JobRows, column: str, pattern: str) -> DuckDBPyRelation:
    """Read the texts of a column as dates: `read Birthdate as date "dd.MM.yyyy"`.

    The letters are `yyyy`, `yy`, `MM`, `MMM` (Jan), `MMMM` (January) and `dd`; text is in
    single quotes. Values that cannot be read are refused before the first request.
    """
    return _replace(rows, column, _parse_date(rows, column, pattern))


def _parse_datetime(rows: JobRows, column: str, pattern: str, zone: str | None) -> str:
    moment = _parse_moment(rows, column, convert_pattern(pattern, with_time=True))
    if zone is None:
        return moment
    name = quote_text(zone)
    # A time that the clock of the zone skipped comes back as another one.
    return (
        f"CASE WHEN ({moment} AT TIME ZONE {name}) AT TIME ZONE {name} = {moment}"
        f" THEN {moment} AT TIME ZONE {name} END"
    )


def _check_datetime(
    rows: JobRows | None, column: str, pattern: str, zone: str | None = None
) -> Iterator[Problem]:
    yield from _check_column(rows, column)
    yield from _find_usage_problem(lambda: convert_pattern(pattern, with_time=True), column)
    if zone is not None:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield Problem(
                f"unknown time zone {zone}",
                'write its name, such as "Europe/Berlin" or "UTC"',
                naming=column,
            )


def _find_datetime_faults(
    rows: JobRows, column: str, pattern: str, zone: str | None = None
) -> Iterable[RowFault]:
    where = f" in {zone}" if zone else ""
    return _find_unreadable(
        rows,
        column,
        _parse_datetime(rows, column, pattern, zone),
        f"cannot be read as a datetime of the form {pattern}{where} "
        f"(years {_FIRST_YEAR} to {_LAST_YEAR})",
        _HELP,
    )


@row_clause(
    "read {column} as datetime {pattern:text} [in {zone:text}]",
    stage=Stage.READ,
    check=_check_datetime,
    faults=_find_datetime_faults,
    keeps_order=True,
)
def read_datetime(
    rows: JobRows, column: str, pattern: str, zone: str | None = None
) -> DuckDBPyRelation:
    """Read the texts of a column as datetimes: `read Due as datetime "dd.MM.yyyy HH:mm"`.

    `in "Europe/Berlin"` names the time zone of the values; without it they are UTC. The letters are
    those of dates, and `HH`, `hh` with `a` (AM), `mm`, `ss`, `SSS` and `XXX` (+01:00).
    """
    return _replace(rows, column, _parse_datetime(rows, column, pattern, zone))


# ----------------------------------------------------------------------------------- numbers


def _parse_number(rows: JobRows, column: str, example: str) -> str:
    found = parse_number_example(example)
    text = _text(rows, column)
    plain = f"replace({text}, {quote_text(found.group)}, '')" if found.group else text
    if found.decimal:
        plain = f"replace({plain}, {quote_text(found.decimal)}, '.')"
    pattern = quote_text(found.pattern)
    return f"CASE WHEN regexp_full_match({text}, {pattern}) THEN try_cast({plain} AS {_DIGITS}) END"


def _check_number(rows: JobRows | None, column: str, example: str) -> Iterator[Problem]:
    yield from _check_column(rows, column)
    yield from _find_usage_problem(lambda: parse_number_example(example), column)


def _find_number_faults(rows: JobRows, column: str, example: str) -> Iterable[RowFault]:
    return _find_unreadable(
        rows,
        column,
        _parse_number(rows, column, example),
        f"cannot be read as a number of the form {example}",
        _HELP,
    )


@row_clause(
    "read {column} as number {example:text}",
    stage=Stage.READ,
    check=_check_number,
    faults=_find_number_faults,
    keeps_order=True,
)
def read_number(rows: JobRows, column: str, example: str) -> DuckDBPyRelation:
    """Read the texts of a column as numbers: `read Amount as number "1.234,56"`.

    The example shows the separators of thousands and decimals.
    """
    return _replace(rows, column, _parse_number(rows, column, example))


# ---------------------------------------------------------------------------------- booleans


def _parse_boolean(rows: JobRows, column: str, true: str, false: str) -> str:
    text = f"lower({_text(rows, column)})"
    yes, no = quote_text(true.strip().lower()), quote_text(false.strip().lower())
    return f"CASE {text} WHEN {yes} THEN true WHEN {no} THEN false END"


def _check_boolean(rows: JobRows | None, column: str, true: str, false: str) -> Iterator[Problem]:
    yield from _check_column(rows, column)
    if true.strip().lower() == false.strip().lower():
        yield Problem(
            f'"{true}" means both true and false',
            'write two texts, as in `as boolean "yes" "no"`',
            naming=column,
        )


def _find_boolean_faults(rows: JobRows, column: str, true: str, false: str) -> Iterable[RowFault]:
    return _find_unreadable(
        rows,
        column,
        _parse_boolean(rows, column, true, false),
        f"cannot be read as {true} or {false}",
        _HELP,
    )


@row_clause(
    "read {column} as boolean {true:text} {false:text}",
    stage=Stage.READ,
    check=_check_boolean,
    faults=_find_boolean_faults,
    keeps_order=True,
)
def read_boolean(rows: JobRows, column: str, true: str, false: str) -> DuckDBPyRelation:
    """Read the texts of a column as true or false: `read Active as boolean "WAHR" "FALSCH"`.

    Upper and lower case do not matter; a blank value stays blank.
    """
    return _replace(rows, column, _parse_boolean(rows, column, true, false))
