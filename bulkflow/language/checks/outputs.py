"""Report steps that would overwrite the pipeline file, a source, or another output."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
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

_MAGIC = "*?["

Branch: TypeAlias = "tuple[int, ...]"
"""The conditions and handlers around a step. If neither branch of two steps contains the other,
perhaps only one of them runs."""


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


def report_overwritten(
    plan: Plan, catalogue: Catalogue, findings: Findings, environ: Mapping[str, str]
) -> None:
    """Report outputs with a known path that is already used. The run checks the others."""
    _Outputs(plan, catalogue, findings, environ).check()


@define(eq=False)
class _Outputs:
    plan: Plan
    catalogue: Catalogue
    findings: Findings
    environ: Mapping[str, str]
    _outputs: dict[Path, list[_Output]] = field(factory=dict)
    _inputs: dict[Path, list[_Input]] = field(factory=dict)
    _patterns: list[_Input] = field(factory=list)
    """The sources that may match several files."""
    _used: set[str] = field(factory=set)
    """The jobs that steps have used so far."""

    def check(self) -> None:
        self._block(self.plan.body, self.plan.parameters, ())

    def _block(self, block: Block, around: Scope, branch: Branch) -> None:
        scope = dict(around)
        for name, value in block.lets:
            if (known := self._resolve(value, scope)) is not None:
                scope[name] = known
            else:
                scope.pop(name, None)
        for job in block.jobs:
            for clause in job.clauses:
                phrase = _phrase(self.catalogue.clause_by_phrase[clause.word].phrases, clause.word)
                for path, span in self._iter_paths(phrase, "location", clause.arguments, scope):
                    found = _Input(path, job.name, span)
                    self._inputs.setdefault(path, []).append(found)
                    if any(sign in path.name or sign in str(path.parent) for sign in _MAGIC):
                        self._patterns.append(found)
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
        phrase = _phrase(self.catalogue.get_step(step).phrases, step.word)
        for path, span in self._iter_paths(phrase, "path", step.arguments, scope):
            output = _Output(path, step, branch, span)
            if not (self._overwrites_pipeline(output) or self._overwrites_input(output)):
                self._check_other_outputs(output)
            self._outputs.setdefault(path, []).append(output)
        if step.job is not None:
            self._used.add(step.job)

    def _overwrites_pipeline(self, output: _Output) -> bool:
        for source in self.plan.sources:
            if source.path is not None and _real(source.path) == output.path:
                which = "this file" if source is output.span.source else source.name
                self._report(output, f"this would overwrite {which}, a pipeline file")
                return True
        return False

    def _overwrites_input(self, output: _Output) -> bool:
        matched = [each for each in self._patterns if _matches(each.path, output.path)]
        for each in (*self._inputs.get(output.path, ()), *matched):
            # A job that is loaded later reads the new file on purpose.
            before = each.job == output.step.job or each.job in self._used
            if before:
                label = Label(each.span, f"job {each.job} reads it here")
                self._report(output, f"this would overwrite the source of job {each.job}", label)
                return True
        return False

    def _check_other_outputs(self, output: _Output) -> None:
        for other in self._outputs.get(output.path, ()):
            if not _can_both_run(other.branch, output.branch):
                continue
            if (other.step.word, other.step.job, _get_arguments(other.step)) == (
                output.step.word,
                output.step.job,
                _get_arguments(output.step),
            ):
                continue
            label = Label(other.span, "the other step writes it here")
            self._report(output, "this would overwrite the output of another step", label)
            return

    def _report(self, output: _Output, message: str, *labels: Label) -> None:
        self.findings.error(
            Code.OVERWRITTEN, message, output.span, "write to another file", labels=labels
        )

    def _iter_paths(
        self, phrase: Phrase, kind: str, arguments: Mapping[str, Written], scope: Scope
    ) -> Iterator[tuple[Path, Span]]:
        for slot in phrase.slots:
            if slot.type != kind or slot.name not in arguments:
                continue
            for value in several(arguments[slot.name]):
                path = self._find_target(value, scope)
                if path is not None:
                    yield path, value.span

    def _find_target(self, value: Value, scope: Scope) -> Path | None:
        known = self._resolve(value, scope)
        here = value.span.source.path
        if known is None or here is None:
            return None
        try:
            return resolve_target(here.parent / plain(known))
        except (OSError, ValueError):
            # A folder or an invalid name: the run reports it.
            return None

    def _resolve(self, value: Value, scope: Scope) -> Value | None:
        try:
            found = resolve(resolve_name(value, scope), scope, self.environ)
        except (UnresolvedError, TextTooLongError):
            return None
        return found


def _matches(pattern: Path, path: Path) -> bool:
    """Return whether a pattern such as `export/*.csv` matches a path."""
    if "**" in pattern.parts:
        start = pattern.parts[: pattern.parts.index("**")]
        inside = path.parts[: len(start)] == start
        return inside and fnmatchcase(path.name, pattern.name)
    return len(pattern.parts) == len(path.parts) and all(
        fnmatchcase(part, wanted) for part, wanted in zip(path.parts, pattern.parts, strict=True)
    )


def _phrase(phrases: tuple[Phrase, ...], word: str) -> Phrase:
    return next(each for each in phrases if each.text == word)


def _can_both_run(one: Branch, other: Branch) -> bool:
    """Return whether steps of two branches can both run."""
    shorter, longer = sorted((one, other), key=len)
    return longer[: len(shorter)] == shorter


def _get_arguments(step: PlannedStep) -> list[tuple[str, str]]:
    """Return the arguments of a step without their places."""
    return sorted((slot, repr(value)) for slot, value in step.arguments.items())


def _real(path: Path) -> Path:
    return type(path)(os.path.realpath(path))
