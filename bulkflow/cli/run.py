"""`bulkflow run`: runs a pipeline file."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from bulkflow import app
from bulkflow.cli.additions import host
from bulkflow.cli.options import pipeline_options, request_of, state_option
from bulkflow.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from bulkflow.cli.environment import Environment
    from bulkflow.engine.services import Services

GRACE = 10.0
"""Seconds that what is under way has to end after the first Ctrl-C."""


@click.command("run")
@pipeline_options
@state_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@click.option("--verbose", "-v", is_flag=True, help="Say more.")
@click.pass_obj
def command(
    environment: Environment,
    file: Path,
    settings: tuple[str, ...],
    org: str | None,
    state_dir: Path,
    as_json: bool,
    verbose: bool,
) -> int:
    """Run the pipeline FILE.

    Ends with 0 when everything was done, 1 when a step failed, 2 when the file, the data or the
    command line is wrong and nothing was sent, 3 when rows failed and the file does not say what is
    to become of them, 130 when it was interrupted.
    """
    from bulkflow.engine.services import SystemClock
    from bulkflow.report import choose

    request = request_of(environment, file, settings, org, state_dir)
    plugins = host(environment)
    checked = app.check(request, plugins)
    plan = app.plan_of(checked)
    environment.show_diagnostics(checked.diagnostics)
    listener = choose(
        environment.stdout,
        environment.stderr,
        json=as_json,
        environ=environment.environ,
        clock=SystemClock(),
        verbose=verbose,
    )
    interruption = Interruption(environment)
    try:
        with interruption.handled():
            finished = app.run(request, plan, plugins, listener, interruption.watch)
    finally:
        interruption.over()
        listener.close()
    return finished.exit_code


class Interruption:
    """Ctrl-C and SIGTERM: the first asks the run to stop, the second stops at once.

    A run that was asked and does not stop within the grace, because a request hangs, is stopped as
    by the second: the journal is on the disk at any time, so nothing is lost by it.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._services: Services | None = None
        self._timer: threading.Timer | None = None

    def watch(self, services: Services) -> None:
        """The run that is to be stopped."""
        self._services = services

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle the signals while the block runs; only the main thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {
            each: signal.signal(each, self._signal) for each in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def over(self) -> None:
        """The run has ended by itself."""
        if self._timer is not None:
            self._timer.cancel()

    def _signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._timer is not None or self._services is None:
            self._stop_at_once()
        assert self._services is not None
        self._services.cancellation.request()
        self._timer = threading.Timer(GRACE, self._stop_at_once)
        self._timer.daemon = True
        self._timer.start()

    def _stop_at_once(self) -> None:
        left = [
            each for job in (self._services.jobs if self._services else ()) for each in job.left
        ]
        text = "\nstopped at once"
        if left:
            text += f"; still in the org, and not at an end: {', '.join(left)}"
        os.write(2, f"{text}\n".encode())
        os._exit(ExitCode.INTERRUPTED)
