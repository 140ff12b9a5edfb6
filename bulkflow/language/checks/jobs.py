"""Plan declared jobs: match their clauses, and check their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.errors import BulkflowError, PluginError
from bulkflow.language.checks.job_resolution import JobReference
from bulkflow.language.codes import Code
from bulkflow.model.diagnostic import Label
from bulkflow.model.plan import PlannedClause, PlannedJob
from bulkflow.plugin.error_boundary import attribute_errors
from bulkflow.plugin.sentinel import UNKNOWN
from bulkflow.plugin.source_errors import find_clause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.language.checks.arguments import Arguments
    from bulkflow.language.checks.job_resolution import JobResolver
    from bulkflow.language.checks.orgs import Orgs
    from bulkflow.language.checks.phrase_matcher import Matcher
    from bulkflow.language.checks.scope import NameScope
    from bulkflow.language.diagnostics import Findings
    from bulkflow.language.syntax import tree
    from bulkflow.plugin.phrase import Match
    from bulkflow.plugin.records import Clause
    from bulkflow.plugin.registry import Catalogue
    from bulkflow.source import Span


@define(eq=False, repr=False)
class JobChecker:
    """Plan declared jobs."""

    catalogue: Catalogue
    matcher: Matcher
    arguments: Arguments
    findings: Findings
    orgs: Orgs
    references: JobResolver

    def plan(self, job: tree.JobNode, scope: NameScope, *, whole: bool = True) -> PlannedJob:
        """Plan a job with its clauses; let the plugins check its settings if all are known.

        Args:
            job: The job.
            scope: The names that are known at its place.
            whole: Whether all its clauses are below it. If not, its settings are not checked.

        Raises:
            PluginError: A plugin failed.
        """
        clauses: list[PlannedClause] = []
        matches: list[Match] = []
        settings = _Settings(self.findings)
        kind = _Kind(self.findings, job.name.name)
        whole = whole and not any(self.findings.is_broken(clause.span) for clause in job.clauses)
        for clause in job.clauses:
            match = self.matcher.match(self.matcher.clauses, clause.items)
            if match is None:
                whole = False
                continue
            matches.append(match)
            clauses.append(self._plan_clause(match, clause, scope))
            record = self.catalogue.clause_by_phrase[match.phrase.text]
            if not kind.add(record, clause.span):
                whole = False
                continue
            converted = self.arguments.convert(match, scope)
            whole = whole and not converted.wrong
            found: Mapping[str, object] = dict.fromkeys(record.sets, UNKNOWN)
            if converted.known:
                found = self._call(record, converted.arguments, clause.span) or found
            settings.add(clause.span, record, found)
        org = self.orgs.resolve_for_job(job.name, matches, whole=whole)
        planned = PlannedJob(job.name.name, tuple(clauses), job.name.span, org, kind.kind)
        if whole and not self.findings.is_broken(job.span):
            self._check_settings(planned, job.span, settings)
        return planned

    def _plan_clause(
        self, match: Match, clause: tree.ClauseNode, scope: NameScope
    ) -> PlannedClause:
        slot = match.phrase.job_slot
        if slot is None:
            return PlannedClause(match.phrase.text, match.arguments, clause.span)
        reference = JobReference.of(match, clause.items)
        arguments = {name: each for name, each in match.arguments.items() if name != slot}
        job = self.references.resolve_named(reference, scope)
        return PlannedClause(match.phrase.text, arguments, clause.span, job)

    def _call(
        self, record: Clause, arguments: Mapping[str, object], span: Span
    ) -> Mapping[str, object] | None:
        try:
            with attribute_errors(record.provider, f"reading `{span.text}`"):
                return record.function(**arguments)
        except PluginError:
            raise
        except BulkflowError as error:
            self.findings.error(Code.JOB_PROBLEM, error.message, span, error.help)
            return None

    def _check_settings(self, job: PlannedJob, head: Span, settings: _Settings) -> None:
        with attribute_errors(None, f"checking job {job.name}"):
            for problem in self.catalogue.job_problems(settings.values, job.kind):
                clauses = settings.clauses.get(problem.setting or "", ())
                place = find_clause(clauses, problem.naming) or head
                report = self.findings.warning if problem.warning else self.findings.error
                report(Code.JOB_PROBLEM, f"job {job.name}: {problem.message}", place, problem.help)


@define(eq=False, repr=False)
class _Kind:
    """The kind of a job: that of its first clause that has one."""

    findings: Findings
    job: str
    kind: str | None = None
    place: Span | None = None

    def add(self, record: Clause, span: Span) -> bool:
        """Take the kind of a clause. Report a clause of another kind and return False."""
        if record.kind is None or record.kind == self.kind:
            return True
        if self.place is None:
            self.kind, self.place = record.kind, span
            return True
        self.findings.error(
            Code.WRONG_KIND,
            f"`{span.text}` is a clause of {record.kind} jobs, and job {self.job} is a "
            f"{self.kind} job",
            span,
            "remove one of the two lines, or declare a second job",
            labels=[Label(self.place, f"makes it a {self.kind} job")],
        )
        return False


@define(eq=False, repr=False)
class _Settings:
    """The settings of a job so far, and the clause of each."""

    findings: Findings
    values: dict[str, object] = field(factory=dict)
    places: dict[str, Span] = field(factory=dict)
    clauses: dict[str, list[Span]] = field(factory=dict)
    records: dict[str, Clause] = field(factory=dict)

    def add(self, span: Span, record: Clause, found: Mapping[str, object]) -> None:
        """Add the settings of a clause; report settings that another clause has set."""
        taken = next((name for name in record.sets if name in self.places), None)
        if taken is not None and not (record.repeats and self.records[taken] is record):
            first = self.places[taken]
            self.findings.error(
                Code.CONTRADICTION,
                f"`{span.text}` conflicts with `{first.text}` above",
                span,
                "remove one of the two lines; a job can have only one of them",
                labels=[Label(first, "the other line")],
            )
        for name in record.sets:
            self.places.setdefault(name, span)
            self.clauses.setdefault(name, []).append(span)
            self.records.setdefault(name, record)
        self.values.update(record.join_settings(self.values, found))
