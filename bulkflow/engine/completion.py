"""Decides whether a run is finished: whether `resume` could still load any of its rows.

A run that reached the end of its file is finished. A run that failed is finished if

- it handed nothing over to an org, so running its file again loads no row twice; or
- it handed everything over, and every job was seen to end in the org, so the outcome of every row
  is known: as when `require` fails after a load.

A run is unfinished if it was interrupted, left unfinished jobs in the org, or handed over some of
its rows but not all. Somebody has to resume or abort it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.engine.orgs import MovedOrgError
from bulkflow.engine.preflight import iterate_statement_steps
from bulkflow.errors import REACHED_END, ExitCode
from bulkflow.model.history import IntentKind, IntentOutcome
from bulkflow.model.job_phase import Phase

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.engine.run_state import Services
    from bulkflow.engine.scope import Frame
    from bulkflow.model.history import JobHistory, PartHistory
    from bulkflow.model.plan import PlannedStep, Statement

_ENDED = frozenset({Phase.FINISHED, Phase.ABORTED, Phase.DELETED})


def leave_out(statement: Statement, services: Services) -> None:
    """Note that a statement was skipped because the flow had ended."""
    if any(_hands_over(step, services) for step in iterate_statement_steps(statement)):
        services.due.append(None)


def leave_out_steps(steps: Iterable[PlannedStep], frame: Frame, services: Services) -> None:
    """Note that steps of a chain did not run, or did not finish, because one of them failed."""
    services.due.extend(
        frame.jobs[step.job].key
        for step in steps
        if step.job is not None and _hands_over(step, services)
    )


def is_finished(services: Services, exit_code: ExitCode) -> bool:
    """Whether resuming the run could not load anything more."""
    if exit_code in REACHED_END:
        return True
    if exit_code is ExitCode.INTERRUPTED or any(job.left for job in services.jobs):
        return False
    if any(job.counts.unknown for job in services.jobs):
        # Somebody has to check the org, and then abort or resume the run.
        return False
    if any(isinstance(error, MovedOrgError) for error in services.errors):
        # The outcome is known to an org that was not asked.
        return False
    if not has_handed_over(services):
        return True
    if any(key is None or not _sent(services.journal.read_history(key)) for key in services.due):
        return False
    for job in services.jobs:
        history = services.journal.read_history(job.key)
        begun = history is not None and any(part.intents for part in history.parts)
        if begun and not (_sent(history) and job.phase in _ENDED):
            return False
    return True


def has_handed_over(services: Services) -> bool:
    """Whether an org may have loaded rows of the run."""
    return services.journal.has_handed_over()


def _hands_over(step: PlannedStep, services: Services) -> bool:
    return step.job is not None and services.catalogue.get_step(step).hands_over


def _sent(history: JobHistory | None) -> bool:
    """Whether every part of a job was handed over.

    Rows that were resent belong to new parts, so the parts they came from no longer count.
    """
    if history is None:
        return False
    again = {source.name for source in history.sources if source.origin is not None}
    return all(
        _handed_over(part)
        for part in history.parts
        if not again or part.part.source in again or part.intents
    )


def _handed_over(part: PartHistory) -> bool:
    made = [
        intent.result.get("id")
        for intent in part.intents
        if intent.kind is IntentKind.CREATES
        and intent.outcome is IntentOutcome.DONE
        and intent.result
    ]
    return any(
        intent.kind is IntentKind.HANDS_OVER
        and intent.outcome is not IntentOutcome.REFUSED
        and (not made or intent.detail.get("id") == made[-1])
        for intent in part.intents
    )
