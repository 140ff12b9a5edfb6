"""Which job a step is about.

A step that names no job takes the next one that is named to its right in the chain (`upload then
close job accounts`), else the last one to its left. In a handler, the handler's own steps are asked
first and then the job of the chain. Where nothing names a job, the only one that there is will do.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from bulkflow.language.codes import Code
from bulkflow.model.value import Name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow.language.diagnostics import Findings
    from bulkflow.language.scope import Scope
    from bulkflow.model.value import Value
    from bulkflow.plugin.phrase import Match
    from bulkflow.source import Span


@frozen
class Subject:
    """What a line says about its job."""

    needed: bool
    """Whether its phrase has a place for one."""
    named: Name | None
    verb: Span

    @classmethod
    def of(cls, match: Match | None, items: Sequence[Value]) -> Subject:
        """Of a line, also of one that fits no phrase: then what it seems to name."""
        verb = items[0].span
        if match is None:
            names = _seemingly_named(items)
            return cls(False, names[-1] if names else None, verb)
        slot = match.phrase.job_slot
        if slot is None:
            return cls(False, None, verb)
        name = match.arguments.get(slot)
        assert name is None or isinstance(name, Name)
        return cls(True, name, verb)


@define(eq=False, repr=False)
class SubjectFinder:
    """Finds jobs, and reports those that are not declared and steps that leave it open."""

    findings: Findings
    _used: set[tuple[int, int]] = field(factory=set)
    """Where the jobs are declared that something is about: the source's id, and the offset."""

    def chain(self, subjects: Sequence[Subject], scope: Scope) -> list[str | None]:
        """The job of each step of a chain."""
        return self._assign(subjects, None, scope)

    def handler(
        self,
        subjects: Sequence[Subject],
        chain: Sequence[Subject],
        jobs: Sequence[str | None],
        scope: Scope,
    ) -> list[str | None]:
        """The job of each step of a handler of a chain with these jobs."""
        found = list(dict.fromkeys(job for job in jobs if job))
        lost = any(
            job is None and (subject.needed or subject.named)
            for subject, job in zip(chain, jobs, strict=True)
        )
        return self._assign(subjects, found, scope, told=lost and not found)

    def test(self, subject: Subject, scope: Scope) -> str | None:
        """The job that a question is about."""
        return self._assign([subject], None, scope)[0]

    def is_used(self, declared: Span) -> bool:
        """Whether anything so far is about the job that is declared at a place."""
        return _place(declared) in self._used

    def _assign(
        self,
        subjects: Sequence[Subject],
        chain: list[str] | None,
        scope: Scope,
        *,
        told: bool = False,
    ) -> list[str | None]:
        """`told`: the chain's job could not be found, and the user knows."""
        names = [subject.named for subject in subjects]
        right: list[Name | None] = []
        following: Name | None = None
        for name in reversed(names):
            following = name or following
            right.append(following)
        right.reverse()
        jobs: list[str | None] = []
        left: Name | None = None
        for subject, name, after in zip(subjects, names, right, strict=True):
            left = name or left
            if not (subject.needed or name):
                jobs.append(None)
            elif found := name or after or left:
                jobs.append(self._known(found, scope, report=found is name))
            else:
                jobs.append(None if told else self._only(subject, chain, scope))
        return jobs

    def _known(self, name: Name, scope: Scope, *, report: bool) -> str | None:
        declared = scope.jobs.get(name.name)
        if declared is not None:
            self._used.add(_place(declared))
            return name.name
        if report:
            near = self.findings.suggest.nearest(name.name, scope.jobs)
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

    def _only(self, subject: Subject, chain: list[str] | None, scope: Scope) -> str | None:
        candidates = chain or list(scope.jobs)
        if len(candidates) == 1:
            self._used.add(_place(scope.jobs[candidates[0]]))
            return candidates[0]
        verb = subject.verb.text
        if not candidates:
            message = f"`{verb}` needs a job, and none is declared"
            help_line = "declare one: job NAME, with its clauses indented below"
        else:
            shown = ", ".join(candidates[:5]) + (", …" if len(candidates) > 5 else "")
            where = "the chain has" if chain else "the file has"
            message = f"`{verb}` does not say which job it is about; {where} {shown}"
            help_line = f"name it: `job {candidates[0]}`"
        self.findings.error(Code.WHICH_JOB, message, subject.verb, help_line)
        return None


def _place(span: Span) -> tuple[int, int]:
    return id(span.source), span.start


def _seemingly_named(items: Sequence[Value]) -> list[Name]:
    return [
        after
        for word, after in pairwise(items)
        if isinstance(word, Name) and word.name == "job" and isinstance(after, Name)
    ]
