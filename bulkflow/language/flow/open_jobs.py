"""Warn of jobs that a successful run leaves open in the org.

Such a job was created but neither closed nor aborted. Its rows are never processed, and it counts
against the org's limits until somebody finds it. Paths that end in a failure or an interruption do
not matter here: then the run itself lists the jobs that are still open.

If a first walk (`bulkflow.language.flow.exit_paths`) finds that a `when` leaves a job open, further
walks try all combinations of the conditions around the job's steps, because `when dry` and `when
not dry` are not independent.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from bulkflow.language.codes import Code
from bulkflow.language.flow.branches import (
    evaluate_condition,
    iter_questions,
    iter_steps,
    iter_whens,
    prune_to_job,
)
from bulkflow.language.flow.exit_paths import LEFT, Walk, get_key
from bulkflow.model.diagnostic import Label
from bulkflow.model.job_phase import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bulkflow.language.diagnostics import Findings
    from bulkflow.language.flow.exit_paths import Phases
    from bulkflow.model.plan import Block, Plan, PlannedJob
    from bulkflow.plugin.registry import Catalogue
    from bulkflow.source import Span

_MAX_QUESTIONS = 6
_MAX_SECOND_WALKS = 256
_MAX_SECOND_STEPS = 30_000
"""How many steps the further walks may visit, so that a long file with many mistakes is fast."""


def report_left_open(plan: Plan, catalogue: Catalogue, findings: Findings) -> None:
    """Warn of each job that some successful path leaves open."""
    found = Walk(catalogue).find_open(plan.body)
    if not found:
        return
    conditional = set(_conditional(plan.body, catalogue))
    steps = sum(1 for _ in iter_steps(plan.body.statements))
    budget = min(_MAX_SECOND_WALKS, max(4, _MAX_SECOND_STEPS // steps))
    for job, place, phases in found:
        if conditional.isdisjoint({job.name, None}):
            certain = set(phases) <= set(LEFT)
            _warn(job, place, phases, (), catalogue, findings, certain=certain)
        elif budget > 0:
            budget -= _look_again(job, plan.body, catalogue, findings)


def _conditional(body: Block, catalogue: Catalogue) -> Iterator[str | None]:
    """Yield the jobs that steps inside a `when` use; None if such a step may end the chain."""
    for when in iter_whens(body):
        for step in iter_steps(when.body.statements):
            if catalogue.get_step(step).ends_chain:
                yield None
            if step.job is not None:
                yield step.job


def _look_again(job: PlannedJob, body: Block, catalogue: Catalogue, findings: Findings) -> int:
    """Walk with every combination of conditions, and warn if one leaves the job open.

    Returns the number of walks.
    """
    pruned = prune_to_job(body, job.name, catalogue)
    asked = (iter_questions(when.condition) for when in iter_whens(pruned))
    questions = sorted({question for each in asked for question in each})
    if len(questions) > _MAX_QUESTIONS:
        return 1
    walks = 0
    for truths in product((True, False), repeat=len(questions)):
        walks += 1
        assumed = dict(zip(questions, truths, strict=True))
        for again, place, phases in Walk(catalogue, assumed).find_open(pruned):
            if get_key(again) == get_key(job):
                why = tuple(_reasons(pruned, assumed, catalogue))
                _warn(job, place, phases, why, catalogue, findings, certain=False)
                return walks
    return walks


def _warn(
    job: PlannedJob,
    place: Span,
    phases: Phases,
    why: tuple[Label, ...],
    catalogue: Catalogue,
    findings: Findings,
    *,
    certain: bool,
) -> None:
    open_phases = frozenset(each for each in LEFT if each in phases)
    ways = [
        f"`{step.phrases[0].verb} job {job.name}`"
        for leaves in (Phase.CLOSED, Phase.ABORTED)
        for step in catalogue.list_steps(job.kind)
        if step.leaves is leaves and step.accepts is not None and step.accepts & open_phases
    ]
    where = "" if certain else " on every path"
    findings.warning(
        Code.LEFT_OPEN,
        f"job {job.name} {'is' if certain else 'may be'} left open in the org",
        place,
        f"write {' or '.join(ways)}{where}" if ways else None,
        labels=why,
    )


def _reasons(body: Block, assumed: Mapping[str, bool], catalogue: Catalogue) -> Iterator[Label]:
    for when in iter_whens(body):
        steps = list(iter_steps(when.body.statements))
        if evaluate_condition(when.condition, assumed) is False:
            if any(step.job for step in steps):
                yield Label(when.span, "if this is false")
        elif any(catalogue.get_step(step).stops for step in steps):
            yield Label(when.span, "if this is true")
