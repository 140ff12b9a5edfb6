"""Collects what plugins find wrong with jobs before a run, as diagnostics at the right clauses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.engine.context import StepContext
from bulkflow.engine.evaluate import get_folder
from bulkflow.engine.orgs import get_org_key
from bulkflow.errors import BulkflowError, DataError, RunInterruptedError
from bulkflow.model.diagnostic import Diagnostic, Severity
from bulkflow.plugin.source_errors import ProblemsError, find_clause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow.engine.run_state import Services
    from bulkflow.model.forecast import Forecast
    from bulkflow.model.plan import Plan, PlannedJob
    from bulkflow.plugin.context import Job
    from bulkflow.plugin.messages import Load
    from bulkflow.plugin.records import Problem
    from bulkflow.source import Span

JOB_PROBLEM = "B309"
"""The code of a problem without a code of its own."""

BAD_SOURCE = "B401"
"""The code of a source that cannot be read, or that Salesforce would refuse."""


@define(eq=False)
class Inspector:
    """Asks the plugins for problems and locates them in the file."""

    services: Services
    found: list[Diagnostic] = field(factory=list)
    errors: list[BulkflowError] = field(factory=list)
    """What went wrong while the org was asked."""
    _planned: dict[str, PlannedJob] = field(factory=dict)
    """The planned jobs by key."""

    def note_job(self, planned: PlannedJob, job: Job) -> None:
        """Note where a job is declared, also if its source is read later."""
        self._planned[job.key] = planned

    def inspect_source(self, planned: PlannedJob, job: Job, *, read: bool) -> None:
        """Check a job's source; `read` reads it to its end, as a run does."""
        context = StepContext(self.services, job, job.folder)
        self.note_job(planned, job)
        try:
            if read:
                self.services.prepare(job, context)
            for problem in self.services.plugins.find_source_problems(context, job):
                self._add(problem, planned)
        except RunInterruptedError:
            raise
        except ProblemsError as error:
            for problem in error.problems:
                self._add(problem, planned)
        except BulkflowError as error:
            self._refuse(error, planned)

    def inspect_orgs(
        self, plan: Plan, loads: Sequence[Load], reads: Sequence[Job], made: Forecast
    ) -> None:
        """Check the jobs of each org against it, with read-only requests."""
        if len(self.services.orgs) <= 1:
            self._org(plan, None, loads, reads, made.requests)
            return
        for names in self._same_orgs():
            loaded = [load for load in loads if load.job.org in names]
            read = [job for job in reads if job.org in names]
            self._org(plan, names[0], loaded, read, made.requests_to(names))

    def _same_orgs(self) -> list[list[str]]:
        """Group the file's org names by the org they lead to."""
        groups: dict[str, list[str]] = {}
        for name in self.services.orgs:
            groups.setdefault(get_org_key(self.services, name), []).append(name)
        return list(groups.values())

    def _org(
        self,
        plan: Plan,
        name: str | None,
        loads: Sequence[Load],
        reads: Sequence[Job],
        requests: int,
    ) -> None:
        start = plan.body.statements[0].span if plan.body.statements else None
        folder = get_folder(start) if start else self.services.run_directory
        context = StepContext(self.services, None, folder, org=name)
        try:
            found = self.services.plugins.find_org_problems(context, loads, reads, requests)
            for problem in found:
                self._add(problem, self._planned.get(problem.job or ""), start)
        except RunInterruptedError:
            raise
        except BulkflowError as error:
            self.errors.append(error)

    def list_clauses(self, job: Job) -> tuple[str, ...]:
        """List the clauses of a checked job, one per line."""
        planned = self._planned.get(job.key)
        clauses = () if planned is None else planned.clauses
        return tuple(" ".join(clause.span.text.split()) for clause in clauses)

    def _add(self, problem: Problem, job: PlannedJob | None, start: Span | None = None) -> None:
        place = self._place(job, problem) if job else start
        if place is None:
            self.errors.append(DataError(problem.message, help=problem.help))
            return
        severity = Severity.WARNING if problem.warning else Severity.ERROR
        code = problem.code or JOB_PROBLEM
        self.found.append(Diagnostic(code, problem.message, place, problem.help, severity=severity))

    def _refuse(self, error: BulkflowError, job: PlannedJob) -> None:
        message = "\n".join((str(error), *error.notes))
        self.found.append(Diagnostic(BAD_SOURCE, message, self._source_of(job), error.help))

    def _place(self, job: PlannedJob, problem: Problem) -> Span:
        setting = problem.setting
        by_phrase = self.services.catalogue.clause_by_phrase
        places = [each.span for each in job.clauses if setting in by_phrase[each.word].sets]
        return find_clause(places, problem.naming) or job.span

    def _source_of(self, job: PlannedJob) -> Span:
        """Find the clause that names the source of the rows."""
        for clause in job.clauses:
            record = self.services.catalogue.clause_by_phrase[clause.word]
            phrase = next(each for each in record.phrases if each.text == clause.word)
            if any(slot.type == "location" for slot in phrase.slots):
                return clause.span
        return job.span
