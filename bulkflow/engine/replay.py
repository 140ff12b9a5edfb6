"""Records how a step ended, and restores that in a later attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import astuple

from bulkflow.errors import StepError
from bulkflow.model.job_phase import Phase
from bulkflow.model.part import Counts, ErrorCount
from bulkflow.plugin.control_flow import Continue, FlowSignal, RetryStep, Stop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.errors import BulkflowError
    from bulkflow.plugin.context import Job


def take_snapshot(job: Job | None) -> dict[str, Any]:
    """Describe the state a step left its job in."""
    if job is None:
        return {}
    error = job.commonest_error
    return {
        "job": {
            "phase": job.phase.value,
            "counts": list(astuple(job.counts)),
            "saved": list(job.saved),
            "judged": dict(job.judged),
            "commonest_error": None if error is None else list(astuple(error)),
        }
    }


def restore(job: Job, kept: Mapping[str, Any]) -> None:
    """Restore a job to the state a step left it in."""
    job.phase = Phase(kept["phase"])
    job.counts = Counts(*kept["counts"])
    job.saved = list(kept["saved"])
    # Older versions did not record this.
    job.judged.update(kept.get("judged", {}))
    error = kept.get("commonest_error")
    job.commonest_error = None if error is None else ErrorCount(*error)


def describe_failure(error: BulkflowError) -> dict[str, Any]:
    """Describe an error for the journal."""
    return {"message": str(error), "help": error.help, "notes": list(error.notes)}


def rebuild_failure(kept: Mapping[str, Any]) -> StepError:
    """Rebuild the error that a step failed with in an earlier attempt."""
    return StepError(kept["message"], help=kept["help"], notes=kept["notes"])


def describe_signal(signal: FlowSignal) -> dict[str, Any]:
    """Describe a flow signal for the journal."""
    if isinstance(signal, RetryStep):
        return {"kind": "retry", "times": signal.times, "interval": signal.interval}
    return {"kind": "stop" if isinstance(signal, Stop) else "continue"}


def rebuild_signal(kept: Mapping[str, Any]) -> FlowSignal:
    """Rebuild the flow signal that a step raised in an earlier attempt."""
    match kept["kind"]:
        case "retry":
            return RetryStep(kept["times"], kept["interval"])
        case "stop":
            return Stop()
        case _:
            return Continue()
