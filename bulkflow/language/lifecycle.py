"""What happens to each job, on every way that a run may take.

An abstract interpretation: for each job, the phases that it may be in at a place, and for each
phase where it got there. Ways that meet are joined. A step is reported when *no* phase that its job
may be in is one that the step accepts; so what is reported is wrong on every way.

- A handler of failures may start after any step of its chain, before the first included; one of
  interruptions also within the chain's other handlers. Handlers of one event run one after another.
- A loop's body may run any number of times, so every phase that a step in it leaves is possible at
  its beginning.
- `always` may start after anything that stands before it in its block; what comes behind it is only
  reached where the run came to its beginning, and not from all the other places.
- The branches of `parallel` start alike; a job that one of them changes is that branch's alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, assert_never

from attrs import define, field

from bulkflow.language.branches import steps_of
from bulkflow.language.codes import Code
from bulkflow.language.diagnostics import Findings
from bulkflow.language.lifecycle_errors import violation
from bulkflow.model.diagnostic import Label
from bulkflow.model.job_phase import Phase
from bulkflow.model.plan import (
    HandlerEvent,
    PlannedAlways,
    PlannedChain,
    PlannedFor,
    PlannedParallel,
    PlannedWhen,
)
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from bulkflow.model.plan import Block, Plan, PlannedJob, PlannedStep, Statement
    from bulkflow.plugin.records import Step
    from bulkflow.plugin.registry import Catalogue

Standing: TypeAlias = "Mapping[Phase, Span]"
"""The phases that a job may be in, each with the place where it got there. Never changed."""

State: TypeAlias = "dict[str, Standing]"
"""Where every job stands."""


def follow_jobs(
    plan: Plan, catalogue: Catalogue, findings: Findings, doubtful: Collection[str | None]
) -> None:
    """Report steps that come at the wrong time for their job, and steps that are never reached.

    Nothing is said about `doubtful` jobs: something unknown happens to them.
    """
    _Follower(catalogue, findings, doubtful).block(plan.body, {})


def verb_of(step: PlannedStep) -> Span:
    """Where the step's first word stands."""
    word = step.word.split(maxsplit=1)[0]
    return Span(step.span.source, step.span.start, step.span.start + len(word))


