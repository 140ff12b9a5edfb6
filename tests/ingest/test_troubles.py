"""What goes wrong in the middle of a load: each row still arrives once, or is told not to have."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bulkflow_sandbox import Sandbox
from bulkflow_sandbox.faults.fault import FailJob
from support.proxy import (
    Fault,
    Handler,
    Proxy,
    answering,
    lose_answer,
    lose_request,
)
from support.workshop import Ran, Workshop

JOBS = "/jobs/ingest"
JOB = "/jobs/ingest/[^/]+"
PEOPLE = 'org env\njob people\n    insert Contact\n    from "people.csv"\n'
STAGED = PEOPLE + "upload then close job people\nwait for job people\n"
REFUSED = answering(400, [{"errorCode": "API_ERROR", "message": "not like this"}])
NO_STATE = [{"errorCode": "INVALIDJOBSTATE", "message": "not in this state"}]


@pytest.fixture
def tag(tmp_path: Path) -> str:
    return f"{tmp_path.parent.name}.{tmp_path.name}."


def people(tag: str, number: int) -> str:
    return "LastName\n" + "".join(f"{tag}{index}\n" for index in range(number))


def names(sandbox: Sandbox, tag: str) -> list[str]:
    with sandbox.database.reading() as connection:
        rows = connection.execute(
            'SELECT "LastName" FROM "Contact" WHERE "LastName" LIKE ? ORDER BY "LastName"',
            (f"{tag}%",),
        )
        return [name for (name,) in rows]


def rows_of(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def put_into(proxy: Proxy) -> list[str]:
    """The job of each upload, in order."""
    return [path.split("/")[-2] for method, path in proxy.seen if method == "PUT"]


def outcome(ran: Ran, name: str = "people") -> dict[str, object]:
    jobs = ran.event("run_finished")["jobs"]
    assert isinstance(jobs, list)
    (found,) = [job for job in jobs if job["job"] == name]
    return found  # type: ignore[no-any-return]


def told(ran: Ran) -> str:
    """The errors of a run, with their notes and help, as text."""
    return json.dumps(ran.event("run_finished")["errors"], ensure_ascii=False)


def saying(**properties: object) -> Fault:
    """Answer with a job's properties in the org's place."""

    def fault(handler: Handler, forward: Callable[[], None]) -> None:
        job = handler.path.split("?")[0].split("/")[-1]
        answering(200, {"id": job, **properties})(handler, forward)

    return fault


@pytest.mark.parametrize("step", ["upload then close then wait for", "load"])
@pytest.mark.parametrize(
    ("method", "path", "fault"),
    [
        ("PUT", "/batches", REFUSED),
        ("POST", JOBS, REFUSED),
        ("PATCH", JOB, answering(403, [{"errorCode": "NO_ACCESS", "message": "not now"}])),
    ],
)
def test_a_retry_goes_on_with_the_parts_that_are_not_up(
    workshop: Workshop,
    proxy: Proxy,
    sandbox: Sandbox,
    tag: str,
    step: str,
    method: str,
    path: str,
    fault: Fault,
) -> None:
    workshop.write("people.csv", people(tag, 5))
    proxy.on(method, path, fault)
    ran = workshop.run(
        f"{PEOPLE}    parts of 1 rows\n{step} job people on failure retry 3 times every 10ms\n"
    )
    assert ran.code == 0, ran.err + ran.out
    assert proxy.rules == []
    assert names(sandbox, tag) == [f"{tag}{index}" for index in range(5)]


def test_a_create_that_is_lost_every_time_can_be_tried_again(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 2))
    for _ in range(3):
        proxy.on("POST", JOBS, lose_request)
    ran = workshop.run(
        PEOPLE + "upload then close then wait for job people on failure retry 1 times every 10ms\n"
    )
    assert ran.code == 0, ran.err + ran.out
    assert names(sandbox, tag) == [f"{tag}0", f"{tag}1"]


def test_a_create_that_is_lost_for_good_is_told_as_one_that_may_be_in_the_org(
    workshop: Workshop, proxy: Proxy, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 1))
    proxy.on("POST", JOBS, lose_answer, times=None)
    ran = workshop.run(STAGED)
    assert ran.code == 1
    assert outcome(ran)["left"] == ["a job for part 1 (create not answered)"]


def test_a_create_whose_answer_is_no_job_is_not_taken_for_a_refusal(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 1))
    proxy.on("POST", JOBS, answering(201, {"status": "fine"}))
    ran = workshop.run(STAGED)
    assert ran.code == 0, ran.err
    assert "an empty job may stay open" in ran.out
    assert names(sandbox, tag) == [f"{tag}0"]


def test_a_file_that_changes_after_it_was_read_is_not_loaded(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, tag: str
) -> None:
    file = workshop.write("people.csv", people(tag, 3))

    def change(handler: Handler, forward: Callable[[], None]) -> None:
        file.write_text(people(tag, 4), encoding="utf-8")
        forward()

    proxy.on("POST", JOBS, change)
    ran = workshop.run(
        PEOPLE + "upload then close job people on failure retry 1 times every 10ms\n"
    )
    assert ran.code == 1
    assert "people.csv" in told(ran)
    assert "was aborted: nothing of it is loaded" in ran.out
    assert names(sandbox, tag) == []
    assert outcome(ran)["left"] == []


def test_a_job_with_parts_that_are_not_up_is_not_closed(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 3))
    proxy.on("PUT", "/batches", REFUSED, times=None)
    ran = workshop.run(
        f"{PEOPLE}    parts of 1 rows\nupload job people on failure continue\n"
        "close job people on failure abort\n"
    )
    assert ran.code == 1
    assert "of its 3 parts are not uploaded" in told(ran)
    assert outcome(ran)["left"] == []
    assert names(sandbox, tag) == []


def test_failures_of_several_parts_are_all_told(workshop: Workshop, proxy: Proxy, tag: str) -> None:
    workshop.write("people.csv", people(tag, 2))

    def refuse(handler: Handler, forward: Callable[[], None]) -> None:
        row = handler.body().decode().split()[-1]
        fault = {"errorCode": "X", "message": f"no {row.removeprefix(tag)}"}
        answering(400, [fault])(handler, forward)

    proxy.on("PUT", "/batches", refuse, times=None)
    ran = workshop.run(f"{PEOPLE}    parts of 1 rows\nupload job people\n")
    assert ran.code == 1
    assert "no 0" in told(ran)
    assert "no 1" in told(ran)


# Jobs that were there before the run.


def begun(workshop: Workshop, steps: str) -> str:
    """A job in the org, made by a run of its own; its id."""
    ran = workshop.run(PEOPLE + steps + "show job people\n")
    assert ran.code in {0, 3}, ran.err + ran.out
    properties = ran.event("shown")["properties"]
    assert isinstance(properties, dict)
    return str(properties["id"])


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ("upload job people\n", 0),
        ("upload then close job people\n", 0),
        ("load job people\n", 0),
        ("upload then abort job people\n", 1),
    ],
)
def test_closing_a_job_of_the_org_looks_at_its_state_first(
    workshop: Workshop, sandbox: Sandbox, tag: str, steps: str, code: int
) -> None:
    workshop.write("people.csv", people(tag, 2))
    job = begun(workshop, steps)
    ran = workshop.run(
        f"org env\njob theirs\n    existing {job}\nclose then wait for job theirs\n"
        'save successful rows of job theirs to "made.csv"\n'
    )
    assert ran.code == code, ran.err + ran.out
    if code:
        assert "aborted" in told(ran)
        assert job in told(ran)
    else:
        made = sorted(row["LastName"] for row in rows_of(workshop.folder / "made.csv"))
        assert made == names(sandbox, tag) == [f"{tag}0", f"{tag}1"]


def test_rows_go_into_a_job_of_the_org(workshop: Workshop, sandbox: Sandbox, tag: str) -> None:
    workshop.write("people.csv", people(tag, 2))
    job = begun(workshop, "create job people\n")
    ran = workshop.run(
        f'org env\njob theirs\n    existing {job}\n    from "people.csv"\nload job theirs\n'
    )
    assert ran.code == 0, ran.err + ran.out
    assert names(sandbox, tag) == [f"{tag}0", f"{tag}1"]


def test_a_job_of_the_org_is_not_replaced_when_an_upload_into_it_is_lost(
    workshop: Workshop, proxy: Proxy, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 2))
    job = begun(workshop, "create job people\n")
    proxy.on("PUT", "/batches", lose_answer)
    ran = workshop.run(
        f'org env\njob theirs\n    existing {job}\n    from "people.csv"\n'
        "load job theirs on failure retry 2 times every 10ms\n"
    )
    assert ran.code == 1
    assert put_into(proxy) == [job]
    assert "may hold the rows already" in told(ran)
    assert outcome(ran, "theirs")["left"] == [f"{job} (Open, upload not answered)"]


def test_the_results_of_a_job_of_the_org_are_read_with_its_own_delimiter(
    workshop: Workshop, tag: str
) -> None:
    workshop.write("people.csv", f'"LastName";"Description"\n{tag}0;"a;b"\n{tag}1;"c,d"\n')
    job = begun(workshop, "load job people\n")
    ran = workshop.run(
        f"org env\njob theirs\n    existing {job}\nclose then wait for job theirs\n"
        'save successful rows of job theirs to "made.csv"\n'
    )
    assert ran.code == 0, ran.err + ran.out
    made = rows_of(workshop.folder / "made.csv")
    assert sorted(row["Description"] for row in made) == ["a;b", "c,d"]
    assert list(made[0]) == ["LastName", "Description", "_id", "_created"]


def test_a_job_that_is_not_in_the_org_is_said_to_be_none(workshop: Workshop) -> None:
    ran = workshop.run(
        "org env\njob theirs\n    existing 7505g00000ZZZZZAAA\nwait for job theirs\n"
    )
    assert ran.code == 1
    assert "7505g00000ZZZZZAAA" in told(ran)


# Aborting.


def test_an_abort_leaves_the_parts_that_are_complete(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 2))
    # The close of one part is refused, so that one is open, and the other at work or complete.
    proxy.on("PATCH", JOB, answering(403, [{"errorCode": "NO_ACCESS", "message": "not yours"}]))
    ran = workshop.run(
        f"{PEOPLE}    parts of 1 rows\nupload then close job people on failure abort\n"
    )
    assert ran.code == 1
    ended = outcome(ran)
    assert ended["left"] == []
    assert ended["loaded"] == len(names(sandbox, tag))
    assert ended["rows"] == 2
    assert ended["loaded"] + ended["unprocessed"] == 2  # type: ignore[operator]


def test_an_abort_goes_on_to_the_other_parts_when_one_fails(
    workshop: Workshop, proxy: Proxy, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 6))
    proxy.on("PATCH", JOB, answering(403, [{"errorCode": "NO_ACCESS", "message": "not yours"}]))
    ran = workshop.run(f"{PEOPLE}    parts of 1 rows\nupload then abort job people\n")
    assert ran.code == 1
    assert proxy.count("PATCH", JOB) == 6
    assert len(outcome(ran)["left"]) == 1  # type: ignore[arg-type]


def test_rows_of_parts_that_were_never_sent_count_as_not_processed(
    workshop: Workshop, proxy: Proxy, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 1))
    proxy.on("POST", JOBS, REFUSED)
    ran = workshop.run(PEOPLE + "upload job people on failure abort\n")
    assert ran.code == 1
    ended = outcome(ran)
    assert (ended["phase"], ended["rows"], ended["unprocessed"]) == ("aborted", 1, 1)


# Waiting.


def test_waiting_no_longer_is_no_failure_of_the_job(
    workshop: Workshop, proxy: Proxy, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 1))
    for _ in range(50):
        proxy.on("GET", JOB, saying(state="InProgress"))
    ran = workshop.run(STAGED.replace("wait for job people", "wait for job people up to 300ms"))
    assert ran.code == 1
    assert "it continues in the org" in told(ran)
    assert 2 <= proxy.count("GET", JOB) <= 5
    (left,) = outcome(ran)["left"]  # type: ignore[misc]
    assert str(left).endswith("(InProgress)")
    assert str(left).split()[0] in told(ran)
    assert proxy.count("DELETE", JOB) == 0


def test_a_wait_shorter_than_a_pause_looks_twice(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 1))
    proxy.on("GET", JOB, saying(state="InProgress"))
    ran = workshop.run(
        STAGED.replace("wait for job people", "wait for job people up to 600ms every 1h")
    )
    assert ran.code == 0, ran.err + ran.out
    assert names(sandbox, tag) == [f"{tag}0"]


def test_one_part_that_fails_does_not_hide_the_others(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 3))
    sandbox.inject(FailJob(0, "InternalServerError : broken"))
    ran = workshop.run(f"{PEOPLE}    parts of 1 rows\nload job people\n")
    assert ran.code == 1
    assert "1 of 3 parts of job people did not complete" in told(ran)
    assert "InternalServerError : broken" in told(ran)
    ended = outcome(ran)
    assert (ended["rows"], ended["loaded"], ended["unprocessed"]) == (3, 2, 1)
    assert ended["left"] == []


def test_a_failed_job_whose_results_cannot_be_had_is_still_told_as_failed(
    workshop: Workshop, proxy: Proxy, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 1))
    proxy.on("GET", JOB, saying(state="Failed", errorMessage="InternalServerError : broken"))
    for _ in range(2):
        proxy.on("GET", f"{JOB}/successfulResults", REFUSED)
    ran = workshop.run(PEOPLE + "load job people\n")
    assert ran.code == 1
    assert "InternalServerError : broken" in told(ran)
    assert "could not be counted" in ran.out


def test_a_job_that_somebody_deleted_is_said_to_be_gone(
    workshop: Workshop, proxy: Proxy, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 2))
    gone = answering(404, [{"errorCode": "NOT_FOUND", "message": "no such job"}])
    proxy.on("GET", JOB, gone)
    ran = workshop.run(f"{PEOPLE}    parts of 1 rows\nload job people\n")
    assert ran.code == 1
    assert "gone from the org" in told(ran)
    assert outcome(ran)["left"] == []
    assert outcome(ran)["loaded"] == 1


def test_a_state_that_nobody_knows_is_waited_for_with_a_warning(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 1))
    for _ in range(2):
        proxy.on("GET", JOB, saying(state="Dreaming", somethingNew={"a": 1}))
    ran = workshop.run(STAGED.replace("wait for job people", "wait for job people every 10ms"))
    assert ran.code == 0, ran.err + ran.out
    said = [each for each in ran.events if "Dreaming" in str(each.get("message"))]
    assert len(said) == 1
    assert names(sandbox, tag) == [f"{tag}0"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (answering(401, [{"errorCode": "INVALID_SESSION_ID", "message": "expired"}]), "expired"),
        (
            answering(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "limit gone"}]),
            "limit gone",
        ),
    ],
)
@pytest.mark.parametrize(
    ("method", "path", "state"), [("PATCH", JOB, "Open"), ("GET", JOB, "UploadComplete")]
)
def test_a_refusal_in_the_middle_names_the_jobs_and_is_not_repeated(
    workshop: Workshop,
    proxy: Proxy,
    tag: str,
    fault: Fault,
    said: str,
    method: str,
    path: str,
    state: str,
) -> None:
    workshop.write("people.csv", people(tag, 1))
    proxy.on(method, path, fault)
    ran = workshop.run(STAGED)
    assert ran.code == 1
    assert said in told(ran)
    (left,) = outcome(ran)["left"]  # type: ignore[misc]
    assert str(left).endswith(f"({state})")
    assert proxy.count(method, path) == 1
    assert workshop.environ["SF_ACCESS_TOKEN"] not in ran.out + ran.err


def test_a_close_that_was_done_already_is_no_failure(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 1))

    def twice(handler: Handler, forward: Callable[[], None]) -> None:
        handler.exchange()
        handler.answer(400, [("Content-Type", "application/json")], json.dumps(NO_STATE).encode())

    proxy.on("PATCH", JOB, twice)
    ran = workshop.run(STAGED)
    assert ran.code == 0, ran.err + ran.out
    assert names(sandbox, tag) == [f"{tag}0"]


def test_a_stop_in_the_middle_names_what_it_leaves(workshop: Workshop, tag: str) -> None:
    workshop.write("people.csv", people(tag, 1))
    ran = workshop.run(PEOPLE + "upload job people then stop\n")
    assert ran.code == 0
    (left,) = outcome(ran)["left"]  # type: ignore[misc]
    assert str(left).endswith("(Open)")
    assert "unfinished in the org" in str(ran.event("run_finished")["help"])


# Saving.


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "`"])
def test_results_with_any_delimiter_and_quoted_headers_are_read(
    workshop: Workshop, tag: str, delimiter: str
) -> None:
    lines = ['"LastName"', '"Description"'], [f"{tag}1", f'"a{delimiter}""b"""'], ['""', '"none"']
    workshop.write("people.csv", "".join(delimiter.join(line) + "\n" for line in lines))
    ran = workshop.run(
        PEOPLE + "    parts of 1 rows\nload job people\n"
        'save successful rows of job people to "made.csv"\n'
        'save failed rows of job people to "failed.csv"\n'
        'save all rows of job people to "all.csv"\n'
    )
    assert ran.code == 3, ran.err + ran.out
    (made,) = rows_of(workshop.folder / "made.csv", delimiter)
    assert (made["LastName"], made["Description"]) == (f"{tag}1", f'a{delimiter}"b"')
    (failed,) = rows_of(workshop.folder / "failed.csv", delimiter)
    assert failed["Description"] == "none"
    assert failed["_error"].startswith("REQUIRED_FIELD_MISSING")
    assert len(rows_of(workshop.folder / "all.csv", delimiter)) == 2


