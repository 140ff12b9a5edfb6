from __future__ import annotations

from bulkflow.report.runs.progress import JobProgress, describe_progress


def _paced(reports) -> JobProgress:
    known = JobProgress(reports[0])
    for report in reports[1:]:
        known.update(report)
    return known


def test_the_time_left_follows_the_pace_of_the_upload(progress) -> None:
    known = _paced([progress(at, bytes_sent=at * 100_000) for at in range(10)])
    assert known.estimate_left() == "10 s of upload left"


def test_the_time_left_follows_the_rows_once_some_are_processed(progress) -> None:
    known = _paced(
        [progress(at, bytes_sent=1_900_000, rows_processed=at * 1000) for at in range(6)]
    )
    assert known.estimate_left() == "5.0 s left"


def test_of_upload_and_rows_the_later_one_is_waited_for(progress) -> None:
    known = _paced(
        [progress(at, bytes_sent=at * 10_000, rows_processed=at * 1000) for at in range(6)]
    )
    assert known.estimate_left() == "3 min 5 s left"


def test_only_the_last_half_minute_counts(progress) -> None:
    slow = [progress(at, bytes_sent=at) for at in range(1000)]
    fast = [progress(1000 + at, bytes_sent=at * 10_000 + 1000) for at in range(40)]
    assert _paced(slow + fast).estimate_left() == "2 min 31 s of upload left"


def test_no_time_is_promised_without_a_pace(progress) -> None:
    assert JobProgress(progress(0)).estimate_left() is None
    assert _paced([progress(0), progress(0.5, bytes_sent=5)]).estimate_left() is None
    assert _paced([progress(0), progress(60)]).estimate_left() is None
    assert (
        _paced([progress(0), progress(9, bytes_sent=5, bytes_total=None)]).estimate_left() is None
    )
    assert _paced([progress(0), progress(9, bytes_sent=1_900_000)]).estimate_left() is None


def test_a_retry_that_begins_anew_forgets_the_pace(progress) -> None:
    known = _paced([progress(0), progress(10, bytes_sent=1_000_000), progress(11, bytes_sent=5)])
    assert known.estimate_left() is None


def test_many_small_reports_keep_few_samples(progress) -> None:
    known = _paced([progress(at / 1000, bytes_sent=at) for at in range(100_000)])
    assert len(known._samples) < 70


def test_what_is_nothing_yet_is_not_told(progress) -> None:
    assert describe_progress(progress(0, bytes_total=None, states={})) == []


def test_parts_and_their_states_are_counted(progress) -> None:
    states = {"InProgress": 2, "UploadComplete": 1, "Open": 0}
    assert describe_progress(progress(0, bytes_total=0, parts=4, parts_done=1, states=states)) == [
        "1 of 4 parts done",
        "2 InProgress",
        "1 UploadComplete",
    ]
