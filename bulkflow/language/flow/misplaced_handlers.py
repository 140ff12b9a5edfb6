"""Report steps such as `continue` outside of `on failure`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.language.codes import Code
from bulkflow.model.plan import HandlerEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bulkflow.language.diagnostics import Findings
    from bulkflow.model.plan import PlannedChain, PlannedStep
    from bulkflow.plugin.registry import Catalogue

_ELSEWHERE = "move it after `on failure`"
_INTERRUPTED = "an interrupted run ends after its handlers; `bulkflow resume` continues it"


def report_misplaced_handlers(
    chain: PlannedChain, catalogue: Catalogue, findings: Findings
) -> None:
    """Report steps that continue or retry a chain outside of `on failure`."""
    for steps, help_line in _find_others(chain):
        for step in steps:
            record = catalogue.get_step(step)
            if record.resumes or record.retries:
                findings.error(
                    Code.NO_FAILURE,
                    f"`{' '.join(step.span.text.split())}` is only valid after `on failure`",
                    step.span,
                    help_line,
                )


def _find_others(chain: PlannedChain) -> Iterator[tuple[Iterable[PlannedStep], str]]:
    yield chain.steps, _ELSEWHERE
    for handler in chain.handlers:
        match handler.event:
            case HandlerEvent.SUCCESS:
                yield handler.steps, _ELSEWHERE
            case HandlerEvent.INTERRUPT:
                yield handler.steps, _INTERRUPTED
            case HandlerEvent.FAILURE:
                pass