@pytest.mark.parametrize("status", [200, 204])
def test_a_result_file_without_a_byte_is_asked_for_again(
    workshop: Workshop, proxy: Proxy, tag: str, status: int
) -> None:
    workshop.write("people.csv", people(tag, 1))
    proxy.on("GET", f"{JOB}/successfulResults", answering(status, "", "text/csv"))
    ran = workshop.run(
        PEOPLE + 'load job people\nsave successful rows of job people to "made.csv"\n'
    )
    assert ran.code == 0, ran.err + ran.out
    (made,) = rows_of(workshop.folder / "made.csv")
    assert (made["LastName"], made["_outcome"]) == (f"{tag}0", "loaded")
    assert "have 0 rows, and 1 are promised; retrying in" in ran.out
    assert proxy.count("GET", f"{JOB}/successfulResults") == 2


def test_a_path_that_cannot_be_written_is_named(workshop: Workshop, tag: str) -> None:
    workshop.write("people.csv", people(tag, 1))
    workshop.write("taken", "a file")
    (workshop.folder / "folder").mkdir()
    for path in ("taken/made.csv", "folder"):
        ran = workshop.run(
            PEOPLE + f'load job people\nsave successful rows of job people to "{path}"\n',
            "--fresh",
        )
        assert ran.code == 1
        assert path in told(ran)
        assert "stay in the org" in told(ran)
    assert not list(workshop.folder.glob("**/.*.part"))


