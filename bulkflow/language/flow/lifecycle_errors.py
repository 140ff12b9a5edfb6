"""Describe a step that is too early or too late for its job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.language.codes import Code
from bulkflow.model.diagnostic import Label
from bulkflow.model.job_phase import Phase
from bulkflow.plugin.phrase import JOB, Group, Slot, Word
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bulkflow.language.diagnostics import Findings
    from bulkflow.model.plan import PlannedStep
    from bulkflow.plugin.phrase import Phrase
    from bulkflow.plugin.records import Step
    from bulkflow.plugin.registry import Catalogue

_ORDER = {phase: rank for rank, phase in enumerate(Phase)}
_TAKES_DATA = frozenset({Phase.DECLARED, Phase.OPEN})
_FINAL = frozenset({Phase.ABORTED, Phase.DELETED})


def report_violation(
    step: PlannedStep,
    record: Step,
    state: Mapping[str, Mapping[Phase, Span]],
    catalogue: Catalogue,
    findings: Findings,
) -> None:
    """Report a step that accepts none of the possible phases of its job.

    Args:
        step: The step.
        record: Its declaration.
        state: The possible phases of each job, with the place where it got there.
        catalogue: The steps that may be suggested.
        findings: Receives the error.
    """
    assert record.accepts is not None
    assert step.job is not None
    phases = state[step.job]
    word = step.word.split(maxsplit=1)[0]
    verb = Span(step.span.source, step.span.start, step.span.start + len(word))
    latest = max(record.accepts, key=_rank)
    early = [phase for phase in phases if _rank(phase) < _rank(latest)]
    phase = max(early or phases, key=_rank)
    place = phases[phase]
    labels = [Label(place, f"{phase.value} here")]
    if not early:
        findings.error(
            Code.JOB_TOO_LATE,
            f"job {step.job} {_already(phase)}, so {_too_late(record, word, phase)}",
            verb,
            _suggest_earlier(record, phase, verb, place),
            labels=labels,
        )
        return
    path = _find_path(phase, record, catalogue.list_steps(step.kind))
    wanted = path[-1].leaves if path else None
    missing = wanted or min((p for p in record.accepts if _rank(p) > _rank(phase)), key=_rank)
    findings.error(
        Code.JOB_TOO_EARLY,
        f"job {step.job} is not {missing.value} yet, so `{word}` is too early",
        verb,
        _suggest_before(step, record, path, state),
        labels=labels,
    )


def _rank(phase: Phase) -> int:
    return _ORDER[phase]


def _find_path(phase: Phase, record: Step, steps: Sequence[Step]) -> Sequence[Step]:
    """Return the shortest sequence of steps from a phase to one that a step accepts.

    Of several, prefers the latest phase: `upload` before `close` rather than `create`.
    """
    accepted = (record.accepts or frozenset()) - _FINAL
    paths: dict[Phase, list[Step]] = {phase: []}
    reached = [phase]
    while reached:
        found = [each for each in reached if each in accepted and paths[each]]
        if found:
            return paths[max(found, key=_rank)]
        following: list[Phase] = []
        for here in reached:
            for step in _steps_from(here, steps):
                assert step.leaves is not None
                if step.leaves not in paths:
                    paths[step.leaves] = [*paths[here], step]
                    following.append(step.leaves)
        reached = following
    return ()


def _steps_from(phase: Phase, steps: Sequence[Step]) -> Iterator[Step]:
    for step in steps:
        forward = step.leaves is not None and step.leaves not in _FINAL
        if forward and step.accepts is not None and phase in step.accepts:
            yield step


def _suggest_before(
    step: PlannedStep,
    record: Step,
    path: Sequence[Step],
    state: Mapping[str, Mapping[Phase, Span]],
) -> str | None:
    assert step.job is not None
    if not path:
        return None
    *first, last = path
    verbs = [each.phrases[0].verb for each in first]
    steps = " then ".join([*verbs, write_step(last.phrases[0], step.job)])
    others = [
        name
        for name, phases in state.items()
        if name != step.job and record.accepts is not None and phases.keys() <= record.accepts
    ]
    or_else = ""
    if len(others) == 1 and len(step.arguments) == 0:
        phrase = next(each for each in record.phrases if each.text == step.word)
        or_else = f"; or if you meant the other job, write `{write_step(phrase, others[0])}`"
    return f"put `{steps}` before it{or_else}"


def write_step(phrase: Phrase, job: str) -> str:
    """Return a step with its job: the required words, and the group with the job."""
    words: list[str] = []
    for element in phrase.elements:
        if isinstance(element, Group):
            if _has_job(element.elements):
                words += _write(element.elements, job)
        else:
            words += _write([element], job)
    return " ".join(words)


def _has_job(elements: Iterable[Word | Slot]) -> bool:
    return any(isinstance(each, Slot) and each.type == JOB for each in elements)


def _write(elements: Iterable[Word | Slot], job: str) -> Iterator[str]:
    for each in elements:
        if isinstance(each, Word):
            yield each.text
        else:
            yield f"job {job}" if each.type == JOB else each.type.upper()


def _already(phase: Phase) -> str:
    return f"was {phase.value}" if phase in _FINAL else f"is already {phase.value}"


def _too_late(record: Step, word: str, phase: Phase) -> str:
    if _takes_data(record) and record.leaves not in _TAKES_DATA:
        return "it accepts no more data"
    if record.leaves is phase:
        return f"`{word}` has nothing to do"
    return f"`{word}` is too late"


def _takes_data(record: Step) -> bool:
    return record.accepts is not None and record.accepts <= _TAKES_DATA


def _suggest_earlier(record: Step, phase: Phase, verb: Span, place: Span) -> str:
    if record.leaves is phase and place.text == verb.text:
        return "remove this step"
    if verb.source is place.source and verb.line == place.line:
        move = f"move this step before `{place.text}`"
    else:
        move = f"move this step above line {place.line}"
    if _takes_data(record):
        return f"declare a second job for the new rows, or {move}"
    return f"remove this step, or {move}"
