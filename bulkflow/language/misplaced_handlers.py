"""Steps that answer a failure, and stand where there is none to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.language.codes import Code
from bulkflow.model.plan import HandlerEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bulkflow.language.diagnostics import Findings
    from bulkflow.model.plan import PlannedChain, PlannedStep
    from bulkflow.plugin.registry import Catalogue

_ELSEWHERE = "write it behind `on failure`"
_INTERRUPTED = (
    "an interrupted run ends when its handlers are over; `bulkflow resume` goes on with it"
)


def report_answers(chain: PlannedChain, catalogue: Catalogue, findings: Findings) -> None:
    """Refuse steps such as `continue` and `retry 3 times` outside of handlers of failures."""
    for steps, help_line in _without_failure(chain):
        for step in steps:
            record = catalogue.step_by_phrase[step.word]
            if record.resumes or record.retries:
                findings.error(
                    Code.NO_FAILURE,
                    f"`{' '.join(step.span.text.split())}` answers a failure, and there is none "
                    "here",
                    step.span,
                    help_line,
                )


def _without_failure(chain: PlannedChain) -> Iterator[tuple[Iterable[PlannedStep], str]]:
    yield chain.steps, _ELSEWHERE
    for handler in chain.handlers:
        match handler.event:
            case HandlerEvent.SUCCESS:
                yield handler.steps, _ELSEWHERE
            case HandlerEvent.INTERRUPT:
                yield handler.steps, _INTERRUPTED
            case HandlerEvent.FAILURE:
                pass
