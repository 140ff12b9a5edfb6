"""Conditions: questions of plugins, comparisons, and values that are true or false."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from attrs import define

from bulkflow.language import tree
from bulkflow.language.arguments import describe
from bulkflow.language.codes import Code
from bulkflow.language.job_resolution import Subject
from bulkflow.model.plan import (
    PlannedAnd,
    PlannedComparison,
    PlannedNot,
    PlannedOr,
    PlannedTest,
    PlannedTruth,
)
from bulkflow.model.value import Boolean, Name, Text

if TYPE_CHECKING:
    from bulkflow.language.arguments import Arguments
    from bulkflow.language.diagnostics import Findings
    from bulkflow.language.job_resolution import SubjectFinder
    from bulkflow.language.orgs import Orgs
    from bulkflow.language.phrase_matcher import Matcher
    from bulkflow.language.scope import Evaluator, Scope
    from bulkflow.model.plan import Condition
    from bulkflow.model.value import Value


@define(eq=False, repr=False)
class ConditionChecker:
    """Makes planned conditions; a part that is wrong is reported and left out."""

    matcher: Matcher
    arguments: Arguments
    evaluator: Evaluator
    subjects: SubjectFinder
    findings: Findings
    orgs: Orgs

    def plan(self, condition: tree.ConditionNode, scope: Scope) -> Condition | None:
        """The condition; None if nothing of it could be understood."""
        match condition:
            case tree.TestNode():
                return self._test(condition, scope)
            case tree.NotNode():
                operand = self.plan(condition.operand, scope)
                return None if operand is None else PlannedNot(operand)
            case tree.AndNode():
                return PlannedAnd(self._all(condition.operands, scope))
            case tree.OrNode():
                return PlannedOr(self._all(condition.operands, scope))
            case _:
                assert_never(condition)

    def _all(self, operands: tuple[tree.ConditionNode, ...], scope: Scope) -> tuple[Condition, ...]:
        planned = [self.plan(operand, scope) for operand in operands]
        return tuple(each for each in planned if each is not None)

    def _test(self, test: tree.TestNode, scope: Scope) -> Condition | None:
        first = test.items[0]
        if isinstance(first, Name) and first.name not in scope.declared:
            if not first.name:
                return None
            if self.matcher.conditions.words.phrases(first.name):
                return self._question(test, scope)
        match test.items:
            case (value,):
                return self._truth(value, test, scope)
            case (left, Name(name="is"), right):
                return self._comparison(left, right, True, test, scope)
            case (left, Name(name="is"), Name(name="not"), right):
                return self._comparison(left, right, False, test, scope)
            case _:
                return self._question(test, scope)

    def _question(self, test: tree.TestNode, scope: Scope) -> Condition | None:
        match = self.matcher.match(self.matcher.conditions, test.items)
        job = self.subjects.test(Subject.of(match, test.items), scope)
        if match is None:
            return None
        self.arguments.convert(match, scope)
        slot = match.phrase.job_slot
        given = {name: value for name, value in match.arguments.items() if name != slot}
        org = self.orgs.of_line(match, test.items[0].span, scope.jobs.get(job or ""))
        return PlannedTest(match.phrase.text, given, job, test.span, org)

    def _truth(self, value: Value, test: tree.TestNode, scope: Scope) -> Condition:
        known = self._operand(value, scope)
        if known is not None and not isinstance(known, Boolean):
            self.findings.error(
                Code.WRONG_VALUE,
                f"a condition is true or false, not {describe(known)}",
                test.span,
                f"compare it: `{test.span.text} is …`",
            )
        return PlannedTruth(value, test.span)

    def _comparison(
        self, left: Value, right: Value, equal: bool, test: tree.TestNode, scope: Scope
    ) -> Condition:
        known = [self._operand(value, scope) for value in (left, right)]
        one, other = known
        if one is not None and other is not None and _kind(one) is not _kind(other):
            self.findings.error(
                Code.WRONG_VALUE,
                f"{describe(one)} is never {describe(other)}",
                test.span,
                "compare values of one kind; a text stands in double quotes",
            )
        return PlannedComparison(left, right, equal, test.span)

    def _operand(self, value: Value, scope: Scope) -> Value | None:
        """What a value is known to be; a bare name has to stand for something here."""
        if isinstance(value, Name) and value.name not in scope.declared:
            near = self.findings.suggest.did_you_mean(value.name, scope.declared)
            self.findings.error(
                Code.UNKNOWN_NAME,
                f"`{value.name}` is no param, let or loop variable that is known here",
                value.span,
                near or f'if it is a text, put it in quotes: "{value.name}"',
            )
            return None
        return self.evaluator.value(value, scope)


def _kind(value: Value) -> type[Value]:
    return Text if isinstance(value, Name) else type(value)
