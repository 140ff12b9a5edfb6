"""Work in parallel on the threads that all jobs of a run share."""

from __future__ import annotations

from threading import Event, Lock

import pytest

from bulkflow.errors import StepError
from bulkflow_jobs.worker_pool import WorkerPool


def test_work_goes_on_side_by_side_but_no_wider_than_asked() -> None:
    pool, lock = WorkerPool(), Lock()
    both = Event()
    under_way, most, done = 0, 0, 0

    def act(_: int) -> None:
        nonlocal under_way, most, done
        with lock:
            under_way += 1
            most = max(most, under_way)
            if under_way == 2:
                both.set()
        assert both.wait(10)
        with lock:
            under_way -= 1
            done += 1

    pool.run_each(range(50), act, width=2, checkpoint=lambda: None)
    pool.close()
    assert (most, done, under_way) == (2, 50, 0)


@pytest.mark.parametrize("whatever", [False, True])
def test_after_a_failure_nothing_new_begins_unless_all_are_to_be_tried(*, whatever: bool) -> None:
    pool, tried = WorkerPool(), []

    def act(number: int) -> None:
        tried.append(number)
        raise StepError(f"no {number}")

    with pytest.raises(StepError, match="no 0") as caught:
        pool.run_each(range(40), act, width=1, checkpoint=lambda: None, try_all=whatever)
    pool.close()
    assert tried == (list(range(40)) if whatever else [0])
    assert len(caught.value.notes) == len(tried) - 1


def test_threads_are_waited_for_when_the_run_is_to_stop() -> None:
    pool, go, ended = WorkerPool(), Event(), []

    def act(number: int) -> None:
        assert go.wait(10)
        ended.append(number)

    def checkpoint() -> None:
        go.set()
        raise StepError("stop")

    with pytest.raises(StepError, match="stop"):
        pool.run_each(range(9), act, width=3, checkpoint=checkpoint)
    found = list(ended)
    pool.close()
    assert found == ended
    assert len(ended) <= 3
