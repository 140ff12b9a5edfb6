"""All diagnostic codes.

A code never changes its meaning and is never reused. B1xx is about the text of a file, B2xx about
names and the lifecycle of jobs, B3xx about words and values, B4xx about data and the org: `check
--sources` finds B401 to B405, `plan` finds all of them. B216 was about a second org, when a file
could have only one.
"""

from __future__ import annotations

from enum import Enum
from typing import Self


class Code(Enum):
    """A kind of mistake, with its stable code and its title."""

    title: str

    def __new__(cls, code: str, title: str) -> Self:
        """Use the code as the value, so that `Code("B203")` finds it."""
        member = object.__new__(cls)
        member._value_ = code
        member.title = title
        return member

    UNEXPECTED = "B101", "unexpected word or value"
    UNKNOWN_CHARACTER = "B102", "unexpected character"
    UNCLOSED_TEXT = "B103", "a text without its closing quote"
    BAD_ESCAPE = "B104", "an unknown escape in a text"
    BAD_BRACE = "B105", "a brace in a text that is neither {name} nor doubled"
    NUMBER_TOO_LARGE = "B106", "a number with too many digits"
    TAB = "B107", "a tab in the indentation"
    INDENTATION = "B108", "indentation that matches no block"
    NESTING = "B109", "blocks or conditions nested too deeply"
    EMPTY_BLOCK = "B110", "empty block"
    STRAY_CONTINUATION = "B111", "`then` or `on` with no step before it"
    TOP_LEVEL_ONLY = "B112", "a declaration inside a block"
    DOLLAR = "B113", "a dollar sign before a name in braces"
    TEXT_TOO_LONG = "B114", "a text that is too long after names are replaced"
    NOTHING_TO_DO = "B115", "a file with nothing to do"
    INCLUDE_UNREADABLE = "B121", "an included file that cannot be read"
    INCLUDE_AGAIN = "B122", "a file that is included twice, or includes itself"
    INCLUDE_OUTSIDE = "B123", "an include outside the pipeline's folder"

    UNKNOWN_JOB = "B201", "a job that is not declared"
    UNUSED_JOB = "B202", "a job that no step uses"
    JOB_TOO_LATE = "B203", "a step too late for its job"
    JOB_TOO_EARLY = "B204", "a step too early for its job"
    WHICH_JOB = "B205", "a step without a job, in a file with several"
    DUPLICATE_NAME = "B206", "a name that is declared twice"
    SHARED_JOB = "B207", "a job used by two branches of `parallel`"
    UNREACHABLE = "B208", "a step that is never reached"
    UNKNOWN_NAME = "B209", "a name that is not declared"
    UNSET_VARIABLE = "B210", "an environment variable that is not set"
    MISSING_PARAMETER = "B211", "a param without a value"
    UNKNOWN_PARAMETER = "B212", "--set for a param that the file does not have"
    WRONG_PARAMETER = "B213", "--set with a value of the wrong kind"
    NO_ORG = "B214", "a file with jobs and without an org"
    UNKNOWN_ORG = "B215", "an unknown org"
    LEFT_OPEN = "B217", "a job left open in the org"
    UNUSED_NAME = "B218", "a param or let that nothing uses"
    NO_FAILURE = "B219", "`continue` or `retry` outside of `on failure`"
    UNDECLARED_ORG = "B220", "an org that is not declared"
    WHICH_ORG = "B221", "a job or step without an org, in a file with several"
    UNUSED_ORG = "B222", "an org that nothing uses"
    WRONG_KIND = "B223", "a step or clause that does not fit the kind of its job"
    NO_ROWS = "B224", "rows of a job that are not there yet"

    UNKNOWN_STEP = "B301", "an unknown step"
    STEP_WORDS = "B302", "a step that matches no phrase"
    UNKNOWN_CLAUSE = "B303", "an unknown clause"
    CLAUSE_WORDS = "B304", "a clause that matches no phrase"
    UNKNOWN_CONDITION = "B305", "an unknown condition"
    CONDITION_WORDS = "B306", "a condition that matches no phrase"
    WRONG_VALUE = "B307", "a value of the wrong type"
    CONTRADICTION = "B308", "two clauses that conflict"
    JOB_PROBLEM = "B309", "a job whose clauses are incomplete or inconsistent"
    MISSING_TYPE = "B310", "a value type that no plugin defines"
    OVERWRITTEN = "B311", "an output that would overwrite another file"

    BAD_SOURCE = "B401", "a source that cannot be loaded"
    MISSING_COLUMN = "B402", "a source without the column that identifies its records"
    SURPLUS_COLUMN = "B403", "a column that the operation does not accept"
    UNKNOWN_COLUMN = "B404", "a column that is not in the source"
    TWO_COLUMNS = "B405", "columns that cannot be sent together"
    UNKNOWN_OBJECT = "B411", "an object that the org does not have"
    UNKNOWN_FIELD = "B412", "columns that are not fields of the object"
    NOT_WRITABLE = "B413", "an object or field that this user cannot write"
    MISSING_FIELD = "B414", "a required field without a column"
    NO_KEY = "B415", "a field that cannot identify records"
    PARENTS_LATER = "B416", "rows loaded before their parents"
    BEYOND_LIMITS = "B417", "more than the org's remaining limits"
    FIELD_CASE = "B418", "columns that differ from their fields in case"
    TWO_WAYS = "B419", "two columns for one field"
    BLANK_ROWS = "B421", "rows without any value"
    HEADER_AGAIN = "B422", "the header again among the rows"
    INNER_MARK = "B423", "a byte order mark inside of a file"
    CLEARED_VALUES = "B424", "values that clear a field"
    KEYS_TWICE = "B425", "a key of an upsert in several rows"
    BLANK_KEYS = "B426", "a blank key of an upsert"
    UNFIT_COLUMN = "B427", "a column name that no field can have"
    WRONG_ENCODING = "B428", "an encoding that the bytes of the file contradict"
    UNREADABLE_VALUES = "B440", "values that a row clause cannot deal with"
    ROW_CLAUSE = "B441", "a row clause that does not fit the columns"
    NO_DATE = "B442", "values that the org cannot read as dates"
    NO_NUMBER = "B443", "values that the org cannot read as numbers"
    NO_BOOLEAN = "B444", "values that the org cannot read as true or false"
    TOO_LONG = "B445", "values that are longer than their field"
    BLANK_REQUIRED = "B446", "blank values of a required field"
    NOT_A_CHOICE = "B447", "values that a restricted picklist does not have"
    NO_ID = "B448", "values that are not ids of the object"
    NO_EMAIL = "B449", "values that are not email addresses"
