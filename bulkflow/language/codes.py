"""Every diagnostic code, once.

A code never changes its meaning and is never used again for another one. B1xx is about the text of
a file, B2xx about names and about what happens to jobs, B3xx about words and their values, B4xx
about data and what the org says to it: `check` finds the first of these with --sources, `plan` all.
B216 was about a second org, when a file had one.
"""

from __future__ import annotations

from enum import Enum
from typing import Self


class Code(Enum):
    """A kind of mistake: its stable code and its title."""

    title: str

    def __new__(cls, code: str, title: str) -> Self:
        """Make the code the value, so that `Code("B203")` finds it."""
        member = object.__new__(cls)
        member._value_ = code
        member.title = title
        return member

    UNEXPECTED = "B101", "something else was expected here"
    UNKNOWN_CHARACTER = "B102", "a character that the language does not use"
    UNCLOSED_TEXT = "B103", "a text without its closing quote"
    BAD_ESCAPE = "B104", "an unknown escape in a text"
    BAD_BRACE = "B105", "a brace in a text that is neither {name} nor doubled"
    NUMBER_TOO_LARGE = "B106", "a number with too many digits"
    TAB = "B107", "a tab in the indentation"
    INDENTATION = "B108", "indentation that matches no block"
    NESTING = "B109", "blocks or conditions nested too deep"
    EMPTY_BLOCK = "B110", "a block without lines"
    STRAY_CONTINUATION = "B111", "`then` or `on` with no step before it"
    TOP_LEVEL_ONLY = "B112", "a declaration that stands inside a block"
    DOLLAR = "B113", "a dollar sign before a name in braces"
    TEXT_TOO_LONG = "B114", "a text that is too long with its names replaced"
    INCLUDE_UNREADABLE = "B121", "an included file that cannot be read"
    INCLUDE_AGAIN = "B122", "a file that is included twice, or includes itself"
    INCLUDE_OUTSIDE = "B123", "an include that leaves the folder of the pipeline"

    UNKNOWN_JOB = "B201", "a job that is not declared"
    UNUSED_JOB = "B202", "a job that no step uses"
    JOB_TOO_LATE = "B203", "a step that comes too late for its job"
    JOB_TOO_EARLY = "B204", "a step that comes too early for its job"
    WHICH_JOB = "B205", "a step that does not say which job it is about"
    DUPLICATE_NAME = "B206", "a name that is declared twice"
    SHARED_JOB = "B207", "a job that two branches of `parallel` work on"
    UNREACHABLE = "B208", "a step that is never reached"
    UNKNOWN_NAME = "B209", "a name that stands for nothing"
    UNSET_VARIABLE = "B210", "an environment variable that is not set"
    MISSING_PARAMETER = "B211", "a param that was given no value"
    UNKNOWN_PARAMETER = "B212", "--set for a param that the file does not have"
    WRONG_PARAMETER = "B213", "--set with a value of the wrong kind"
    NO_ORG = "B214", "a file with jobs and without an org"
    UNKNOWN_ORG = "B215", "an org that no plugin knows"
    LEFT_OPEN = "B217", "a job that is left open in the org"
    UNUSED_NAME = "B218", "a param or let that nothing uses"
    NO_FAILURE = "B219", "an answer to a failure where there is none"
    UNDECLARED_ORG = "B220", "an org that is not declared"
    WHICH_ORG = "B221", "one of several orgs, and nothing says which"
    UNUSED_ORG = "B222", "an org that nothing is for"

    UNKNOWN_STEP = "B301", "a verb that no plugin brings"
    STEP_WORDS = "B302", "a step whose words fit no phrase"
    UNKNOWN_CLAUSE = "B303", "a clause that no plugin brings"
    CLAUSE_WORDS = "B304", "a clause whose words fit no phrase"
    UNKNOWN_CONDITION = "B305", "a condition that no plugin brings"
    CONDITION_WORDS = "B306", "a condition whose words fit no phrase"
    WRONG_VALUE = "B307", "a value that its place does not take"
    CONTRADICTION = "B308", "two clauses that say different things"
    JOB_PROBLEM = "B309", "a job that cannot work as it is declared"
    MISSING_TYPE = "B310", "a phrase with a type of values that no plugin brings"
    OVERWRITTEN = "B311", "an output that would overwrite what is needed"

    BAD_SOURCE = "B401", "a source that cannot be loaded"
    MISSING_COLUMN = "B402", "a source without the column that names its records"
    SURPLUS_COLUMN = "B403", "a column that the operation does not take"
    UNKNOWN_COLUMN = "B404", "a column that the source does not have"
    TWO_COLUMNS = "B405", "columns that cannot be sent together"
    UNKNOWN_OBJECT = "B411", "an object that the org does not have"
    UNKNOWN_FIELD = "B412", "columns that are no fields of the object"
    NOT_WRITABLE = "B413", "something that this user may not write"
    MISSING_FIELD = "B414", "a field that new records need and no column has"
    NO_KEY = "B415", "a field that records cannot be found by"
    PARENTS_LATER = "B416", "rows whose parents are not loaded before them"
    BEYOND_LIMITS = "B417", "more than the org has left today"
    FIELD_CASE = "B418", "columns in another case than their fields"
