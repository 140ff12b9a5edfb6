"""Runs a plan, from reading the sources to the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.engine.chain_runner import Halt
from bulkflow.engine.completion import has_handed_over, is_finished
from bulkflow.engine.orgs import are_all_transient, find_moved_orgs
from bulkflow.engine.preflight import iterate_jobs, prepare_jobs
from bulkflow.engine.scope import Frame
from bulkflow.engine.walk import walk
from bulkflow.errors import BulkflowError, ExitCode, RunInterruptedError
from bulkflow.model.event import JobOutcome, RunFinished, RunStarted
from bulkflow.model.org import format_orgs
from bulkflow.model.run_mode import RunMode
from bulkflow.plugin.control_flow import Stop

if TYPE_CHECKING:
    from bulkflow.engine.run_state import Services
    from bulkflow.model.plan import Plan
    from bulkflow.plugin.context import Job


def run_plan(plan: Plan, services: Services) -> RunFinished:
    """Run a plan to its end, whatever happens; emits and returns the result."""
    began = services.clock.monotonic()
    interrupted = False
    try:
        services.declare(iterate_jobs(plan.body))
        services.find_steps_ahead(plan.body)
        frame = Frame(plan.parameters, {}).enter(plan.body, services)
        services.errors += prepare_jobs(plan.body, frame, services)
        if services.replays and not services.errors:
            services.errors += find_moved_orgs(services)
        if not services.errors:
            services.emit(
                RunStarted(
                    services.run_id,
                    plan.source.name,
                    format_orgs(services.orgs),
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
        tuple(build_outcome(job) for job in services.jobs),
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
        nothing_sent = not services.journal.has_intents()
        return ExitCode.WRONG if wrong and nothing_sent else ExitCode.FAILED
    if _unanswered(services):
        return ExitCode.ROWS_FAILED
    return ExitCode.DONE


def _unanswered(services: Services) -> list[Job]:
    """List the jobs with rows that are not loaded and that no step or condition has judged."""
    return [job for job in services.jobs if services.mode.needs_judged_rows and job.unjudged]


def build_outcome(job: Job) -> JobOutcome:
    """Build the outcome of a job so far."""
    return JobOutcome(
        job.key,
        job.phase.value,
        job.counts,
        saved=tuple(job.saved),
        left=tuple(job.left),
        undone=job.undone,
        commonest_error=job.commonest_error,
    )


def suggest_commands(services: Services) -> str:
    """Suggest the commands that continue or end an unfinished run."""
    again = services.format_command(services.mode.continued_by, *services.options)
    if not services.mode.runs_file:
        return f"`{again}` continues it"
    abort = services.format_command(RunMode.ABORT.value)
    return f"`{again}` continues the run, `{abort}` aborts it"


def _help(services: Services, exit_code: ExitCode, plan: Plan) -> str | None:
    interrupted = exit_code is ExitCode.INTERRUPTED
    unsettled = interrupted or any(job.left for job in services.jobs)
    if services.orgs and are_all_transient(services.orgs, services.catalogue.orgs):
        # The org is gone, so resume, abort and undo have nothing to work on.
        if unsettled or (services.errors and has_handed_over(services)):
            return (
                f"{format_orgs(services.orgs)} keeps nothing when a run ends, so there is "
                f"nothing to resume: run {plan.source.name} again"
            )
        if services.errors:
            return None
    again = suggest_commands(services)
    if any(job.left for job in services.jobs):
        return f"some jobs are unfinished in the org: {again}"
    if exit_code is ExitCode.INTERRUPTED:
        return again
    if services.errors:
        return _advice_on_failure(services, exit_code)
    # A file's advice does not apply to a step on the jobs of an earlier run.
    return _advice_on_rows(services) if services.mode.runs_file else None


def _advice_on_rows(services: Services) -> str | None:
    """Suggest what to write for rows that are not loaded and that the file does not judge."""
    for job in _unanswered(services):
        advice = [
            step.rows_advice.format(rows=job.unjudged[0], job=job.name)
            for step in services.catalogue.steps
            if step.rows_advice is not None
        ]
        if services.catalogue.finds_step(RunMode.SAVE) and not are_all_transient(
            services.orgs, services.catalogue.orgs
        ):
            rows = job.unjudged[0]
            words = ("--rows", rows, "--to", f"{rows}.csv")
            save = services.format_command(RunMode.SAVE.value, *words)
            advice.append(f"`{save}` writes those of this run")
        return "; ".join(advice) or None
    return None


def _advice_on_failure(services: Services, exit_code: ExitCode) -> str | None:
    """Suggest commands after a step failed and left no job unfinished."""
    if not services.replays or not has_handed_over(services):
        return None
    resume = services.format_command(RunMode.RUN.continued_by)
    abort = services.format_command(RunMode.ABORT.value)
    if any(job.counts.unknown for job in services.jobs):
        return (
            f"it is unknown whether all rows are loaded: `{resume}` checks again, `{abort}` aborts "
            "the run; check the org before you load those rows in another way"
        )
    if not is_finished(services, exit_code):
        return f"some rows are loaded, and others were not sent yet: {suggest_commands(services)}"
    undo = services.format_command(RunMode.UNDO.value)
    rows = sum(job.counts.unprocessed for job in services.jobs)
    if rows:
        retry = services.format_command(RunMode.RETRY.value, "--rows", "unprocessed")
        what = "1 row was" if rows == 1 else f"{rows:,} rows were"
        return (
            f"{what} not processed: `{retry}` sends them, then `{resume}` runs the remaining "
            f"steps; `{undo}` deletes the records that the run created"
        )
    return (
        "all rows were sent and their outcome is known, so the run is finished; "
        f"`{resume}` runs the remaining steps, `{undo}` deletes the records that it created"
    )
