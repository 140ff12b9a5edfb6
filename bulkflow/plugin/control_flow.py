"""Signals that a step raises to change the flow of a run.

They are not errors, and nothing is reported for them.
"""

from __future__ import annotations


class FlowSignal(Exception):  # noqa: N818 - a signal is not an error
    """The base class of the signals."""


class Stop(FlowSignal):
    """End the run here, as if the file ended; `always` blocks still run."""


class Continue(FlowSignal):
    """In a failure handler: continue after the chain, as if it had not failed."""


class RetryStep(FlowSignal):
    """In a failure handler: run the failed step again, then the rest of its chain.

    If the step still fails after `times` tries, the handler continues with its next step.

    Args:
        times: How often to try again; at least 1.
        interval: Seconds to wait before each try; None for pauses that grow from one second.
    """

    def __init__(self, times: int, interval: float | None = None) -> None:
        super().__init__(times, interval)
        self.times = times
        self.interval = interval
