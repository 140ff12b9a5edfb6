"""Being asked to stop, and waiting until then."""

from __future__ import annotations

import threading

import pytest

from bulkflow.engine.cancellation import LONGEST_WAIT, Cancellation
from bulkflow.errors import RunInterruptedError


def test_a_checkpoint_passes_until_the_first_request() -> None:
    cancellation = Cancellation()
    cancellation.checkpoint()
    cancellation.request()
    with pytest.raises(RunInterruptedError):
        cancellation.checkpoint()


def test_what_is_sheltered_hears_only_the_request_after_the_first() -> None:
    cancellation = Cancellation()
    with cancellation.shelter() as view:
        cancellation.request()
        view.checkpoint()
        assert cancellation.requested
        cancellation.request()
        assert view.requested
        with view.shelter() as inner:
            assert not inner.requested


def test_what_is_sheltered_after_a_request_hears_the_next() -> None:
    cancellation = Cancellation()
    cancellation.request()
    with cancellation.shelter() as view:
        view.checkpoint()
        cancellation.request()
        assert view.requested


@pytest.mark.parametrize("asked", ["before", "within"])
def test_a_shelter_is_known_from_its_first_moment(asked: str) -> None:
    cancellation = Cancellation()
    with cancellation.shelter():
        pass
    assert not cancellation.sheltered
    if asked == "before":
        cancellation.request()
    assert not cancellation.sheltered
    with cancellation.shelter():
        if asked == "within":
            cancellation.request()
        assert cancellation.sheltered
    assert cancellation.sheltered


def test_a_request_wakes_a_sleeper() -> None:
    waiting = threading.Event()

    def wait(condition: threading.Condition, seconds: float) -> None:
        waiting.set()
        assert condition.wait(60), "the request must wake it"

    cancellation = Cancellation(wait=wait)
    woken: list[BaseException] = []

    def sleep() -> None:
        try:
            cancellation.sleep(3600)
        except RunInterruptedError as error:
            woken.append(error)

    thread = threading.Thread(target=sleep)
    thread.start()
    assert waiting.wait(10)
    cancellation.request()
    thread.join(30)
    assert not thread.is_alive()
    assert len(woken) == 1


def test_a_request_that_wakes_nobody_is_heard_soon() -> None:
    """A signal handler may run just before the wait begins, in the thread that waits."""
    now, waits = [0.0], []

    def wait(condition: threading.Condition, seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds
        if len(waits) == 2:
            cancellation.request()

    cancellation = Cancellation(monotonic=lambda: now[0], wait=wait)
    with pytest.raises(RunInterruptedError):
        cancellation.sleep(3600)
    assert waits == [LONGEST_WAIT] * 2


def test_a_sleep_is_as_long_as_asked_for() -> None:
    now = [0.0]

    def wait(condition: threading.Condition, seconds: float) -> None:
        now[0] += seconds

    Cancellation(monotonic=lambda: now[0], wait=wait).sleep(2.5)
    assert now == [2.5]


def test_a_sleeper_that_was_asked_to_stop_before_does_not_wait() -> None:
    cancellation = Cancellation(wait=lambda *_: pytest.fail("it waits"))
    cancellation.request()
    with pytest.raises(RunInterruptedError):
        cancellation.sleep(1)
