"""A catalogue with the words of the language's reference, and functions that do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bulkflow.errors import UsageError
from bulkflow.model.job_phase import Phase
from bulkflow.model.value import Integer, Name, Percent, Text, plain
from bulkflow.plugin import Org, Problem, ValueType, clause, condition, step
from bulkflow.plugin.registry import Catalogue
from bulkflow.plugin.types import choice, framework_types, takes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENDED = (Phase.FINISHED, Phase.ABORTED)
ROWS = ("successful", "failed", "unprocessed", "all")


def a_step(phrases, parameters, **options):
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
        kind="load",
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
        kind="load",
    ),
    a_step(["load [{job}]"], "job", accepts=[Phase.DECLARED, Phase.OPEN], leaves=Phase.FINISHED),
    a_step(
        ["retry {selection:rows} rows [of {job}] [up to {n:number} times] [matching {like:text}]"],
        "job, selection, n=None, like=None",
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
    a_step(["extract {query:text} [in {org}] to {path}"], "query, path, org=None"),
    a_step(
        ["fetch [{job}] [to {path}]"],
        "job, path=None",
        accepts=[Phase.DECLARED, Phase.CLOSED, Phase.FINISHED],
        leaves=Phase.FINISHED,
        kind="query",
        only_reads=True,
        provides_rows=True,
    ),
    a_step(
        ["wait [for {job}] [up to {timeout:duration}] [every {interval:duration}]"],
        "job, timeout=None, interval=None",
        accepts=[Phase.CLOSED],
        leaves=Phase.FINISHED,
        kind="query",
        only_reads=True,
    ),
    a_step(
        ["retry [{n:count}] times [every {interval:duration}]", "retry"],
        "n=1, interval=None",
        retries=True,
    ),
    a_step(["continue"], "", ends_chain=True, resumes=True),
    a_step(["stop"], "", ends_chain=True, stops=True),
    a_step(["fail {message:text}"], "message", ends_chain=True),
    a_step(["log {message:value}"], "message"),
    a_step(["pause {time:duration}"], "time"),
    a_step(["paint {colour}"], "colour"),
)


def a_clause(phrase, parameters, sets, begins=None, kind=None, **fixed):
    """A clause that sets what is fixed, and each of its slots by name."""
    namespace: dict[str, object] = {"fixed": fixed}
    exec(f"def function({parameters}): return {{**fixed, **locals()}}", namespace)
    return clause(phrase, sets=sets, begins=begins, kind=kind)(namespace["function"])


@clause("keep {columns:name...}", sets=("kept", "dropped"), repeats=True)
def keep(columns: tuple[str, ...]) -> Mapping[str, object]:
    return {"kept": columns}


@clause("drop {columns:name...}", sets=("kept", "dropped"), repeats=True)
def drop(columns: tuple[str, ...]) -> Mapping[str, object]:
    return {"dropped": columns}


@clause("rename {column:value} to {field}", sets=("renamed",), repeats=True)
def rename(column: object, field: object) -> Mapping[str, object]:
    return {"renamed": ((column, field),)}


@clause("from {location}", sets=("location",))
def source(location: str) -> Mapping[str, object]:
    if location.startswith("ftp:"):
        raise UsageError("ftp is no scheme that is known here", help="use a path")
    return {"location": location}


WHAT = ("operation", "object")
CLAUSES = (
    source,
    a_clause("insert {object}", "object", WHAT, operation="insert"),
    a_clause("upsert {object} by {field}", "object, field", (*WHAT, "field"), operation="upsert"),
    a_clause("update {object}", "object", WHAT, operation="update"),
    a_clause("delete {object}", "object", WHAT, operation="delete"),
    a_clause("hard delete {object}", "object", WHAT, operation="hardDelete"),
    a_clause("in {org}", "org", ("org",)),
    a_clause("existing {id}", "id", ("id",), begins=Phase),
    a_clause("parts of {parts:size}", "parts", ("parts",)),
    a_clause("parts of {parts:number} rows", "parts", ("parts",)),
    a_clause("over {n:count} connections", "n", ("connections",), kind="load"),
    a_clause("query {query:text}", "query", ("query",), kind="query"),
    a_clause("from {job}", "job", ("location",), kind="load"),
    a_clause("delimiter {delimiter:value}", "delimiter", ("delimiter",)),
    rename,
    a_clause("assignment rule {rule:id}", "rule", ("rule",)),
    keep,
    drop,
)


@condition("any {selection:rows} rows [of {job}]", kind="load")
def any_rows(context: object, job: object, selection: str) -> bool:
    return True


@condition("reachable [{org}]")
def reachable(context: object, org: str | None = None) -> bool:
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


def problems(settings: Mapping[str, object], kind: str | None) -> Iterator[Problem]:
    """What the ingest plugin would say, in short."""
    if "id" in settings or "query" in settings:
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
        clauses=CLAUSES,
        conditions=(any_rows, over, reachable),
        value_types={each.name: each for each in TYPES},
        orgs={name: Org(name, "", unreachable) for name in ("sandbox", "env", "prod")},
        job_problems=problems,
    )
