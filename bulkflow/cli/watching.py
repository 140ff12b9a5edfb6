"""Runs something that can be interrupted, and shows what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from bulkflow.cli.environment import Environment
    from bulkflow.engine.services import Services
    from bulkflow.model.event import Event, RunFinished

    Work: TypeAlias = Callable[[Callable[[Event], None], Callable[[Services], None]], RunFinished]


def watched(
    environment: Environment, begin: Callable[[], Work], *, as_json: bool, verbose: bool
) -> int:
    """Do some work with a listener, and let Ctrl-C end it; returns the exit code.

    `begin` says what the work is, once signals are heard and before anything is shown.
    """
    from bulkflow.cli.collecting import seldom_collected
    from bulkflow.cli.interruption import Interruption
    from bulkflow.engine.services import SystemClock
    from bulkflow.report import choose

    interruption = Interruption(environment.grace, live=environment.live)
    with interruption.handled():
        with seldom_collected():
            work = begin()
            listener = choose(
                environment.stdout,
                environment.stderr,
                json=as_json,
                environ=environment.environ,
                clock=SystemClock(),
                verbose=verbose,
            )
        try:
            finished = work(listener, interruption.watch)
        finally:
            interruption.over()
            listener.close()
    return finished.exit_code