def test_rows_are_not_saved_over_the_file_that_they_came_from(workshop: Workshop, tag: str) -> None:
    source = workshop.write("people.csv", people(tag, 2))
    before = source.read_bytes()
    ran = workshop.run(
        PEOPLE
        + 'load job people\nsave failed rows of job people to "../{name}/people.csv"\n'.replace(
            "{name}", workshop.folder.name
        )
    )
    assert ran.code == 2
    assert "would overwrite the source of job people" in ran.out
    assert source.read_bytes() == before


def test_one_saved_file_does_not_take_the_place_of_another(workshop: Workshop, tag: str) -> None:
    workshop.write("people.csv", people(tag, 2))
    again = 'save successful rows of job people to "made.csv"\n'
    ran = workshop.run(PEOPLE + "load job people\n" + again + again)
    assert ran.code == 0, ran.err + ran.out
    # The name of the second place is known in the run alone; others are found by `check`.
    loop = 'for file in "made.cs?"\n    save failed rows of job people to "{file}"\n'
    ran = workshop.run(PEOPLE + "load job people\n" + again + loop, "--fresh")
    assert ran.code == 1
    assert "saved by this run" in told(ran)
    assert len(rows_of(workshop.folder / "made.csv")) == 2


def test_the_results_of_each_round_of_a_loop_are_kept(workshop: Workshop, tag: str) -> None:
    for index in (1, 2):
        workshop.write(f"in/{index}.csv", people(f"{tag}{index}.", 1))
    ran = workshop.run(
        'org env\nfor file in "in/*.csv"\n    job people\n        insert Contact\n'
        '        from "{file}"\n    load job people\n    save results of job people to "out"\n'
    )
    assert ran.code == 0, ran.err + ran.out
    saved = sorted((workshop.folder / "out").glob("*-successful.csv"))
    assert len(saved) == 2
    assert sorted(rows_of(path)[0]["LastName"] for path in saved) == [f"{tag}1.0", f"{tag}2.0"]
