"""A catalogue with the words of the language's reference, and functions that do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bulkflow.errors import UsageError
from bulkflow.model.phase import Phase
from bulkflow.model.value import Integer, Name, Percent, Text, plain
from bulkflow.plugin import Org, Problem, ValueType, clause, condition, step
from bulkflow.plugin.catalogue import Catalogue
from bulkflow.plugin.types import choice, framework_types, takes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENDED = (Phase.FINISHED, Phase.ABORTED)
ROWS = ("successful", "failed", "unprocessed", "all")


def a_step(phrases, parameters, **options):  # noqa: ANN001, ANN003, ANN201
    """A step whose function has a parameter for each slot."""
    namespace: dict[str, object] = {}
    exec(f"def function(context, {parameters}): pass", namespace)
    return step(*phrases, **options)(namespace["function"])


STEPS = (
    a_step(["create [{job}]"], "job", accepts=[Phase.DECLARED], leaves=Phase.OPEN),
    a_step(
        ["upload [{job}]"],
        "job",
        accepts=[Phase.DECLARED, Phase.OPEN],
        leaves=Phase.UPLOADED,
    ),
    a_step(
        ["close [{job}]", "complete upload [of {job}]"],
        "job",
        accepts=[Phase.UPLOADED],
        leaves=Phase.CLOSED,
    ),
    a_step(
        ["abort [{job}]"],
        "job",
        accepts=[Phase.DECLARED, Phase.OPEN, Phase.UPLOADED, Phase.CLOSED],
        leaves=Phase.ABORTED,
    ),
    a_step(
        ["wait [for {job}] [up to {timeout:duration}] [every {interval:duration}]"],
        "job, timeout=None, interval=None",
        accepts=[Phase.CLOSED],
        leaves=Phase.FINISHED,
    ),
    a_step(["load [{job}]"], "job", accepts=[Phase.DECLARED, Phase.OPEN], leaves=Phase.FINISHED),
    a_step(
        [
            "retry {selection:rows} rows [of {job}] [up to {n:number} times] [matching {pattern:text}]"
        ],
        "job, selection, n=None, pattern=None",
        accepts=ENDED,
    ),
    a_step(
        ["require {selection:rows} rows [of {job}] under {limit}"],
        "job, selection, limit",
        accepts=ENDED,
    ),
    a_step(
        ["save {selection:rows} rows [of {job}] to {path}"], "job, selection, path", accepts=ENDED
    ),
    a_step(["save results [of {job}] to {path}"], "job, path", accepts=ENDED),
    a_step(["show [{job}]"], "job"),
    a_step(["delete [{job}]"], "job", accepts=ENDED, leaves=Phase.DELETED),
    a_step(["extract {query:text} to {path}"], "query, path"),
    a_step(["retry [{n:number}] times [every {interval:duration}]", "retry"], "n=1, interval=None"),
    a_step(["continue"], "", ends_chain=True, resumes=True),
    a_step(["stop"], "", ends_chain=True),
    a_step(["fail {message:text}"], "message", ends_chain=True),
    a_step(["log {message:value}"], "message"),
    a_step(["pause {time:duration}"], "time"),
)


@clause("insert {object}", sets=("operation", "object"))
def insert(object: str) -> Mapping[str, object]:
    return {"operation": "insert", "object": object}


@clause("upsert {object} by {field}", sets=("operation", "object", "field"))
def upsert(object: str, field: str) -> Mapping[str, object]:
    return {"operation": "upsert", "object": object, "field": field}


@clause("delete {object}", sets=("operation", "object"))
def delete(object: str) -> Mapping[str, object]:
    return {"operation": "delete", "object": object}


@clause("hard delete {object}", sets=("operation", "object"))
def hard_delete(object: str) -> Mapping[str, object]:
    return {"operation": "hardDelete", "object": object}


@clause("from {location}", sets=("location",))
def from_(location: str) -> Mapping[str, object]:
    if location.startswith("ftp:"):
        raise UsageError("ftp is no scheme that is known here", help="use a path")
    return {"location": location}


@clause("existing {id}", sets=("existing",), begins=Phase)
def existing(id: str) -> Mapping[str, object]:
    return {"existing": id}


@clause("parts of {size}", sets=("parts",))
def parts_of_size(size: int) -> Mapping[str, object]:
    return {"parts": size}


@clause("parts of {n:number} rows", sets=("parts",))
def parts_of_rows(n: int) -> Mapping[str, object]:
    return {"parts": n}


@clause("assignment rule {id}", sets=("rule",))
def assignment_rule(id: str) -> Mapping[str, object]:
    return {"rule": id}


@condition("any {selection:rows} rows [of {job}]")
def any_rows(context: object, job: object, selection: str) -> bool:
    return True


@condition("over {limit} {selection:rows} rows [of {job}]")
def over(context: object, job: object, selection: str, limit: object) -> bool:
    return True


def _id(value: object) -> str:
    if isinstance(value, Name | Text) and len(plain(value)) in (15, 18):
        return plain(value)
    raise ValueError("an id has 15 or 18 characters")


def _type(name: str, shows: str, *kinds: type) -> ValueType:
    return ValueType(name, shows, takes(*kinds, what=shows))


TYPES = (
    *framework_types(),
    _type("object", "an object's API name, such as Account", Name, Text),
    _type("field", "a field's API name, such as External_Id__c", Name, Text),
    _type("limit", "a number of rows or a percentage, such as 100 or 1%", Integer, Percent),
    ValueType("id", "an id of 15 or 18 characters", _id),
    ValueType("rows", f"one of {', '.join(ROWS)}", choice(*ROWS), constants=False, choices=ROWS),
)


def problems(settings: Mapping[str, object]) -> Iterator[Problem]:
    """What the ingest plugin would say, in short."""
    if "existing" in settings:
        return
    if "operation" not in settings:
        yield Problem("says nothing of what to do", "write `insert OBJECT`")
    if "location" not in settings:
        yield Problem("has no source", 'write `from "file.csv"`')
    if settings.get("parts") == 0:
        yield Problem("has parts of nothing", setting="parts")


def unreachable(request: object) -> object:
    raise AssertionError("nothing connects while a file is checked")


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue(
        steps=STEPS,
        clauses=(
            insert,
            upsert,
            delete,
            hard_delete,
            from_,
            existing,
            parts_of_size,
            parts_of_rows,
            assignment_rule,
        ),
        conditions=(any_rows, over),
        value_types={each.name: each for each in TYPES},
        orgs={name: Org(name, "", unreachable) for name in ("sandbox", "env", "prod")},
        job_problems=problems,
    )
