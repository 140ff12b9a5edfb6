"""One run of a plan, from the reading of the sources to the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.engine.chain import Halt
from bulkflow.engine.frame import Frame
from bulkflow.engine.preflight import jobs_of, prepare_jobs
from bulkflow.engine.walk import walk
from bulkflow.errors import BulkflowError, ExitCode, RunInterruptedError
from bulkflow.model.event import JobOutcome, RunFinished, RunStarted
from bulkflow.plugin.flow import Stop

if TYPE_CHECKING:
    from bulkflow.engine.services import Services
    from bulkflow.model.plan import Plan
    from bulkflow.plugin.context import Job


def run_plan(plan: Plan, services: Services) -> RunFinished:
    """Run a plan to its end, whatever happens; emits and returns what it came to."""
    began = services.clock.monotonic()
    interrupted = False
    try:
        services.declare(jobs_of(plan.body))
        frame = Frame(plan.parameters, {}).enter(plan.body, services)
        services.errors += prepare_jobs(plan.body, frame, services)
        if not services.errors:
            services.emit(
                RunStarted(
                    services.run_id,
                    plan.source.name,
                    services.org_name or "",
                    services.clock.time(),
                )
            )
            walk(plan.body, frame, services)
    except (Halt, Stop):
        pass
    except RunInterruptedError:
        interrupted = True
    except BulkflowError as error:
        services.errors.append(error)
    finally:
        services.errors += services.shared.close()
    finished = RunFinished(
        services.run_id,
        _exit_code(services, interrupted=interrupted),
        services.clock.time(),
        services.clock.monotonic() - began,
        tuple(_outcome(job) for job in services.jobs),
        tuple(services.errors),
        _help(services, interrupted=interrupted),
    )
    services.emit(finished)
    return finished


def _exit_code(services: Services, *, interrupted: bool) -> ExitCode:
    if interrupted:
        return ExitCode.INTERRUPTED
    if services.errors:
        wrong = all(error.exit_code is ExitCode.WRONG for error in services.errors)
        nothing_sent = not services.journal.anything_intended()
        return ExitCode.WRONG if wrong and nothing_sent else ExitCode.FAILED
    if _unanswered(services):
        return ExitCode.ROWS_FAILED
    return ExitCode.DONE


def _unanswered(services: Services) -> list[Job]:
    """The jobs with rows that are not loaded, and nothing in the file that deals with them."""
    return [
        job
        for job in services.jobs
        if services.asks_for_answers
        and job.counts.failed + job.counts.unprocessed > 0
        and not job.failures_settled
    ]


def _outcome(job: Job) -> JobOutcome:
    return JobOutcome(
        job.key, job.phase.value, job.counts, saved=tuple(job.saved), left=tuple(job.left)
    )


def _help(services: Services, *, interrupted: bool) -> str | None:
    again = (
        f"`{services.goes_on_with}` goes on with it"
        if services.goes_on_with
        else f"`bulkflow resume {services.run_id}` goes on with the run, "
        f"`bulkflow abort {services.run_id}` gives it up"
    )
    if any(job.left for job in services.jobs):
        return f"some jobs are left in the org, and not at an end: {again}"
    if interrupted:
        return again
    if services.errors:
        return None
    unanswered = _unanswered(services)
    if unanswered:
        name = unanswered[0].name
        return (
            "say in the file what is to become of such rows, for instance "
            f'`save failed rows of job {name} to "failed.csv"` or '
            f"`require failed rows of job {name} under 1%`"
        )
    return None
