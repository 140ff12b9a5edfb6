"""The step that compares the number of an object's records with an expected one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import StepError
from bulkflow.plugin import format_plural
from bulkflow_jobs.patience import get_patience
from bulkflow_jobs.session import open_session
from bulkflow_query.api.rest import RestApi

if TYPE_CHECKING:
    from bulkflow.plugin import Context


def require_count(context: Context, object_name: str, condition: str | None, wanted: int) -> None:
    """Raise `StepError` unless the org has this many records that meet a condition."""
    where = "" if condition is None else f" WHERE {condition}"
    api = RestApi(open_session(context)).with_patience(get_patience(context, None))
    found = api.count(f"SELECT COUNT() FROM {object_name}{where}")  # noqa: S608 - it is parsed SOQL
    if found != wanted:
        which = "" if condition is None else f" where {condition}"
        raise StepError(
            f"the org has {format_plural(found, 'record')} of {object_name}{which}, not {wanted:,}",
            help="look at the records in the org before you continue",
        )
