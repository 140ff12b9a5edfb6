"""Checks a plan against the org, with requests that only read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve, field

from bulkflow.model.event import Notice
from bulkflow.plugin import Problem
from bulkflow_ingest.checks.columns import ColumnInspector
from bulkflow_ingest.checks.values import find_value_problems
from bulkflow_ingest.settings import IngestSettings, is_ingest
from bulkflow_ingest.source.required_columns import format_operation
from bulkflow_ingest.source.sent_parts import get_sent_parts
from bulkflow_ingest.source.sent_rows import open_sent_rows
from bulkflow_ingest.source.suggestions import suggest_name
from bulkflow_jobs.session import open_session
from bulkflow_jobs.sobjects import Describer
from bulkflow_salesforce import ForbiddenError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from bulkflow.plugin import Context, Load
    from bulkflow_jobs.sobjects import ObjectDescription
    from bulkflow_salesforce import JsonValue, Session

BATCH_ROWS = 10_000
"""The rows of one internal batch; one row more takes a second batch (guide v66)."""

API_REQUESTS = ("DailyApiRequests",)
BATCHES = ("DailyBulkApiBatches", "DailyBulkApiRequests")
"""The names in the org's `limits`: since v49, and before."""


def find_org_problems(context: Context, loads: Sequence[Load], requests: int) -> Iterator[Problem]:
    """Find problems of these loads in the org.

    Raises:
        OrgError, UsageError: The org cannot be reached or refuses the login.
    """
    ours = [load for load in loads if is_ingest(load.job.settings)]
    if not ours:
        return
    session = open_session(context)
    inspection = _Inspection(Describer(session), context.run_directory)
    for load in ours:
        context.checkpoint()
        yield from inspection.check_job(load)
    yield from inspection.check_order(ours)
    yield from _check_limits(context, session, ours, requests)


@define(eq=False)
class _Inspection:
    describer: Describer
    directory: Path
    """A folder for what exceeds the memory."""
    _loaded: dict[str, tuple[str, Mapping[str, str]]] = field(factory=dict)
    """By job: the object that it creates records of, and the objects that its columns refer to."""

    def check_job(self, load: Load) -> Iterator[Problem]:
        """Find problems between a job and its object."""
        settings = IngestSettings.of(load.job.settings)
        if settings.object is None:
            return
        described = self.describer.describe(settings.object)
        if described is None:
            near = suggest_name(settings.object, self.describer.list_names())
            yield Problem(
                f"the org has no object {settings.object} that this user may see",
                near or "write the object's API name, such as Invoice__c",
                "object",
                "B411",
                job=load.job.key,
            )
            return
        if not _is_allowed(described, settings.operation):
            yield Problem(
                f"this user may not {format_operation(settings)} records of {described.name}",
                "ask for the object's permissions, or use another user",
                "operation",
                "B413",
                job=load.job.key,
            )
        if load.job.manifest is None or settings.operation in {"delete", "hardDelete"}:
            return
        columns = ColumnInspector(self.describer, described, settings, load.job)
        yield from columns.find_problems()
        yield from self._check_values(load, described, settings)
        self._loaded[load.job.key] = described.name, columns.parents

    def _check_values(
        self, load: Load, described: ObjectDescription, settings: IngestSettings
    ) -> Iterator[Problem]:
        """Find values that the org would refuse."""
        parts = get_sent_parts(load.job)
        if not parts:
            return
        names = {each.lower() for each in parts[0].data.header.columns}
        lookups = any(
            each.targets for each in described.fields.values() if each.name.lower() in names
        )
        prefixes = self.describer.list_prefixes() if lookups else {}
        with open_sent_rows(parts, self.directory) as rows:
            for problem in find_value_problems(rows, described, prefixes, settings):
                yield evolve(problem, job=load.job.key)

    def check_order(self, loads: Sequence[Load]) -> Iterator[Problem]:
        """Find children that are loaded before their parents, or at the same time."""
        for load in loads:
            _, parents = self._loaded.get(load.job.key, ("", {}))
            for other in loads:
                made, _ = self._loaded.get(other.job.key, ("", {}))
                if made not in parents or other is load or other.job.key in load.after:
                    continue
                if other.job.settings.get("operation") not in {"insert", "upsert"}:
                    continue
                yield Problem(
                    f"job {load.job.name} refers to records of {made} ({parents[made]}), but may "
                    f"begin before job {other.job.name} has loaded them",
                    f"load job {other.job.name} first, and wait for it",
                    "location",
                    "B416",
                    warning=True,
                    job=load.job.key,
                )


def _is_allowed(described: ObjectDescription, operation: str | None) -> bool:
    match operation:
        case "insert":
            return described.createable
        case "update":
            return described.updateable
        case "upsert":
            return described.createable and described.updateable
        case "delete" | "hardDelete":
            return described.deletable
        case _:
            return True


def _check_limits(
    context: Context, session: Session, loads: Sequence[Load], requests: int
) -> Iterator[Problem]:
    try:
        limits = session.get(session.build_path("limits")).parse_object()
    except ForbiddenError:
        context.emit(Notice("this user may not see the limits of the org, so they are not checked"))
        return
    batches = sum(
        -(-part.rows // BATCH_ROWS)
        for load in loads
        if load.job.manifest is not None
        for part in load.job.manifest.parts
    )
    org = "the org" if context.org_name is None else f"org {context.org_name}"
    needs = []
    for needed, names, what in (
        (requests, API_REQUESTS, "API calls"),
        (batches, BATCHES, f"batches of {BATCH_ROWS:,} rows"),
    ):
        left = _find_remaining(limits, names)
        if left is None:
            continue
        needs.append(f"{needed:,} of {left:,} {what}")
        if needed > left:
            yield Problem(
                f"the plan needs at least {needed:,} {what}, and {org} has {left:,} left",
                "load less, or wait: the org counts the last 24 hours",
                code="B417",
            )
    if needs:
        context.emit(Notice(f"the plan takes at least {' and '.join(needs)} that {org} has left"))


def _find_remaining(limits: Mapping[str, JsonValue], names: Sequence[str]) -> int | None:
    for name in names:
        limit = limits.get(name)
        if isinstance(limit, dict) and isinstance(remaining := limit.get("Remaining"), int):
            return remaining
    return None
