"""Errors of queries, with an excerpt that shows the place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.core.errors import ApiError

if TYPE_CHECKING:
    from bulkflow_sandbox.core.behavior import Choices

MALFORMED_QUERY: Final = "MALFORMED_QUERY"
INVALID_FIELD: Final = "INVALID_FIELD"
INVALID_TYPE: Final = "INVALID_TYPE"
TOO_COMPLICATED: Final = "QUERY_TOO_COMPLICATED"
INVALID_OPERATOR: Final = "INVALID_QUERY_FILTER_OPERATOR"

_MAX_AROUND: Final = 200
"""Maximum characters to show before and after the place: a line can have 100,000."""

_MAX_PROBLEM: Final = 1000
"""Maximum length of a message, which quotes names and literals of the query."""

_REFERENCE: Final = (
    "Please reference your WSDL or the describe call for the appropriate names."  # as recorded
)


def make_query_error(choices: Choices, text: str, at: int, code: str, problem: str) -> ApiError:
    """Make an error for a place in the text of a query."""
    before = text[:at]
    row = before.count("\n") + 1
    start = before.rfind("\n") + 1
    end = text.find("\n", at)
    first = max(start, at - _MAX_AROUND)
    last = min(len(text) if end < 0 else end, at + _MAX_AROUND)
    place = choices.query_place.format(
        line=text[first:last],
        caret=" " * (at - first) + "^",
        row=row,
        column=at - start + 1,
    )
    if len(problem) > _MAX_PROBLEM:
        # Keep the end, which explains what is wrong with the quoted words.
        problem = f"{problem[: _MAX_PROBLEM // 2]}…{problem[-_MAX_PROBLEM // 2 :]}"
    return ApiError(400, code, f"{place}{problem}")


def describe_no_column(name: str, entity: str) -> str:
    """Describe an unknown field of an object."""
    return (
        f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom "
        f"field, be sure to append the '__c' after the custom field name. {_REFERENCE}"
    )


def describe_no_relationship(name: str) -> str:
    """Describe an unknown relationship."""
    return (
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a "
        "custom relationship, be sure to append the '__r' after the custom relationship name. "
        f"{_REFERENCE}"
    )


def describe_no_object(name: str) -> str:
    """Describe an unknown object (recorded)."""
    return (
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, "
        f"be sure to append the '__c' after the entity name. {_REFERENCE}"
    )


def describe_wrong_type(field: str, kind: str, *, quoted: bool) -> str:
    """Describe a value that does not have the type of its field."""
    should = "should be" if quoted else "should not be"
    return (
        f"value of filter criterion for field '{field}' must be of type {kind} and {should} "
        "enclosed in quotes"
    )
