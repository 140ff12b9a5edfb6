"""Jobs that a run leaves open in the org although it ends well.

Such a job was created and neither closed nor given up: its rows are never processed, and it counts
against the org until somebody finds it. Ways that end in a failure or an interruption are left out:
then the run itself names what it leaves behind.

Where a first walk (`bulkflow.language.exit_paths`) finds a job left open behind some `when`, the
file is walked again for every combination of what the conditions around that job's steps may be, so
that `when dry` and `when not dry` are not taken for independent.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from bulkflow.language.branches import pruned_to, questions_of, steps_of, truth_of, whens_of
from bulkflow.language.codes import Code
from bulkflow.language.exit_paths import LEFT, Walk, place_of
from bulkflow.model.diagnostic import Label
from bulkflow.model.job_phase import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bulkflow.language.diagnostics import Findings
    from bulkflow.language.exit_paths import Standing
    from bulkflow.model.plan import Block, Plan, PlannedJob
    from bulkflow.plugin.registry import Catalogue
    from bulkflow.source import Span

_MOST_QUESTIONS = 6
_MOST_SECOND_WALKS = 256
_MOST_SECOND_STEPS = 30_000
"""Steps that second walks may cost, so that a long file that is wrong all over stays fast."""


def report_left_open(plan: Plan, catalogue: Catalogue, findings: Findings) -> None:
    """Warn of each job that some way to a good end leaves open."""
    found = Walk(catalogue).found(plan.body)
    if not found:
        return
    conditional = set(_conditional(plan.body, catalogue))
    steps = sum(1 for _ in steps_of(plan.body.statements))
    budget = min(_MOST_SECOND_WALKS, max(4, _MOST_SECOND_STEPS // steps))
    for job, place, standing in found:
        if conditional.isdisjoint({job.name, None}):
            certain = set(standing) <= set(LEFT)
            _warn(job, place, standing, (), catalogue, findings, certain=certain)
        elif budget > 0:
            budget -= _look_again(job, plan.body, catalogue, findings)


def _conditional(body: Block, catalogue: Catalogue) -> Iterator[str | None]:
    """The jobs that something happens to behind a `when`; None if the flow may end there."""
    for when in whens_of(body):
        for step in steps_of(when.body.statements):
            if catalogue.step_by_phrase[step.word].ends_chain:
                yield None
            if step.job is not None:
                yield step.job


def _look_again(job: PlannedJob, body: Block, catalogue: Catalogue, findings: Findings) -> int:
    """Walk with every combination of answers, and warn if one leaves the job open.

    Returns how many walks that took.
    """
    pruned = pruned_to(body, job.name, catalogue)
    asked = (questions_of(when.condition) for when in whens_of(pruned))
    questions = sorted({question for each in asked for question in each})
    if len(questions) > _MOST_QUESTIONS:
        return 1
    walks = 0
    for truths in product((True, False), repeat=len(questions)):
        walks += 1
        assumed = dict(zip(questions, truths, strict=True))
        for again, place, standing in Walk(catalogue, assumed).found(pruned):
            if place_of(again) == place_of(job):
                why = tuple(_reasons(pruned, assumed, catalogue))
                _warn(job, place, standing, why, catalogue, findings, certain=False)
                return walks
    return walks


def _warn(
    job: PlannedJob,
    place: Span,
    standing: Standing,
    why: tuple[Label, ...],
    catalogue: Catalogue,
    findings: Findings,
    *,
    certain: bool,
) -> None:
    open_phases = frozenset(each for each in LEFT if each in standing)
    ways = [
        f"`{step.phrases[0].verb} job {job.name}`"
        for leaves in (Phase.CLOSED, Phase.ABORTED)
        for step in catalogue.steps
        if step.leaves is leaves and step.accepts is not None and step.accepts & open_phases
    ]
    where = "" if certain else " on every way to the end"
    findings.warning(
        Code.LEFT_OPEN,
        f"job {job.name} {'is' if certain else 'may be'} left open in the org",
        place,
        f"write {' or '.join(ways)}{where}" if ways else None,
        labels=why,
    )


def _reasons(body: Block, assumed: Mapping[str, bool], catalogue: Catalogue) -> Iterator[Label]:
    for when in whens_of(body):
        steps = list(steps_of(when.body.statements))
        if truth_of(when.condition, assumed) is False:
            if any(step.job for step in steps):
                yield Label(when.span, "if this does not hold")
        elif any(catalogue.step_by_phrase[step.word].stops for step in steps):
            yield Label(when.span, "if this holds")
