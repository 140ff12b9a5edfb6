"""How a step tells the engine where to go on: it raises one of these signals.

They are no errors: nothing is reported for them.
"""

from __future__ import annotations


class FlowSignal(Exception):  # noqa: N818 - a signal is no error
    """The root of the signals."""


class Stop(FlowSignal):
    """End the run here, as if the file ended; `always` blocks still run."""


class Continue(FlowSignal):
    """In a failure handler: go on after the chain, as if it had not failed."""


class RetryStep(FlowSignal):
    """In a failure handler: run the failed step again, and then the rest of its chain.

    When it was run again `times` times and fails still, the handler goes on with its next step.

    Args:
        times: How often to try again; at least 1.
        interval: Seconds to wait before each; None for pauses that grow from one second.
    """

    def __init__(self, times: int, interval: float | None = None) -> None:
        super().__init__(times, interval)
        self.times = times
        self.interval = interval
