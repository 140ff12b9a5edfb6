"""One run of a plan, from the reading of the sources to the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.engine.chain_runner import Halt
from bulkflow.engine.completion import handed_anything_over, is_over
from bulkflow.engine.orgs import all_transient, moved_orgs
from bulkflow.engine.preflight import jobs_of, prepare_jobs
from bulkflow.engine.scope import Frame
from bulkflow.engine.walk import walk
from bulkflow.errors import BulkflowError, ExitCode, RunInterruptedError
from bulkflow.model.event import JobOutcome, RunFinished, RunStarted
from bulkflow.model.org import orgs_as_text
from bulkflow.plugin.control_flow import Stop

if TYPE_CHECKING:
    from bulkflow.engine.run_state import Services
    from bulkflow.model.plan import Plan
    from bulkflow.plugin.context import Job


def run_plan(plan: Plan, services: Services) -> RunFinished:
    """Run a plan to its end, whatever happens; emits and returns what it came to."""
    began = services.clock.monotonic()
    interrupted = False
    try:
        services.declare(jobs_of(plan.body))
        services.foresee(plan.body)
        frame = Frame(plan.parameters, {}).enter(plan.body, services)
        services.errors += prepare_jobs(plan.body, frame, services)
        if services.replays and not services.errors:
            services.errors += moved_orgs(services)
        if not services.errors:
            services.emit(
                RunStarted(
                    services.run_id,
                    plan.source.name,
                    orgs_as_text(services.orgs),
                    services.clock.time(),
                    services.orgs,
                )
            )
            walk(plan.body, frame, services)
        else:
            services.due.append(None)
    except (Halt, Stop):
        pass
    except RunInterruptedError:
        interrupted = True
    except BulkflowError as error:
        services.errors.append(error)
        services.due.append(None)
    finally:
        services.errors += services.shared.close()
    exit_code = _exit_code(services, interrupted=interrupted)
    finished = RunFinished(
        services.run_id,
        exit_code,
        services.clock.time(),
        services.clock.monotonic() - began,
        tuple(outcome_of(job) for job in services.jobs),
        tuple(services.errors),
        _help(services, exit_code, plan),
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
    """The jobs with rows that are not loaded, and that no step or condition has judged."""
    return [job for job in services.jobs if services.asks_for_answers and job.unjudged]


def outcome_of(job: Job) -> JobOutcome:
    """What a job has come to so far."""
    return JobOutcome(
        job.key,
        job.phase.value,
        job.counts,
        saved=tuple(job.saved),
        left=tuple(job.left),
        undone=job.undone,
        commonest_error=job.commonest_error,
    )


def way_on(services: Services) -> str:
    """The commands that continue a run which is not over, or end it."""
    verb, *options = services.continues_with
    again = services.command(verb, *options)
    if verb != "resume":
        return f"`{again}` continues it"
    return f"`{again}` continues the run, `{services.command('abort')}` gives it up"


def _help(services: Services, exit_code: ExitCode, plan: Plan) -> str | None:
    interrupted = exit_code is ExitCode.INTERRUPTED
    unsettled = interrupted or any(job.left for job in services.jobs)
    if services.orgs and all_transient(services.orgs, services.catalogue.orgs):
        # Nothing that resume, abort or undo could work on is there any more.
        if unsettled or (services.errors and handed_anything_over(services)):
            return (
                f"nothing stays in {orgs_as_text(services.orgs)} when a run ends, so there is "
                f"nothing to go on with: run {plan.source.name} again"
            )
        if services.errors:
            return None
    again = way_on(services)
    if any(job.left for job in services.jobs):
        return f"some jobs are left in the org and not finished: {again}"
    if exit_code is ExitCode.INTERRUPTED:
        return again
    if services.errors:
        return _advice_on_failure(services, exit_code)
    # Nothing that a file says is asked of a step on the jobs of an earlier run.
    return None if services.recalls else _advice_on_rows(services)


def _advice_on_rows(services: Services) -> str | None:
    """What to write for rows that are not loaded and that the file does not judge."""
    for job in _unanswered(services):
        kind = job.unjudged[0]
        return (
            f"say in the file how many {kind} rows are fine, for instance "
            f"`require {kind} rows of job {job.name} under 1%`; "
            f'`save {kind} rows of job {job.name} to "{kind}.csv"` writes them'
        )
    return None


def _advice_on_failure(services: Services, exit_code: ExitCode) -> str | None:
    """The commands that help where a step failed and no job is left unfinished."""
    if not services.replays or not handed_anything_over(services):
        return None
    resume, abort = services.command("resume"), services.command("abort")
    if any(job.counts.unknown for job in services.jobs):
        return (
            f"it is not known whether all rows are loaded: `{resume}` looks again, `{abort}` gives "
            "the run up; look in the org before you load the rows in question in another way"
        )
    if not is_over(services, exit_code):
        return f"some rows are loaded, and others were not sent yet: {way_on(services)}"
    undo = services.command("undo")
    rows = sum(job.counts.unprocessed for job in services.jobs)
    if rows:
        retry = services.command("retry", "--rows", "unprocessed")
        what = "1 row was" if rows == 1 else f"{rows:,} rows were"
        return (
            f"{what} not processed: `{retry}` sends them, then `{resume}` does the steps that are "
            f"left; `{undo}` deletes the records that the run made"
        )
    return (
        "all rows were sent, and what became of them is known, so the run is over; "
        f"`{resume}` does the steps that are left, `{undo}` deletes the records that it made"
    )
