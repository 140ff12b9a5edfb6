"""Decides whether a result row equals a source row: column by column, as text or as a value.

Salesforce rewrites the saved rows (guide v66): a number comes back as `9.12260031E8`, a moment in
another form, an id longer. So a column is compared as text as long as that works, then by the
meaning of the text, and is ignored if not even that agrees.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, assert_never

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Form(IntEnum):
    """How the values of a column are compared."""

    TEXT = 0
    MEANING = 1
    LEFT_OUT = 2


Forms = dict[int, Form]
"""How each column is compared, by its place in the source."""

_SPACE: Final = " || ".join(f"chr({code})" for code in range(1, 33))
"""The SQL for what Java, and so Salesforce, considers whitespace around a text."""

MEANING_MACROS: Final = (
    """
    CREATE OR REPLACE TEMP MACRO moment(v) AS (
        epoch_us(try_cast(CASE WHEN length(v) = 11 THEN rtrim(v, 'Z') ELSE v END AS TIMESTAMPTZ))
    )
    """,
    """
    CREATE OR REPLACE TEMP MACRO meaning_of(v) AS (
        CASE
            WHEN v = '' OR v = '#N/A' THEN ''
            WHEN lower(v) = 'true' THEN '1.0'
            WHEN lower(v) = 'false' THEN '0.0'
            WHEN try_cast(v AS DOUBLE) IS NOT NULL
                THEN CAST(try_cast(v AS DOUBLE) + 0.0 AS VARCHAR)
            WHEN length(v) BETWEEN 10 AND 40 AND moment(v) IS NOT NULL
                THEN CAST((moment(v) - ((moment(v) % 1000) + 1000) % 1000) // 1000 AS VARCHAR)
            ELSE lower(v)
        END
    )
    """,
    f"""
    CREATE OR REPLACE TEMP MACRO bare(v) AS (
        trim(replace(v, chr(13), ''), {_SPACE})
    )
    """,
    # Most values are words; none of the costly questions is asked of what can be nothing else. A
    # number or a truth may begin with one of t, f, i, n, and 15 and 18 letters may be an id.
    """
    CREATE OR REPLACE TEMP MACRO plain_word(v) AS (
        length(v) NOT IN (15, 18)
        AND (ascii(v) BETWEEN 97 AND 122 OR ascii(v) BETWEEN 65 AND 90)
        AND ascii(lower(v)) NOT IN (102, 105, 110, 116)
    )
    """,
    """
    CREATE OR REPLACE TEMP MACRO meaning(v) AS (
        CASE
            WHEN plain_word(bare(v)) THEN lower(bare(v))
            WHEN regexp_full_match(bare(v), '[A-Za-z0-9]{15}')
                AND try_cast(bare(v) AS DOUBLE) IS NULL
                THEN bare(v)
            WHEN regexp_full_match(bare(v), '[A-Za-z0-9]{15}[A-Z0-5]{3}')
                AND try_cast(bare(v) AS DOUBLE) IS NULL
                THEN coalesce(
                    CAST(try_cast(left(bare(v), 15) AS DOUBLE) + 0.0 AS VARCHAR), left(bare(v), 15)
                )
            ELSE meaning_of(bare(v))
        END
    )
    """,
)
"""The meaning of a text: blank and `#N/A` are nothing, numbers and booleans a number, dates and
moments a moment in UTC, ids their first 15 characters, and anything else itself without regard to
case and to whitespace around it (an email address comes back in lower case)."""


def compared(column: str, form: Form) -> str:
    """Return the SQL for the compared value of a column."""
    match form:
        case Form.TEXT:
            return column
        case Form.MEANING:
            return f"meaning({column})"
        case Form.LEFT_OUT:
            return "''"
        case _:
            assert_never(form)


def key(columns: Mapping[int, str], forms: Mapping[int, Form]) -> str:
    """Return the SQL for the key of a row: columns `h` and `k`, 128 bits of two hashes.

    Two different rows of a job have the same key with a probability below 1e-24 for 10 million
    rows, so equal keys are taken for equal rows.

    Args:
        columns: For each place in the source, the SQL of the value.
        forms: How it is compared.
    """
    values = [
        compared(columns[place], form)
        for place, form in sorted(forms.items())
        if form is not Form.LEFT_OUT
    ]
    if not values:
        return "0::UBIGINT AS h, 0::UBIGINT AS k"
    joined = ", ".join(values)
    return f"hash({joined}) AS h, hash({joined_text(values)}) AS k"


def joined_text(values: Sequence[str]) -> str:
    """Return the SQL for values in one text, each after a sign that is not a line break.

    The first one has a sign too: the hash of a single value is that of its text.
    """
    return f"concat_ws(chr(31), '', {', '.join(values)})"
