"""The errors that refuse a query, with the lines that show the place."""

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

_MOST_AROUND: Final = 200
"""Characters of a line that are shown on either side of a place: a line may have 100,000."""

_MOST_PROBLEM: Final = 1000
"""Characters of a message, which quotes names and literals of the query."""

_REFERENCE: Final = (
    "Please reference your WSDL or the describe call for the appropriate names."  # as recorded
)


def make_query_error(choices: Choices, text: str, at: int, code: str, problem: str) -> ApiError:
    """The error for what stands at an offset of a query's text."""
    before = text[:at]
    row = before.count("\n") + 1
    start = before.rfind("\n") + 1
    end = text.find("\n", at)
    first = max(start, at - _MOST_AROUND)
    last = min(len(text) if end < 0 else end, at + _MOST_AROUND)
    place = choices.query_place.format(
        line=text[first:last],
        caret=" " * (at - first) + "^",
        row=row,
        column=at - start + 1,
    )
    if len(problem) > _MOST_PROBLEM:
        # The end says what is wrong with the words that are quoted before it.
        problem = f"{problem[: _MOST_PROBLEM // 2]}…{problem[-_MOST_PROBLEM // 2 :]}"
    return ApiError(400, code, f"{place}{problem}")


def describe_no_column(name: str, entity: str) -> str:
    """The message for a field that an object does not have."""
    return (
        f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom "
        f"field, be sure to append the '__c' after the custom field name. {_REFERENCE}"
    )


def describe_no_relationship(name: str) -> str:
    """The message for a parent that an object does not have."""
    return (
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a "
        "custom relationship, be sure to append the '__r' after the custom relationship name. "
        f"{_REFERENCE}"
    )


def describe_no_object(name: str) -> str:
    """The message for an object that the org does not have (recorded)."""
    return (
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, "
        f"be sure to append the '__c' after the entity name. {_REFERENCE}"
    )


def describe_wrong_type(field: str, kind: str, *, quoted: bool) -> str:
    """The message for a value that is not of a field's type."""
    should = "should be" if quoted else "should not be"
    return (
        f"value of filter criterion for field '{field}' must be of type {kind} and {should} "
        "enclosed in quotes"
    )
