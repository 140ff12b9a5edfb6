"""Every hook that a plugin may implement.

A plugin is a module (or any object) in the entry-point group `bulkflow`. It marks its functions
with `bulkflow.plugin.hookimpl`. Some hooks *declare* things, once, when plugins are loaded; others
*listen* to the events of a run. None is called per row.
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
        Sink,
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
    """Return the plugin's steps, made with the `step` decorator."""


@hookspec
def bulkflow_clauses() -> Iterable[Clause]:  # type: ignore[empty-body]
    """Return the plugin's job clauses, made with the `clause` decorator."""


@hookspec
def bulkflow_conditions() -> Iterable[Condition]:  # type: ignore[empty-body]
    """Return the plugin's questions for `when`, made with the `condition` decorator."""


@hookspec
def bulkflow_value_types() -> Iterable[ValueType]:  # type: ignore[empty-body]
    """Return types for the plugin's slots, in addition to the built-in ones."""


@hookspec
def bulkflow_orgs() -> Iterable[Org]:  # type: ignore[empty-body]
    """Return names for use after `org`, and how to connect to them."""


@hookspec
def bulkflow_sources() -> Iterable[Source]:  # type: ignore[empty-body]
    """Return kinds of locations and files that rows or bytes can come from."""


@hookspec
def bulkflow_sinks() -> Iterable[Sink]:  # type: ignore[empty-body]
    """Return formats that rows can be written to."""


@hookspec
def bulkflow_commands() -> Iterable[Command]:  # type: ignore[empty-body]
    """Return commands to add to the command line."""


@hookspec
def bulkflow_redact(text: str) -> str:  # type: ignore[empty-body]
    """Return a line of the log without secrets of the plugin's kind.

    Called for each line that `-v` or `BULKFLOW_LOG` writes, from any thread. A plugin that knows
    tokens by their form hides them here; it does not log secrets in the first place.
    """


@hookspec
def bulkflow_job_problems(  # type: ignore[empty-body]
    settings: Mapping[str, object], kind: str | None
) -> Iterable[Problem]:
    """Find what is wrong with a job's settings.

    Called by the checker for each job; `kind` is its kind, from its clauses. A setting that is not
    known yet (its value contains a loop's variable) has the value `bulkflow.plugin.UNKNOWN`.
    """


# ------------------------------------------------------------------------- preparing a run


@hookspec
def bulkflow_source_problems(context: Context, job: Job) -> Iterable[Problem]:  # type: ignore[empty-body]
    """Find what is wrong with a job's source, reading as little of it as possible.

    Called by `bulkflow check --sources`, and by `bulkflow plan` after the source was read to its
    end; `job.manifest` is set then, and nothing need be opened. Sends nothing and never reads
    standard input. Raises `DataError` if there is no source.
    """


@hookspec
def bulkflow_org_problems(  # type: ignore[empty-body]
    context: Context, loads: Sequence[Load], reads: Sequence[Job], requests: int
) -> Iterable[Problem]:
    """Find what the org would refuse about a plan: objects, permissions, limits.

    Called by `bulkflow plan` when it may ask the org, once for each org of a file;
    `context.open_org()` opens that org. `loads` are the jobs that hand rows over to it, in order,
    and `reads` the jobs that take rows from it. `requests` is the least number of API calls that
    the plan makes there. Only requests that change nothing are allowed.
    """


@hookspec(firstresult=True)
def bulkflow_prepare_job(context: Context, job: Job) -> Manifest | None:
    """Read a job's source and return its manifest, without changing anything anywhere.

    Called before the first step for every job whose settings are known by then, and for the others
    when the run reaches them. The first plugin that returns a manifest owns the job; a plugin
    returns None for a job that is not its own. Raises `DataError` for data that cannot be loaded.
    """


# --------------------------------------------------------------------------- run events


@hookspec
def bulkflow_run_started(event: RunStarted) -> None:
    """Hear that the plan is checked and the sources are read; nothing was sent yet."""


@hookspec
def bulkflow_job_prepared(event: JobPrepared) -> None:
    """Hear that a job's source was read to its end and divided into parts."""


@hookspec
def bulkflow_step_started(event: StepStarted) -> None:
    """Hear that a step starts."""


@hookspec
def bulkflow_step_finished(event: StepFinished) -> None:
    """Hear that a step succeeded."""


@hookspec
def bulkflow_step_failed(event: StepFailed) -> None:
    """Hear that a step failed; the event holds the error."""


@hookspec
def bulkflow_progress(event: Progress) -> None:
    """Hear how far a job is, at most a few times a second for each job."""


@hookspec
def bulkflow_notice(event: Notice) -> None:
    """Hear of something that the user should read."""


@hookspec
def bulkflow_run_finished(event: RunFinished) -> None:
    """Hear that the run ended, with any result."""
