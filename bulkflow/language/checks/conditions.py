"""Plan conditions: phrases of plugins, comparisons, and values that are true or false."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from attrs import define

from bulkflow.language.checks.arguments import describe
from bulkflow.language.checks.job_resolution import JobReference
from bulkflow.language.codes import Code
from bulkflow.language.syntax import tree
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
    from bulkflow.language.checks.arguments import Arguments
    from bulkflow.language.checks.job_resolution import JobResolver
    from bulkflow.language.checks.orgs import Orgs
    from bulkflow.language.checks.phrase_matcher import Matcher
    from bulkflow.language.checks.scope import Evaluator, NameScope
    from bulkflow.language.diagnostics import Findings
    from bulkflow.model.plan import Condition
    from bulkflow.model.value import Value


@define(eq=False, repr=False)
class ConditionChecker:
    """Plan conditions. Report parts with mistakes and leave them out."""

    matcher: Matcher
    arguments: Arguments
    evaluator: Evaluator
    jobs: JobResolver
    findings: Findings
    orgs: Orgs

    def plan(self, condition: tree.ConditionNode, scope: NameScope) -> Condition | None:
        """Return the planned condition; None if nothing in it is valid."""
        match condition:
            case tree.TestNode():
                return self._plan_test(condition, scope)
            case tree.NotNode():
                operand = self.plan(condition.operand, scope)
                return None if operand is None else PlannedNot(operand)
            case tree.AndNode():
                return PlannedAnd(self._plan_all(condition.operands, scope))
            case tree.OrNode():
                return PlannedOr(self._plan_all(condition.operands, scope))
            case _:
                assert_never(condition)

    def _plan_all(
        self, operands: tuple[tree.ConditionNode, ...], scope: NameScope
    ) -> tuple[Condition, ...]:
        planned = [self.plan(operand, scope) for operand in operands]
        return tuple(each for each in planned if each is not None)

    def _plan_test(self, test: tree.TestNode, scope: NameScope) -> Condition | None:
        first = test.items[0]
        if isinstance(first, Name) and first.name not in scope.declared:
            if not first.name:
                return None
            if self.matcher.conditions.words.phrases(first.name):
                return self._plan_phrase(test, scope)
        match test.items:
            case (value,):
                return self._plan_truth(value, test, scope)
            case (left, Name(name="is"), right):
                return self._plan_comparison(left, right, True, test, scope)
            case (left, Name(name="is"), Name(name="not"), right):
                return self._plan_comparison(left, right, False, test, scope)
            case _:
                return self._plan_phrase(test, scope)

    def _plan_phrase(self, test: tree.TestNode, scope: NameScope) -> Condition | None:
        match = self.matcher.match(self.matcher.conditions, test.items)
        job = self.jobs.resolve_test(JobReference.of(match, test.items), scope)
        if match is None:
            return None
        self.arguments.convert(match, scope)
        slot = match.phrase.job_slot
        theirs = self.matcher.catalogue.condition_by_phrase[match.phrase.text].kind
        kind = None if job is None else scope.kinds.get(job)
        if None not in {theirs, kind} and theirs != kind:
            self.findings.error(
                Code.WRONG_KIND,
                f"`{match.phrase.verb}` is a condition on {theirs} jobs, and job {job} is a "
                f"{kind} job",
                test.items[0].span,
                "ask it about another job",
            )
        given = {name: value for name, value in match.arguments.items() if name != slot}
        org = self.orgs.resolve_for_line(match, test.items[0].span, scope.jobs.get(job or ""))
        return PlannedTest(match.phrase.text, given, job, test.span, org)

    def _plan_truth(self, value: Value, test: tree.TestNode, scope: NameScope) -> Condition:
        known = self._resolve(value, scope)
        if known is not None and not isinstance(known, Boolean):
            self.findings.error(
                Code.WRONG_VALUE,
                f"a condition must be true or false, not {describe(known)}",
                test.span,
                f"compare it with something: `{test.span.text} is …`",
            )
        return PlannedTruth(value, test.span)

    def _plan_comparison(
        self, left: Value, right: Value, equal: bool, test: tree.TestNode, scope: NameScope
    ) -> Condition:
        known = [self._resolve(value, scope) for value in (left, right)]
        one, other = known
        if one is not None and other is not None and _kind(one) is not _kind(other):
            self.findings.error(
                Code.WRONG_VALUE,
                f"{describe(one)} is never equal to {describe(other)}",
                test.span,
                "compare values of the same kind; a text needs double quotes",
            )
        return PlannedComparison(left, right, equal, test.span)

    def _resolve(self, value: Value, scope: NameScope) -> Value | None:
        """Return the value if it is known. Report a bare name that is not declared."""
        if isinstance(value, Name) and value.name not in scope.declared:
            near = self.findings.did_you_mean(value.name, scope.declared)
            self.findings.error(
                Code.UNKNOWN_NAME,
                f"there is no param, let or loop variable `{value.name}`",
                value.span,
                near or f'if it is a text, put it in quotes: "{value.name}"',
            )
            return None
        return self.evaluator.evaluate(value, scope)


def _kind(value: Value) -> type[Value]:
    return Text if isinstance(value, Name) else type(value)
