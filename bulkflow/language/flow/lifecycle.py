"""Check the lifecycle of each job on every path that a run may take.

This is an abstract interpretation: at each place it knows the possible phases of each job, and
where the job got there. Paths that meet are joined. A step is reported if it accepts *none* of the
possible phases, so an error is an error on every path.

- A failure handler may start before or after any step of its chain, an interrupt handler also
  within the chain's other handlers. Handlers of one event run in order.
- The body of a loop may run any number of times, so every phase that one of its steps leaves is
  possible at its start.
- `always` may start after anything before it in its block. The statements after it are only reached
  if nothing before it failed.
- The branches of `parallel` start with the same state. A job that one branch changes must not be
  used by another.
- A job that takes the rows of another one must find them on every path. Whether a job's rows are
  there is a state of its own: `declared` if they may be missing, `finished` if they are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, assert_never

from attrs import define, field

from bulkflow.language.codes import Code
from bulkflow.language.diagnostics import Findings
from bulkflow.language.flow.branches import iter_jobs, iter_steps
from bulkflow.language.flow.lifecycle_errors import report_violation, write_step
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

Phases: TypeAlias = "Mapping[Phase, Span]"
"""The possible phases of a job, each with the place where it got there. Never changed."""

State: TypeAlias = "dict[str, Phases]"
"""The possible phases of every job."""


def check_lifecycle(
    plan: Plan, catalogue: Catalogue, findings: Findings, doubtful: Collection[str | None]
) -> None:
    """Report steps that are too early or too late for their job, and unreachable steps.

    Ignores `doubtful` jobs, whose phase is unknown.
    """
    sources = {job.name: names for job in iter_jobs(plan.body) if (names := _list_sources(job))}
    _Follower(catalogue, findings, doubtful, sources).block(plan.body, {})


def get_verb_span(step: PlannedStep) -> Span:
    """Return the place of the step's first word."""
    word = step.word.split(maxsplit=1)[0]
    return Span(step.span.source, step.span.start, step.span.start + len(word))


