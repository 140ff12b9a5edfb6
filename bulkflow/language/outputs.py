"""Refuses steps that would write over what the file reads, is, or writes elsewhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeAlias

from attrs import define, field, frozen

from bulkflow.atomic_files import resolve_target
from bulkflow.language.codes import Code
from bulkflow.model.diagnostic import Label
from bulkflow.model.plan import PlannedChain, PlannedFor, PlannedParallel, PlannedWhen
from bulkflow.model.value import (
    TextTooLongError,
    UnresolvedError,
    plain,
    resolve,
    resolve_name,
    several,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bulkflow.language.diagnostics import Findings
    from bulkflow.model.plan import Block, Plan, PlannedStep
    from bulkflow.model.value import Scope, Value, Written
    from bulkflow.plugin.phrase import Phrase
    from bulkflow.plugin.registry import Catalogue
    from bulkflow.source import Span

Branch: TypeAlias = "tuple[int, ...]"
"""The conditions and handlers that a step is under; of two steps whose branches are no beginning
of one another, perhaps only one is done."""


@frozen
class _Output:
    path: Path
    step: PlannedStep
    branch: Branch
    span: Span


@frozen
class _Input:
    path: Path
    job: str
    span: Span


def refuse_overwriting(
    plan: Plan, catalogue: Catalogue, findings: Findings, environ: Mapping[str, str]
) -> None:
    """Find the outputs whose place is known and is taken. What is not known is left to the run."""
    _Outputs(plan, catalogue, findings, environ).look()


@define(eq=False)
class _Outputs:
    plan: Plan
    catalogue: Catalogue
    findings: Findings
    environ: Mapping[str, str]
    _outputs: list[_Output] = field(factory=list)
    _inputs: list[_Input] = field(factory=list)
    _used: list[str] = field(factory=list)
    """The jobs that steps were about so far."""

    def look(self) -> None:
        self._block(self.plan.body, self.plan.parameters, ())

    def _block(self, block: Block, around: Scope, branch: Branch) -> None:
        scope = dict(around)
        for name, value in block.lets:
            if (known := self._resolved(value, scope)) is not None:
                scope[name] = known
            else:
                scope.pop(name, None)
        for job in block.jobs:
            for clause in job.clauses:
                phrase = _phrase(self.catalogue.clause_by_phrase[clause.word].phrases, clause.word)
                for path, span in self._paths(phrase, "location", clause.arguments, scope):
                    self._inputs.append(_Input(path, job.name, span))
        for statement in block.statements:
            if isinstance(statement, PlannedChain):
                self._chain(statement, scope, branch)
                continue
            inner = dict(scope)
            if isinstance(statement, PlannedFor):
                inner.pop(statement.variable, None)
            guarded = isinstance(statement, PlannedWhen | PlannedParallel)
            self._block(statement.body, inner, (*branch, id(statement)) if guarded else branch)

    def _chain(self, chain: PlannedChain, scope: Scope, branch: Branch) -> None:
        for step in chain.steps:
            self._step(step, scope, branch)
        for handler in chain.handlers:
            for step in handler.steps:
                self._step(step, scope, (*branch, id(handler)))

    def _step(self, step: PlannedStep, scope: Scope, branch: Branch) -> None:
        phrase = _phrase(self.catalogue.step_by_phrase[step.word].phrases, step.word)
        for path, span in self._paths(phrase, "path", step.arguments, scope):
            output = _Output(path, step, branch, span)
            if not (self._over_the_file(output) or self._over_an_input(output)):
                self._over_another(output)
            self._outputs.append(output)
        if step.job is not None:
            self._used.append(step.job)

    def _over_the_file(self, output: _Output) -> bool:
        for source in self.plan.sources:
            if source.path is not None and _real(source.path) == output.path:
                which = "this file" if source is output.span.source else source.name
                self._refuse(output, f"this would overwrite {which}, a pipeline file")
                return True
        return False

    def _over_an_input(self, output: _Output) -> bool:
        for each in self._inputs:
            # What is read later than it is written is what was written, as it should be.
            before = each.job == output.step.job or each.job in self._used
            if each.path == output.path and before:
                label = Label(each.span, f"job {each.job} reads it here")
                self._refuse(output, f"this would overwrite the source of job {each.job}", label)
                return True
        return False

    def _over_another(self, output: _Output) -> None:
        for other in self._outputs:
            if other.path != output.path or not _both(other.branch, output.branch):
                continue
            if (other.step.word, other.step.job, _told(other.step)) == (
                output.step.word,
                output.step.job,
                _told(output.step),
            ):
                continue
            label = Label(other.span, "it is written here")
            self._refuse(output, "this would overwrite what another step writes", label)
            return

    def _refuse(self, output: _Output, message: str, *labels: Label) -> None:
        self.findings.error(
            Code.OVERWRITTEN, message, output.span, "write to another file", labels=labels
        )

    def _paths(
        self, phrase: Phrase, kind: str, arguments: Mapping[str, Written], scope: Scope
    ) -> Iterator[tuple[Path, Span]]:
        for slot in phrase.slots:
            if slot.type != kind or slot.name not in arguments:
                continue
            for value in several(arguments[slot.name]):
                path = self._path(value, scope)
                if path is not None:
                    yield path, value.span

    def _path(self, value: Value, scope: Scope) -> Path | None:
        known = self._resolved(value, scope)
        here = value.span.source.path
        if known is None or here is None:
            return None
        try:
            return resolve_target(here.parent / plain(known))
        except (OSError, ValueError):
            # A folder, or no name of a file at all: the run says more.
            return None

    def _resolved(self, value: Value, scope: Scope) -> Value | None:
        try:
            found = resolve(resolve_name(value, scope), scope, self.environ)
        except (UnresolvedError, TextTooLongError):
            return None
        return found


def _phrase(phrases: tuple[Phrase, ...], word: str) -> Phrase:
    return next(each for each in phrases if each.text == word)


def _both(one: Branch, other: Branch) -> bool:
    """Whether steps of two branches may both be done in a run."""
    shorter, longer = sorted((one, other), key=len)
    return longer[: len(shorter)] == shorter


def _told(step: PlannedStep) -> list[tuple[str, str]]:
    """What a step says besides its place."""
    return sorted((slot, repr(value)) for slot, value in step.arguments.items())


def _real(path: Path) -> Path:
    return type(path)(os.path.realpath(path))
