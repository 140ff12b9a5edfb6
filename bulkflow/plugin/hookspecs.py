"""Every hook that a plugin may implement.

A plugin is a module (or any object) in the entry-point group `bulkflow`. It marks its functions
with `bulkflow.plugin.hookimpl`. Hooks either *declare* things, once, when plugins are loaded, or
*hear* of what happens in a run. None is called for a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bulkflow.model.event import (
        JobPrepared,
        Notice,
        Progress,
        RunFinished,
        RunStarted,
        StepFailed,
        StepFinished,
        StepStarted,
    )
    from bulkflow.model.part import Manifest
    from bulkflow.plugin.context import Context, Job
    from bulkflow.plugin.messages import Load
    from bulkflow.plugin.records import (
        Clause,
        Command,
        Condition,
        Org,
        Problem,
        Source,
        Step,
        ValueType,
    )

PROJECT = "bulkflow"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

# ---------------------------------------------------------------------------- declaring


@hookspec
def bulkflow_steps() -> Iterable[Step]:  # type: ignore[empty-body]
    """The plugin's steps, made with the `step` decorator."""


@hookspec
def bulkflow_clauses() -> Iterable[Clause]:  # type: ignore[empty-body]
    """The plugin's job clauses, made with the `clause` decorator."""


@hookspec
def bulkflow_conditions() -> Iterable[Condition]:  # type: ignore[empty-body]
    """The plugin's questions for `when`, made with the `condition` decorator."""


@hookspec
def bulkflow_value_types() -> Iterable[ValueType]:  # type: ignore[empty-body]
    """Types that the plugin's slots use beyond those that are there."""


@hookspec
def bulkflow_orgs() -> Iterable[Org]:  # type: ignore[empty-body]
    """Names that may stand after `org`, and how to connect to them."""


@hookspec
def bulkflow_sources() -> Iterable[Source]:  # type: ignore[empty-body]
    """Kinds of locations that rows or bytes may come from."""


@hookspec
def bulkflow_commands() -> Iterable[Command]:  # type: ignore[empty-body]
    """Additions to the command line."""


@hookspec
def bulkflow_job_problems(settings: Mapping[str, object]) -> Iterable[Problem]:  # type: ignore[empty-body]
    """What is wrong with a job's settings.

    Called by the checker for each job. A setting whose value is not known yet (it holds a loop's
    variable) is there with the value `bulkflow.plugin.UNKNOWN`.
    """


# ------------------------------------------------------------------------- preparing a run


@hookspec
def bulkflow_source_problems(context: Context, job: Job) -> Iterable[Problem]:  # type: ignore[empty-body]
    """What is wrong with a job's source, told by as little of it as will do.

    Called by `bulkflow check --sources`, and by `bulkflow plan` after the source was read to its
    end: then `job.manifest` is there, and nothing need be opened. Sends nothing; never reads
    standard input. Raises `DataError` where there is no source.
    """


@hookspec
def bulkflow_org_problems(  # type: ignore[empty-body]
    context: Context, loads: Sequence[Load], requests: int
) -> Iterable[Problem]:
    """What the org says against a plan: its objects, the user's rights, its limits.

    Called by `bulkflow plan` when it may ask the org, once for each org of a file;
    `context.open_org()` opens that org. `loads` are the jobs that hand rows over to it, in order.
    `requests` is the least number of API calls that the plan makes there. Only requests that
    change nothing are allowed.
    """


@hookspec(firstresult=True)
def bulkflow_prepare_job(context: Context, job: Job) -> Manifest | None:
    """Read a job's source and say what it comes to, without a request that changes anything.

    Called before the first step, for every job whose settings are known then, and for others when
    the run reaches them. The first plugin that returns a manifest answers for the job; a plugin
    whose job it is not returns None. Raises `DataError` for data that cannot be loaded.
    """


# --------------------------------------------------------------------------- run events


@hookspec
def bulkflow_run_started(event: RunStarted) -> None:
    """The plan is checked and the sources are read; nothing was sent yet."""


@hookspec
def bulkflow_job_prepared(event: JobPrepared) -> None:
    """A job's source was read to its end and cut into parts."""


@hookspec
def bulkflow_step_started(event: StepStarted) -> None:
    """A step begins."""


@hookspec
def bulkflow_step_finished(event: StepFinished) -> None:
    """A step did what it says."""


@hookspec
def bulkflow_step_failed(event: StepFailed) -> None:
    """A step did not do what it says; the event holds the error."""


@hookspec
def bulkflow_progress(event: Progress) -> None:
    """A job went on. At most a few times a second for each job."""


@hookspec
def bulkflow_notice(event: Notice) -> None:
    """Something that the user should read."""


@hookspec
def bulkflow_run_finished(event: RunFinished) -> None:
    """The run is over, in whichever way."""
