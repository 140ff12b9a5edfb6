"""Find the jobs that a successful path through a plan leaves open in the org.

This walk is like that of `bulkflow.language.flow.lifecycle`, with two differences: it drops paths
on which a step must fail, and it can be made under assumptions about conditions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, assert_never

from attrs import define, field, frozen

from bulkflow.language.flow.branches import evaluate_condition, iter_steps
from bulkflow.language.flow.lifecycle import get_verb_span
from bulkflow.model.job_phase import Phase
from bulkflow.model.plan import (
    HandlerEvent,
    PlannedAlways,
    PlannedChain,
    PlannedFor,
    PlannedParallel,
    PlannedWhen,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bulkflow.model.plan import Block, PlannedJob, PlannedStep, Statement
    from bulkflow.plugin.registry import Catalogue
    from bulkflow.source import Span

Phases: TypeAlias = "Mapping[Phase, Span | None]"
"""The possible phases of a job, each with the step that led there; None for its first phase."""

State: TypeAlias = "dict[str, Phases]"

LEFT = (Phase.UPLOADED, Phase.OPEN)
"""The phases of a job that is open in the org."""


@frozen
class _Ways:
    """The states after a statement: before the next one, and where a step stopped the run."""

    on: State | None
    stopped: State | None = None


@define(eq=False, repr=False)
class Walk:
    """Walk a plan once. Methods may change the given state."""

    catalogue: Catalogue
    assumed: Mapping[str, bool] = field(factory=dict)
    _left: dict[tuple[int, int], tuple[PlannedJob, Span, Phases]] = field(factory=dict)
    """By the place of the job, because the block of an `always` is walked several times."""

    def find_open(self, body: Block) -> list[tuple[PlannedJob, Span, Phases]]:
        """Return the jobs that may be left open, each with the step that opened it."""
        self._block(body, {})
        return list(self._left.values())

    def _block(self, block: Block, state: State) -> _Ways:
        for job in block.jobs:
            state[job.name] = self._find_first_phases(job)
        on: State | None = state
        stopped: State | None = None
        for statement in block.statements:
            if isinstance(statement, PlannedAlways):
                after = self._always(statement, on)
                late = self._always(statement, stopped)
                on = after.on
                stopped = _join(_join(late.on, late.stopped), after.stopped)
            elif on is not None:
                ways = self._statement(statement, on)
                on, stopped = ways.on, _join(stopped, ways.stopped)
        for job in block.jobs:
            self._end(job, _join(_one(on, job.name), _one(stopped, job.name)))
            for each in (on, stopped):
                if each is not None:
                    each.pop(job.name, None)
        return _Ways(on, stopped)

    def _statement(self, statement: Statement, state: State) -> _Ways:
        match statement:
            case PlannedChain():
                return self._chain(statement, state)
            case PlannedWhen():
                return self._when(statement, state)
            case PlannedFor():
                return self._loop(statement, state)
            case PlannedParallel():
                return self._parallel(statement, state)
            case PlannedAlways():
                return self._block(statement.body, state)
            case _:
                assert_never(statement)

    def _always(self, always: PlannedAlways, state: State | None) -> _Ways:
        return _Ways(None) if state is None else self._block(always.body, state)

    def _when(self, when: PlannedWhen, state: State) -> _Ways:
        truth = evaluate_condition(when.condition, self.assumed)
        if truth is False:
            return _Ways(state)
        return self._branch(when.body, state, _select(when.body, state), certain=bool(truth))

    def _loop(self, loop: PlannedFor, state: State) -> _Ways:
        entered = _select(loop.body, state)
        for step in iter_steps(loop.body.statements):
            leaves = self.catalogue.get_step(step).leaves
            if leaves is not None and step.job in entered:
                entered[step.job] = {leaves: get_verb_span(step), **entered[step.job]}
        return self._branch(loop.body, state, entered, certain=False)

    def _branch(self, body: Block, state: State, entered: State, *, certain: bool) -> _Ways:
        """Walk a block that may be skipped, unless it is `certain` to run.

        `entered` is the state of the jobs that the block uses. Copying the whole state at every
        branch would be slow for a long file.
        """
        inside = self._block(body, entered)
        stopped = None if inside.stopped is None else {**state, **inside.stopped}
        if inside.on is None:
            return _Ways(None if certain else state, stopped)
        if certain:
            state.update(inside.on)
        else:
            _join(state, inside.on)
        return _Ways(state, stopped)

    def _parallel(self, parallel: PlannedParallel, state: State) -> _Ways:
        for job in parallel.body.jobs:
            state[job.name] = self._find_first_phases(job)
        result: State | None = dict(state)
        stopped: State | None = None
        for branch in parallel.body.statements:
            ways = self._statement(branch, dict(state))
            touched = {step.job for step in iter_steps((branch,))}
            stopped = _join(stopped, ways.stopped)
            if ways.on is None:
                result = None
            elif result is not None:
                result.update({name: at for name, at in ways.on.items() if name in touched})
        for job in parallel.body.jobs:
            self._end(job, _join(_one(result, job.name), _one(stopped, job.name)))
            for each in (result, stopped):
                if each is not None:
                    each.pop(job.name, None)
        return _Ways(result, stopped)

    def _chain(self, chain: PlannedChain, state: State) -> _Ways:
        met: State = {}
        done = self._run(chain.steps, state, met)
        on, stopped = done.on, done.stopped
        for handler in chain.handlers:
            if handler.event is HandlerEvent.SUCCESS:
                if on is not None:
                    after = self._run(handler.steps, on, {})
                    on, stopped = after.on, _join(stopped, after.stopped)
                continue
            if handler.event is HandlerEvent.INTERRUPT:
                continue
            if any(self.catalogue.get_step(step).resumes for step in handler.steps):
                # A failed run that stops in a handler has still failed, so only this path counts.
                failed = {**state, **met}
                self._run(handler.steps, failed, {})
                on = _join(failed, on)
        return _Ways(on, stopped)

    def _run(self, steps: Iterable[PlannedStep], state: State, met: State) -> _Ways:
        """Walk steps and change `state`; collect the phases on the way in `met`."""
        for step in steps:
            record = self.catalogue.get_step(step)
            job = step.job
            if job is not None and job in state:
                before = state[job]
                accepted = before
                if record.accepts is not None:
                    accepted = {at: by for at, by in before.items() if at in record.accepts}
                    if not accepted:
                        return _Ways(None)
                leaves = record.leaves
                state[job] = accepted if leaves is None else {leaves: get_verb_span(step)}
                met[job] = {**met.get(job, {}), **before, **state[job]}
            if record.ends_chain:
                return _Ways(None, dict(state) if record.stops else None)
        return _Ways(state)

    def _find_first_phases(self, job: PlannedJob) -> Phases:
        for clause in job.clauses:
            begins = self.catalogue.clause_by_phrase[clause.word].begins
            if begins is not None:
                return dict.fromkeys(begins)
        return {Phase.DECLARED: None}

    def _end(self, job: PlannedJob, state: State | None) -> None:
        phases = {} if state is None else state.get(job.name, {})
        place = next((at for phase in LEFT if (at := phases.get(phase)) is not None), None)
        if place is not None:
            self._left.setdefault(get_key(job), (job, place, phases))


def _select(body: Block, state: State) -> State:
    """Return the state of the jobs that a block uses."""
    return {step.job: state[step.job] for step in iter_steps(body.statements) if step.job in state}


def get_key(job: PlannedJob) -> tuple[int, int]:
    """Return a key that identifies a declared job in the pipeline."""
    return id(job.span.source), job.span.start


def _one(state: State | None, name: str) -> State | None:
    return None if state is None or name not in state else {name: state[name]}


def _join(state: State | None, other: State | None) -> State | None:
    """Join the states of two paths. Changes and returns one of them."""
    if state is None or other is None:
        return other if state is None else state
    for name, phases in other.items():
        here = state.get(name)
        if here is not phases:
            state[name] = phases if here is None else {**phases, **here}
    return state
