"""What to say about a step that comes at the wrong time for its job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.language.codes import Code
from bulkflow.model.diagnostic import Label
from bulkflow.model.job_phase import Phase
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.language.diagnostics import Findings
    from bulkflow.model.plan import PlannedStep
    from bulkflow.plugin.records import Step
    from bulkflow.plugin.registry import Catalogue

_ORDER = {phase: rank for rank, phase in enumerate(Phase)}
_TAKES_DATA = frozenset({Phase.DECLARED, Phase.OPEN})
_FINAL = frozenset({Phase.ABORTED, Phase.DELETED})


def violation(
    step: PlannedStep,
    record: Step,
    standing: Mapping[Phase, Span],
    catalogue: Catalogue,
    findings: Findings,
) -> None:
    """Report a step that accepts no phase that its job may be in."""
    assert record.accepts is not None
    word = step.word.split(maxsplit=1)[0]
    verb = Span(step.span.source, step.span.start, step.span.start + len(word))
    latest = max(record.accepts, key=_rank)
    early = [phase for phase in standing if _rank(phase) < _rank(latest)]
    phase = max(early or standing, key=_rank)
    place = standing[phase]
    labels = [Label(place, f"{phase.value} here")]
    if not early:
        findings.error(
            Code.JOB_TOO_LATE,
            f"job {step.job} {_already(phase)}, so {_too_late(record, word, phase)}",
            verb,
            _earlier(record, verb, place),
            labels=labels,
        )
        return
    missing = min((each for each in record.accepts if _rank(each) > _rank(phase)), key=_rank)
    first = [each.phrases[0].verb for each in catalogue.steps if each.leaves is missing]
    findings.error(
        Code.JOB_TOO_EARLY,
        f"job {step.job} is not {missing.value} yet, so `{word}` comes too early",
        verb,
        f"put {' or '.join(f'`{each}`' for each in first)} before it" if first else None,
        labels=labels,
    )


def _rank(phase: Phase) -> int:
    return _ORDER[phase]


def _already(phase: Phase) -> str:
    return f"was {phase.value}" if phase in _FINAL else f"is already {phase.value}"


def _too_late(record: Step, word: str, phase: Phase) -> str:
    if (
        record.accepts is not None
        and record.accepts <= _TAKES_DATA
        and record.leaves not in _TAKES_DATA
    ):
        return "it takes no more data"
    if record.leaves is phase:
        return f"`{word}` has nothing left to do"
    return f"`{word}` comes too late"


def _earlier(record: Step, verb: Span, place: Span) -> str:
    if verb.source is place.source and verb.line == place.line:
        move = f"move this step before `{place.text}`"
    else:
        move = f"move this step above line {place.line}"
    if record.accepts is not None and record.accepts <= _TAKES_DATA:
        return f"declare a second job for the new rows, or {move}"
    return f"remove this step, or {move}"
