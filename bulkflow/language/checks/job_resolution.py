"""Find the job of each step.

A step without a job takes the next job to its right in the chain, as in `upload then close job
accounts`, or else the last one to its left. In a handler, the handler's own steps come first and
then the job of the chain. If no step names a job, it is the only job of the file.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from bulkflow.language.codes import Code
from bulkflow.model.value import Name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow.language.checks.scope import NameScope
    from bulkflow.language.diagnostics import Findings
    from bulkflow.model.value import Value
    from bulkflow.plugin.phrase import Match
    from bulkflow.source import Span


@frozen
class JobReference:
    """How a line refers to its job."""

    needed: bool
    """Whether its phrase has a slot for a job."""
    named: Name | None
    verb: Span

    @classmethod
    def of(cls, match: Match | None, items: Sequence[Value]) -> JobReference:
        """Read it from a line. Without a match, guess the name from `job NAME` in the line."""
        verb = items[0].span
        if match is None:
            names = _guess_names(items)
            return cls(False, names[-1] if names else None, verb)
        slot = match.phrase.job_slot
        if slot is None:
            return cls(False, None, verb)
        name = match.arguments.get(slot)
        assert name is None or isinstance(name, Name)
        return cls(True, name, verb)


@define(eq=False, repr=False)
class JobResolver:
    """Find jobs; report undeclared jobs and steps whose job is ambiguous."""

    findings: Findings
    _used: set[tuple[int, int]] = field(factory=set)
    """The places of used jobs: the source's id, and the offset."""

    def resolve_chain(
        self, references: Sequence[JobReference], scope: NameScope
    ) -> list[str | None]:
        """Return the job of each step of a chain."""
        return self._assign(references, None, scope)

    def resolve_handler(
        self,
        references: Sequence[JobReference],
        chain: Sequence[JobReference],
        jobs: Sequence[str | None],
        scope: NameScope,
    ) -> list[str | None]:
        """Return the job of each step of a handler. `jobs` are those of the chain."""
        found = list(dict.fromkeys(job for job in jobs if job))
        lost = any(
            job is None and (reference.needed or reference.named)
            for reference, job in zip(chain, jobs, strict=True)
        )
        return self._assign(references, found, scope, reported=lost and not found)

    def resolve_test(self, reference: JobReference, scope: NameScope) -> str | None:
        """Return the job of a condition."""
        return self._assign([reference], None, scope)[0]

    def resolve_named(self, reference: JobReference, scope: NameScope) -> str | None:
        """Return the job that a clause names; report one that is not declared."""
        assert reference.named is not None
        return self._resolve(reference.named, scope, report=True)

    def is_used(self, declared: Span) -> bool:
        """Return whether anything so far uses the job that is declared at a place."""
        return _place(declared) in self._used

    def _assign(
        self,
        references: Sequence[JobReference],
        chain: list[str] | None,
        scope: NameScope,
        *,
        reported: bool = False,
    ) -> list[str | None]:
        """Return the job of each line. With `reported`, do not report a missing job again."""
        names = [reference.named for reference in references]
        right: list[Name | None] = []
        following: Name | None = None
        for name in reversed(names):
            following = name or following
            right.append(following)
        right.reverse()
        jobs: list[str | None] = []
        left: Name | None = None
        for reference, name, after in zip(references, names, right, strict=True):
            left = name or left
            if not (reference.needed or name):
                jobs.append(None)
            elif found := name or after or left:
                jobs.append(self._resolve(found, scope, report=found is name))
            else:
                jobs.append(None if reported else self._resolve_only(reference, chain, scope))
        return jobs

    def _resolve(self, name: Name, scope: NameScope, *, report: bool) -> str | None:
        declared = scope.jobs.get(name.name)
        if declared is not None:
            self._used.add(_place(declared))
            return name.name
        if report:
            near = self.findings.find_nearest(name.name, scope.jobs)
            if near is not None:
                self._used.add(_place(scope.jobs[near]))
            declare = f"declare it: job {name.name}, with its clauses indented below"
            self.findings.error(
                Code.UNKNOWN_JOB,
                f"job {name.name} is not declared",
                name.span,
                f"did you mean `{near}`?" if near else declare,
            )
        return None

    def _resolve_only(
        self, reference: JobReference, chain: list[str] | None, scope: NameScope
    ) -> str | None:
        candidates = chain or list(scope.jobs)
        if len(candidates) == 1:
            self._used.add(_place(scope.jobs[candidates[0]]))
            return candidates[0]
        verb = reference.verb.text
        if not candidates:
            message = f"`{verb}` needs a job, but none is declared"
            help_line = "declare one: job NAME, with its clauses indented below"
        else:
            shown = ", ".join(candidates[:5]) + (", …" if len(candidates) > 5 else "")
            where = "the chain has" if chain else "the file has"
            message = f"`{verb}` does not name its job; {where} {shown}"
            help_line = f"write `{verb} job {candidates[0]}`"
        self.findings.error(Code.WHICH_JOB, message, reference.verb, help_line)
        return None


def _place(span: Span) -> tuple[int, int]:
    return id(span.source), span.start


def _guess_names(items: Sequence[Value]) -> list[Name]:
    return [
        after
        for word, after in pairwise(items)
        if isinstance(word, Name) and word.name == "job" and isinstance(after, Name)
    ]
