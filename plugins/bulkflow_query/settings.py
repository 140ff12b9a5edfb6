"""A query job's settings, as its clauses set them, and the checks that need no org."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import fields, frozen

from bulkflow.plugin import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bulkflow_soql.tree import Query

QUERY: Final = "query"
"""The kind of a query job, in the words of the language."""

CONNECTIONS: Final = 5
"""Pages that are fetched at the same time: as many as `resultPages` names together (guide v66)."""


@frozen
class QuerySettings:
    """The settings of a job."""

    query: str
    includes_deleted: bool = False
    over_rest: bool = False
    since: Path | None = None
    """The file of the watermark that the rows have to be newer than."""
    patience: float | None = None
    """Seconds to wait out temporary trouble."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> QuerySettings:
        """Make the settings of a job that passed the checks."""
        return cls(**{name: value for name, value in settings.items() if name in _NAMES})

    @property
    def operation(self) -> str:
        """The operation in the words of the API."""
        return "queryAll" if self.includes_deleted else "query"

    def parse(self) -> Query:
        """Parse the query, which the checks have accepted."""
        from bulkflow_soql import parse

        return parse(self.query)


_NAMES: Final = frozenset(each.name for each in fields(QuerySettings))


def _check_watermark(query: Query) -> Iterator[Problem]:
    from bulkflow_soql.features import list_paths

    if query.group_at is not None or query.limit is not None:
        yield Problem(
            "a watermark needs all rows, one by one",
            "remove GROUP BY and LIMIT from the query, or this line",
            "since",
        )
    elif "systemmodstamp" not in {path.text.lower() for path in list_paths(query)}:
        yield Problem(
            "a watermark needs the field SystemModstamp in the query",
            "add it after SELECT",
            "since",
        )


def find_reason_for_rest(settings: QuerySettings) -> str | None:
    """Return why a query goes over REST; None if it becomes a query job."""
    from bulkflow_soql.features import find_refused_by_bulk

    for feature in find_refused_by_bulk(settings.parse()):
        return f"query jobs of Salesforce do not support {feature.name}"
    return "the job has `over rest`" if settings.over_rest else None


def is_query(settings: Mapping[str, object]) -> bool:
    """Return whether a job is a query job."""
    return "query" in settings


def find_problems(settings: Mapping[str, object]) -> Iterator[Problem]:
    """Find what is wrong with a job's settings, whatever the org is."""
    text = settings.get("query")
    if not isinstance(text, str):
        return
    from bulkflow_soql import parse
    from bulkflow_soql.features import find_refused_by_bulk, prevents_chunking, selects_all_fields

    query = parse(text)
    if "since" in settings:
        yield from _check_watermark(query)
    clause = prevents_chunking(query)
    rest = settings.get("over_rest") is True or any(find_refused_by_bulk(query))
    if rest and selects_all_fields(query):
        yield Problem(
            "a query over REST has to name its fields, which become the columns",
            "write their names instead of FIELDS(…)",
            "query",
        )
    if clause is not None and not rest:
        yield Problem(
            f"{clause} keeps Salesforce from dividing the query: on many records it may time out",
            f"remove {clause}, unless few records match",
            "query",
            warning=True,
        )
