"""Plan blocks and chains: match words, find jobs, check values."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.language.checks.arguments import Arguments
from bulkflow.language.checks.conditions import ConditionChecker
from bulkflow.language.checks.job_resolution import JobReference, JobResolver
from bulkflow.language.checks.jobs import JobChecker
from bulkflow.language.checks.phrase_matcher import Matcher
from bulkflow.language.checks.scope import Evaluator, NameScope
from bulkflow.language.codes import Code
from bulkflow.language.flow.lifecycle_errors import write_step
from bulkflow.language.flow.misplaced_handlers import report_misplaced_handlers
from bulkflow.language.syntax import tree
from bulkflow.model.diagnostic import Label
from bulkflow.model.job_phase import Phase
from bulkflow.model.plan import (
    Block,
    PlannedAlways,
    PlannedChain,
    PlannedFor,
    PlannedHandler,
    PlannedParallel,
    PlannedStep,
    PlannedWhen,
)
from bulkflow.model.value import Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bulkflow.language.checks.orgs import Orgs
    from bulkflow.language.diagnostics import Findings
    from bulkflow.model.plan import Statement
    from bulkflow.model.value import Value
    from bulkflow.plugin.phrase import Match
    from bulkflow.plugin.registry import Catalogue
    from bulkflow.source import SourceText


@define(eq=False, repr=False)
class Planner:
    """Plan blocks. Report lines with mistakes and leave them out of the plan."""

    catalogue: Catalogue
    findings: Findings
    main: SourceText
    orgs: Orgs
    doubtful: set[str | None] = field(factory=set)
    """Jobs whose phase is unknown, because a step that uses them has a mistake.

    None means all jobs.
    """
    named: list[tuple[Name, str]] = field(factory=list)
    """Every let, and the noun for it in messages."""
    evaluator: Evaluator = field(init=False)
    matcher: Matcher = field(init=False)
    arguments: Arguments = field(init=False)
    references: JobResolver = field(init=False)
    jobs: JobChecker = field(init=False)
    conditions: ConditionChecker = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.evaluator = Evaluator(self.findings)
        self.matcher = Matcher.of(self.catalogue, self.findings)
        self.arguments = Arguments(self.catalogue, self.evaluator, self.orgs)
        self.references = JobResolver(self.findings)
        self.jobs = JobChecker(
            self.catalogue,
            self.matcher,
            self.arguments,
            self.findings,
            self.orgs,
            self.references,
        )
        self.conditions = ConditionChecker(
            self.matcher,
            self.arguments,
            self.evaluator,
            self.references,
            self.findings,
            self.orgs,
        )

    def plan_block(self, statements: Iterable[tree.StatementNode], scope: NameScope) -> Block:
        """Plan a block: first its declarations, in order, then its statements."""
        statements = tuple(statements)
        inner = len(scope.declared.maps) > 1
        lets: list[tuple[str, Value]] = []
        declared: list[tree.JobNode] = []
        for statement in statements:
            if self.findings.full:
                break
            if isinstance(statement, tree.LetNode):
                value = self.evaluator.evaluate(statement.value, scope)
                self.evaluator.declare(scope, statement.name, value)
                lets.append((statement.name.name, statement.value))
                self.named.append((statement.name, "let"))
            elif isinstance(statement, tree.ParamNode) and inner:
                # The parser reported it. Its uses are not reported as well.
                self.evaluator.declare(scope, statement.name, None)
            elif isinstance(statement, tree.JobNode) and self.evaluator.declare_job(
                scope, statement.name
            ):
                declared.append(statement)
        unindented = set(self._find_unindented(statements))
        jobs = tuple(
            [
                self.jobs.plan(job, scope, whole=id(job) not in unindented)
                for job in declared
                if not self.findings.full
            ]
        )
        scope.kinds.update({job.name: job.kind for job in jobs})
        planned: list[Statement] = []
        for statement in statements:
            if self.findings.full:
                break
            found = self._plan_statement(statement, scope)
            if found is not None:
                planned.append(found)
        for job in declared:
            self._warn_if_unused(job, scope)
        return Block(tuple(planned), jobs, tuple(lets))

    def _find_unindented(self, statements: Sequence[tree.StatementNode]) -> Iterator[int]:
        """Yield the ids of jobs whose clauses are below them but not indented."""
        clauses, steps = self.matcher.clauses.words, self.matcher.steps.words
        for statement, after in pairwise(statements):
            if isinstance(statement, tree.JobNode) and isinstance(after, tree.ChainNode):
                first = after.steps[0].items[0]
                if (
                    not statement.clauses
                    and isinstance(first, Name)
                    and clauses.phrases(first.name)
                    and not steps.phrases(first.name)
                ):
                    yield id(statement)

    def _plan_statement(self, statement: tree.StatementNode, scope: NameScope) -> Statement | None:
        match statement:
            case tree.ChainNode():
                return self._plan_chain(statement, scope)
            case tree.ParallelNode():
                return PlannedParallel(
                    self.plan_block(statement.body, scope.make_inner()), statement.span
                )
            case tree.AlwaysNode():
                return PlannedAlways(
                    self.plan_block(statement.body, scope.make_inner()), statement.span
                )
            case tree.WhenNode():
                condition = self.conditions.plan(statement.condition, scope)
                body = self.plan_block(statement.body, scope.make_inner())
                return None if condition is None else PlannedWhen(condition, body, statement.span)
            case tree.ForNode():
                self.evaluator.evaluate(statement.pattern, scope)
                inner = scope.make_inner()
                self.evaluator.declare(inner, statement.variable, None)
                return PlannedFor(
                    statement.variable.name,
                    statement.pattern,
                    self.plan_block(statement.body, inner),
                    statement.span,
                )
            case _:
                return None

    def _plan_chain(self, chain: tree.ChainNode, scope: NameScope) -> PlannedChain:
        matches = [self._match(step) for step in chain.steps]
        references = _refer(chain.steps, matches)
        jobs = self.references.resolve_chain(references, scope)
        steps = self._plan_steps(chain.steps, matches, jobs, scope)
        handlers = []
        for handler in chain.handlers:
            matches = [self._match(step) for step in handler.steps]
            theirs = self.references.resolve_handler(
                _refer(handler.steps, matches), references, jobs, scope
            )
            planned = self._plan_steps(handler.steps, matches, theirs, scope)
            handlers.append(PlannedHandler(handler.event, planned, handler.span))
        planned_chain = PlannedChain(steps, tuple(handlers), chain.span)
        report_misplaced_handlers(planned_chain, self.catalogue, self.findings)
        return planned_chain

    def _match(self, step: tree.StepNode) -> Match | None:
        first = step.items[0]
        if isinstance(first, Name) and not first.name:
            return None
        return self.matcher.match(self.matcher.steps, step.items)

    def _plan_steps(
        self,
        steps: Sequence[tree.StepNode],
        matches: Sequence[Match | None],
        jobs: Sequence[str | None],
        scope: NameScope,
    ) -> tuple[PlannedStep, ...]:
        planned: list[PlannedStep] = []
        for step, match, job in zip(steps, matches, jobs, strict=True):
            if match is None:
                self.doubtful.add(job)
                continue
            self.arguments.convert(match, scope)
            slot = match.phrase.job_slot
            if slot is not None and job is None:
                self.doubtful.add(None)
            kind = None if job is None else scope.kinds.get(job)
            if self.catalogue.find_step(match.phrase.text, kind) is None:
                assert job is not None
                self.doubtful.add(job)
                self._report_wrong_kind(match, step, job, scope)
                continue
            arguments = match.arguments
            if slot in arguments:
                arguments = {name: each for name, each in arguments.items() if name != slot}
            org = self.orgs.resolve_for_line(match, step.items[0].span, scope.jobs.get(job or ""))
            planned.append(PlannedStep(match.phrase.text, arguments, job, step.span, org, kind))
        return tuple(planned)

    def _report_wrong_kind(
        self, match: Match, step: tree.StepNode, job: str, scope: NameScope
    ) -> None:
        kind = scope.kinds[job]
        theirs = self.catalogue.steps_by_phrase[match.phrase.text][0].kind
        verbs = {
            each.phrases[0].verb for each in self.catalogue.list_steps(kind) if each.kind == kind
        }
        self.findings.error(
            Code.WRONG_KIND,
            f"`{match.phrase.verb}` is a step of {theirs} jobs, and job {job} is a {kind} job",
            step.items[0].span,
            f"the steps of {kind} jobs are {', '.join(sorted(verbs))}",
            labels=[Label(scope.jobs[job], f"a {kind} job")],
        )

    def _warn_if_unused(self, job: tree.JobNode, scope: NameScope) -> None:
        if self.findings.any_error or job.span.source is not self.main:
            # A step with a mistake may use it, and so may other pipelines that include the file.
            return
        if not self.references.is_used(job.name.span):
            whole = (
                write_step(step.phrases[0], job.name.name)
                for step in self.catalogue.list_steps(scope.kinds.get(job.name.name))
                if step.leaves is Phase.FINISHED and Phase.DECLARED in (step.accepts or ())
            )
            step = next(whole, None)
            self.findings.warning(
                Code.UNUSED_JOB,
                f"job {job.name.name} is declared, but no step uses it",
                job.name.span,
                f"write `{step}`, or remove the job" if step else "remove the job",
            )


def _refer(steps: Sequence[tree.StepNode], matches: Sequence[Match | None]) -> list[JobReference]:
    return [JobReference.of(match, step.items) for step, match in zip(steps, matches, strict=True)]