@define(eq=False, repr=False)
class _Follower:
    """Every method takes a state that it may change, and returns the one afterwards.

    None is the state of a place that is never reached.
    """

    catalogue: Catalogue
    findings: Findings
    doubtful: Collection[str | None]
    trails: list[State] = field(factory=list)
    """For each open block with an `always`: everything that was possible in it so far."""
    refused: set[tuple[int, int]] = field(factory=set)
    """The places of the steps that were refused."""
    sheltered: int = 0
    """How many blocks of `always` are open."""
    onward: bool = False
    """Whether only the ways are walked that go on behind an `always`, not all that lead to it."""

    def block(self, block: Block, state: State) -> State | None:
        for job in block.jobs:
            state[job.name] = self._beginning(job)
        trail = any(isinstance(each, PlannedAlways) for each in block.statements)
        if trail:
            self.trails.append(dict(state))
        current = self._statements(block.statements, state)
        if trail:
            self.trails.pop()
        if current is not None:
            for job in block.jobs:
                current.pop(job.name, None)
        return current

    def _statements(self, statements: Iterable[Statement], state: State) -> State | None:
        current: State | None = state
        told = False
        for statement in statements:
            if isinstance(statement, PlannedAlways):
                current = self._always(statement, current)
            elif current is not None:
                current = self._statement(statement, current)
            elif not told:
                told = True
                self._unreachable(statement.span)
        return current

    def _always(self, always: PlannedAlways, current: State | None) -> State | None:
        """Walk a block for what may be wrong in it, and again for what is behind it."""
        if not self.onward:
            self._sheltered(always, _about(always.body, self.trails[-1]))
        if current is None:
            return None
        return _Follower(self.catalogue, Findings(), self.doubtful, onward=True).block(
            always.body, current
        )

    def _sheltered(self, always: PlannedAlways, state: State) -> State | None:
        self.sheltered += 1
        after = self.block(always.body, state)
        self.sheltered -= 1
        return after

    def _statement(self, statement: Statement, state: State) -> State | None:
        match statement:
            case PlannedChain():
                return self._chain(statement, state)
            case PlannedWhen():
                return _join(state, self.block(statement.body, _about(statement.body, state)))
            case PlannedFor():
                for step in steps_of(statement.body.statements):
                    self._widen(state, step)
                return _join(state, self.block(statement.body, _about(statement.body, state)))
            case PlannedParallel():
                return self._parallel(statement, state)
            case PlannedAlways():
                return self._sheltered(statement, state)
            case _:
                assert_never(statement)

    def _chain(self, chain: PlannedChain, state: State) -> State | None:
        if not chain.handlers:
            return state if self._run(chain.steps, state, {}) else None
        # A file may have thousands of jobs and as many chains: what a chain is about is few.
        around, state = (
            state,
            {step.job: state[step.job] for step in steps_of([chain]) if step.job in state},
        )
        after = self._handled(chain, state)
        if after is None:
            return None
        around.update(after)
        return around

    def _handled(self, chain: PlannedChain, state: State) -> State | None:
        """Walk a chain with handlers; the state is of the jobs that it is about."""
        points: State = {}
        reached = self._run(chain.steps, state, points)
        after: State | None = state if reached else None
        failed = {**state, **points}
        resumed: State | None = None
        for steps in _handlers(chain, HandlerEvent.FAILURE):
            self._run(steps, failed, points)
            if any(self.catalogue.step_by_phrase[step.word].resumes for step in steps):
                resumed = _join(dict(failed), resumed)
        for steps in _handlers(chain, HandlerEvent.SUCCESS):
            if after is not None and not self._run(steps, after, points):
                after = None
        interrupted = {**state, **points}
        for steps in _handlers(chain, HandlerEvent.INTERRUPT):
            self._run(steps, interrupted, points)
            if self.sheltered:
                self._unreachable(
                    verb_of(steps[0]), "an interruption lets blocks of `always` run to their end"
                )
        return after if resumed is None else _join(resumed, after)

    def _run(self, steps: Sequence[PlannedStep], state: State, points: State) -> bool:
        """Walk steps in order; `points` collects what was possible before and after each.

        Returns whether the end is reached.
        """
        for index, step in enumerate(steps):
            self._step(step, state, points)
            if self.catalogue.step_by_phrase[step.word].ends_chain:
                if index + 1 < len(steps):
                    self._unreachable(verb_of(steps[index + 1]))
                return False
        return True

    def _step(self, step: PlannedStep, state: State, points: State) -> None:
        job = step.job
        if job is None or job in self.doubtful:
            return
        record = self.catalogue.step_by_phrase[step.word]
        before = state[job]
        after = before
        if record.accepts is not None:
            after = {phase: at for phase, at in before.items() if phase in record.accepts}
        if record.accepts is not None and not after:
            self._refuse(step, record, before)
            # What was meant is not known, so all is possible from here.
            after = dict.fromkeys(Phase, verb_of(step))
        elif record.leaves is not None:
            after = {record.leaves: verb_of(step)}
        state[job] = after
        if before is not after:
            for record_of in (points, *self.trails):
                record_of[job] = {**record_of.get(job, {}), **before, **after}

    def _refuse(self, step: PlannedStep, record: Step, before: Standing) -> None:
        """Report a step, unless that is but the sequel of one that was reported."""
        places = {_place(at) for at in before.values()}
        if self.refused.isdisjoint(places):
            violation(step, record, before, self.catalogue, self.findings)
        self.refused.add(_place(verb_of(step)))

    def _parallel(self, parallel: PlannedParallel, state: State) -> State:
        for job in parallel.body.jobs:
            state[job.name] = self._beginning(job)
        result = dict(state)
        claims: dict[str, tuple[int, PlannedStep, bool]] = {}
        for number, branch in enumerate(parallel.body.statements):
            steps = list(steps_of([branch]))
            about = {step.job: state[step.job] for step in steps if step.job in state}
            after = self._statement(branch, about)
            for step in steps:
                if step.job is None:
                    continue
                changes = self.catalogue.step_by_phrase[step.word].leaves is not None
                self._claim(claims, step.job, number, step, changes=changes)
                if changes and after is not None and step.job in after:
                    result[step.job] = after[step.job]
        for job in parallel.body.jobs:
            result.pop(job.name, None)
        return result

    def _claim(
        self,
        claims: dict[str, tuple[int, PlannedStep, bool]],
        job: str,
        branch: int,
        step: PlannedStep,
        *,
        changes: bool,
    ) -> None:
        """Note that a branch works on a job; reading it from several is no harm."""
        first = claims.get(job)
        if first is None or (first[0] == branch and changes and not first[2]):
            claims[job] = (branch, step, changes)
        elif first[0] != branch and (changes or first[2]) and job not in self.doubtful:
            self.findings.error(
                Code.SHARED_JOB,
                f"two branches of `parallel` work on job {job} at the same time",
                verb_of(step),
                "put both steps into one chain, or one of them after the `parallel` block",
                labels=[Label(verb_of(first[1]), "the other branch")],
            )

    def _widen(self, state: State, step: PlannedStep) -> None:
        """Make what a step leaves possible."""
        leaves = self.catalogue.step_by_phrase[step.word].leaves
        if leaves is not None and step.job is not None and step.job in state:
            state[step.job] = {leaves: verb_of(step), **state[step.job]}

    def _beginning(self, job: PlannedJob) -> Standing:
        for clause in job.clauses:
            begins = self.catalogue.clause_by_phrase[clause.word].begins
            if begins is not None:
                return dict.fromkeys(begins, clause.span)
        return {Phase.DECLARED: job.span}

    def _unreachable(self, span: Span, why: str = "the step before it ends the chain") -> None:
        self.findings.warning(
            Code.UNREACHABLE,
            f"this is never reached: {why}",
            span,
            "remove it, or move it up",
        )


def _place(span: Span) -> tuple[int, int]:
    return id(span.source), span.start


def _handlers(chain: PlannedChain, event: HandlerEvent) -> Iterator[Sequence[PlannedStep]]:
    """The steps of each handler of an event."""
    for handler in chain.handlers:
        if handler.event is event:
            yield handler.steps


def _about(body: Block, state: State) -> State:
    """The part of a state that a block's steps are about; all of it may be a thousand jobs."""
    return {step.job: state[step.job] for step in steps_of(body.statements) if step.job in state}


def _join(state: State, other: State | None) -> State:
    """What is possible where two ways meet; changes and returns the first."""
    if other is not None:
        for job, standing in other.items():
            here = state.get(job)
            if here is not standing:
                state[job] = standing if here is None else {**standing, **here}
    return state