@define(eq=False, repr=False)
class _Follower:
    """Walk a plan. Each method may change the given state, and returns the state afterwards.

    The state of an unreachable place is None.
    """

    catalogue: Catalogue
    findings: Findings
    doubtful: Collection[str | None]
    sources: Mapping[str, Collection[str]]
    """The jobs whose rows a job takes, by its name."""
    trails: list[State] = field(factory=list)
    """For each open block with an `always`: everything that was possible in the block so far."""
    refused: set[tuple[int, int]] = field(factory=set)
    """The places of reported steps."""
    sheltered: int = 0
    """How many blocks of `always` are open."""
    onward: bool = False
    """Whether to walk only the paths that continue after an `always`, not all that lead to it."""

    def block(self, block: Block, state: State) -> State | None:
        for job in block.jobs:
            self._declare(job, state)
        trail = any(isinstance(each, PlannedAlways) for each in block.statements)
        if trail:
            self.trails.append(dict(state))
        current = self._statements(block.statements, state)
        if trail:
            self.trails.pop()
        if current is not None:
            for job in block.jobs:
                current.pop(job.name, None)
                current.pop(_get_rows_key(job.name), None)
        return current

    def _statements(self, statements: Iterable[Statement], state: State) -> State | None:
        current: State | None = state
        reported = False
        for statement in statements:
            if isinstance(statement, PlannedAlways):
                current = self._always(statement, current)
            elif current is not None:
                current = self._statement(statement, current)
            elif not reported:
                reported = True
                self._warn_unreachable(statement.span)
        return current

    def _always(self, always: PlannedAlways, current: State | None) -> State | None:
        """Walk a block to find mistakes in it, and again for the state after it."""
        if not self.onward:
            self._sheltered(always, self._select(always.body, self.trails[-1]))
        if current is None:
            return None
        return _Follower(
            self.catalogue, Findings(), self.doubtful, self.sources, onward=True
        ).block(always.body, current)

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
                return _join(state, self.block(statement.body, self._select(statement.body, state)))
            case PlannedFor():
                for step in iter_steps(statement.body.statements):
                    self._widen(state, step)
                return _join(state, self.block(statement.body, self._select(statement.body, state)))
            case PlannedParallel():
                return self._parallel(statement, state)
            case PlannedAlways():
                return self._sheltered(statement, state)
            case _:
                assert_never(statement)

    def _chain(self, chain: PlannedChain, state: State) -> State | None:
        if not chain.handlers:
            return state if self._run(chain.steps, state, {}) else None
        # A file may have thousands of jobs and chains, but a chain uses few jobs.
        around, state = (
            state,
            self._select_of(iter_steps([chain]), state),
        )
        after = self._handled(chain, state)
        if after is None:
            return None
        around.update(after)
        return around

    def _handled(self, chain: PlannedChain, state: State) -> State | None:
        """Walk a chain with handlers. The state contains only the jobs of the chain."""
        points: State = {}
        reached = self._run(chain.steps, state, points)
        after: State | None = state if reached else None
        failed = {**state, **points}
        resumed: State | None = None
        for steps in _handlers(chain, HandlerEvent.FAILURE):
            self._run(steps, failed, points)
            if any(self.catalogue.get_step(step).resumes for step in steps):
                resumed = _join(dict(failed), resumed)
        for steps in _handlers(chain, HandlerEvent.SUCCESS):
            if after is not None and not self._run(steps, after, points):
                after = None
        interrupted = {**state, **points}
        for steps in _handlers(chain, HandlerEvent.INTERRUPT):
            self._run(steps, interrupted, points)
            if self.sheltered:
                self._warn_unreachable(
                    get_verb_span(steps[0]), "an interruption does not stop a block of `always`"
                )
        return after if resumed is None else _join(resumed, after)

    def _run(self, steps: Sequence[PlannedStep], state: State, points: State) -> bool:
        """Walk steps in order, and collect in `points` what is possible before and after each.

        Returns whether the end is reached.
        """
        for index, step in enumerate(steps):
            self._step(step, state, points)
            if self.catalogue.get_step(step).ends_chain:
                if index + 1 < len(steps):
                    self._warn_unreachable(get_verb_span(steps[index + 1]))
                return False
        return True

    def _step(self, step: PlannedStep, state: State, points: State) -> None:
        job = step.job
        if job is None or job in self.doubtful:
            return
        record = self.catalogue.get_step(step)
        if record.hands_over and Phase.DECLARED in (record.accepts or ()):
            self._check_rows(step, state)
        if record.provides_rows:
            self._note_rows(job, {Phase.FINISHED: get_verb_span(step)}, state, points)
        before = state[job]
        after = before
        if record.accepts is not None:
            after = {phase: at for phase, at in before.items() if phase in record.accepts}
        if record.accepts is not None and not after:
            self._report(step, record, state)
            # The intention is unknown, so any phase is possible from here.
            after = dict.fromkeys(Phase, get_verb_span(step))
        elif record.leaves is not None:
            after = {record.leaves: get_verb_span(step)}
        state[job] = after
        if before is not after:
            for record_of in (points, *self.trails):
                record_of[job] = {**record_of.get(job, {}), **before, **after}

    def _report(self, step: PlannedStep, record: Step, state: State) -> None:
        """Report a step, unless its mistake follows from that of a reported step."""
        assert step.job is not None
        places = {_place(at) for at in state[step.job].values()}
        if self.refused.isdisjoint(places):
            known = {
                name: phases
                for name, phases in state.items()
                if name not in self.doubtful and " " not in name
            }
            report_violation(step, record, known, self.catalogue, self.findings)
        self.refused.add(_place(get_verb_span(step)))

    def _check_rows(self, step: PlannedStep, state: State) -> None:
        """Report a step that takes rows of a job that may not have any yet."""
        for name in self.sources.get(step.job or "", ()):
            rows = state.get(_get_rows_key(name), {})
            if Phase.DECLARED not in rows or name in self.doubtful:
                continue
            provider = next((each for each in self.catalogue.steps if each.provides_rows), None)
            certain = len(rows) == 1
            self.findings.error(
                Code.NO_ROWS,
                f"job {step.job} takes the rows of job {name}, which "
                f"{'are not' if certain else 'may not be'} there yet",
                get_verb_span(step),
                f"put `{write_step(provider.phrases[0], name)}` before it"
                + " on every path" * (not certain)
                if provider
                else None,
                labels=[Label(rows[Phase.DECLARED], f"job {name}")],
            )

    def _note_rows(self, job: str, phases: Phases, state: State, points: State) -> None:
        key = _get_rows_key(job)
        before = state.get(key, {})
        state[key] = phases
        for record_of in (points, *self.trails):
            record_of[key] = {**record_of.get(key, {}), **before, **phases}

    def _parallel(self, parallel: PlannedParallel, state: State) -> State:
        for job in parallel.body.jobs:
            self._declare(job, state)
        result = dict(state)
        claims: dict[str, tuple[int, PlannedStep, bool]] = {}
        for number, branch in enumerate(parallel.body.statements):
            steps = list(iter_steps([branch]))
            about = self._select_of(steps, state)
            after = self._statement(branch, about)
            for step in steps:
                if step.job is None:
                    continue
                changes = self.catalogue.get_step(step).leaves is not None
                self._claim(claims, step.job, number, step, changes=changes)
                rows = _get_rows_key(step.job)
                if changes and after is not None and rows in after:
                    result[rows] = after[rows]
                if changes and after is not None and step.job in after:
                    result[step.job] = after[step.job]
        for job in parallel.body.jobs:
            result.pop(job.name, None)
            result.pop(_get_rows_key(job.name), None)
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
        """Record that a branch uses a job. Several branches may read one."""
        first = claims.get(job)
        if first is None or (first[0] == branch and changes and not first[2]):
            claims[job] = (branch, step, changes)
        elif first[0] != branch and (changes or first[2]) and job not in self.doubtful:
            self.findings.error(
                Code.SHARED_JOB,
                f"two branches of `parallel` use job {job} at the same time",
                get_verb_span(step),
                "put both steps into one chain, or move one of them below the `parallel` block",
                labels=[Label(get_verb_span(first[1]), "the other branch")],
            )

    def _widen(self, state: State, step: PlannedStep) -> None:
        """Add the phase that a step leaves."""
        leaves = self.catalogue.get_step(step).leaves
        if leaves is not None and step.job is not None and step.job in state:
            state[step.job] = {leaves: get_verb_span(step), **state[step.job]}

        if self.catalogue.get_step(step).provides_rows and step.job is not None:
            rows = _get_rows_key(step.job)
            state[rows] = {Phase.FINISHED: get_verb_span(step), **state.get(rows, {})}

    def _declare(self, job: PlannedJob, state: State) -> None:
        state[job.name] = self._find_first_phases(job)
        state[_get_rows_key(job.name)] = {Phase.DECLARED: job.span}

    def _select(self, body: Block, state: State) -> State:
        """Return the state of the jobs that a block uses; a file may have thousands."""
        return self._select_of(iter_steps(body.statements), state)

    def _select_of(self, steps: Iterable[PlannedStep], state: State) -> State:
        found: State = {}
        for step in steps:
            if step.job is None:
                continue
            for name in (
                step.job,
                *map(_get_rows_key, (step.job, *self.sources.get(step.job, ()))),
            ):
                if name in state:
                    found[name] = state[name]
        return found

    def _find_first_phases(self, job: PlannedJob) -> Phases:
        for clause in job.clauses:
            begins = self.catalogue.clause_by_phrase[clause.word].begins
            if begins is not None:
                return dict.fromkeys(begins, clause.span)
        return {Phase.DECLARED: job.span}

    def _warn_unreachable(self, span: Span, why: str = "the step before it ends the chain") -> None:
        self.findings.warning(
            Code.UNREACHABLE,
            f"this is never reached: {why}",
            span,
            "remove it, or move it up",
        )


def _get_rows_key(job: str) -> str:
    """Return the key of the state of a job's rows. No job has such a name."""
    return f"{job} rows"


def _list_sources(job: PlannedJob) -> list[str]:
    return [clause.job for clause in job.clauses if clause.job is not None]


def _place(span: Span) -> tuple[int, int]:
    return id(span.source), span.start


def _handlers(chain: PlannedChain, event: HandlerEvent) -> Iterator[Sequence[PlannedStep]]:
    """Yield the steps of each handler of an event."""
    for handler in chain.handlers:
        if handler.event is event:
            yield handler.steps


def _join(state: State, other: State | None) -> State:
    """Join the states of two paths. Changes and returns the first."""
    if other is not None:
        for job, standing in other.items():
            here = state.get(job)
            if here is not standing:
                state[job] = standing if here is None else {**standing, **here}
    return state
