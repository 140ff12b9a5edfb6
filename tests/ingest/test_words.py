"""What the words of a pipeline do to an org, seen in the sandbox's own tables."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

from bulkflow_sandbox import Sandbox
from support.proxy import Proxy
from support.workshop import Workshop

HEADER = "org env\njob people\n"


def names(sandbox: Sandbox, prefix: str) -> list[str]:
    """The last names of the contacts that begin with a prefix."""
    with sandbox.database.reading() as connection:
        rows = connection.execute(
            'SELECT "LastName" FROM "Contact" WHERE "LastName" LIKE ? AND "IsDeleted" = 0 '
            'ORDER BY "LastName"',
            (f"{prefix}%",),
        )
        return [name for (name,) in rows]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def tag(request: pytest.FixtureRequest) -> str:
    """A prefix of the test's own, as the tests share a sandbox."""
    return hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8] + "."


def people(tag: str, number: int, *, end: str = "\n") -> str:
    lines = ["LastName,Description"]
    lines += [f'{tag}{index:04},"line one{end}line ""two"", ü"' for index in range(number)]
    return end.join(lines) + end


def test_the_sentence_that_the_project_is_named_by(
    workshop: Workshop, sandbox: Sandbox, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 5))
    ran = workshop.run(
        'org env\njob X\n    insert Contact\n    from "people.csv"\n'
        "upload then close job X on failure abort\nwait for job X\n"
    )
    assert ran.code == 0, ran.err
    assert names(sandbox, tag) == [f"{tag}{index:04}" for index in range(5)]
    (job,) = ran.event("run_finished")["jobs"]
    assert (job["rows"], job["loaded"], job["failed"], job["unprocessed"]) == (5, 5, 0, 0)


def test_load_streams_every_part_and_waits_for_it(
    workshop: Workshop, sandbox: Sandbox, proxy: Proxy, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 25))
    ran = workshop.run(
        HEADER
        + '    insert Contact\n    from "people.csv"\n    parts of 10 rows\nload job people\n'
    )
    assert ran.code == 0, ran.err
    assert names(sandbox, tag) == [f"{tag}{index:04}" for index in range(25)]
    assert proxy.count("POST", "/jobs/ingest") == 3
    assert proxy.count("PUT", "/batches") == 3


def test_every_step_of_a_jobs_life_by_itself(
    workshop: Workshop, sandbox: Sandbox, proxy: Proxy, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 3))
    ran = workshop.run(
        HEADER + '    insert Contact\n    from "people.csv"\n'
        "create job people\nupload job people\nshow job people\ncomplete upload of job people\n"
        "wait for job people up to 1m every 50ms\nshow job people\n"
        'save results of job people to "results"\ndelete job people\n'
    )
    assert ran.code == 0, ran.err
    shown = [each for each in ran.events if each["event"] == "shown"]
    assert [each["properties"]["state"] for each in shown] == ["Open", "JobComplete"]
    assert shown[0]["properties"]["contentUrl"].endswith("/batches")
    assert shown[1]["properties"]["numberRecordsProcessed"] == 3
    saved = sorted(path.name for path in (workshop.folder / "results").iterdir())
    assert saved == [
        "people-1-failed.csv",
        "people-1-successful.csv",
        "people-1-unprocessed.csv",
    ]
    assert proxy.count("DELETE", "/jobs/ingest/[^/]+") == 1
    assert names(sandbox, tag) == [f"{tag}{index:04}" for index in range(3)]


def test_upsert_update_and_delete_follow_each_other(
    workshop: Workshop, sandbox: Sandbox, tag: str
) -> None:
    keyed = "External_Id__c,LastName\n" + "".join(f"{tag}{i},{tag}{i}\n" for i in range(4))
    workshop.write("keyed.csv", keyed)
    upsert = (
        HEADER + '    upsert Contact by External_Id__c\n    from "keyed.csv"\nload job people\n'
    )
    first = workshop.run(upsert + 'save successful rows of job people to "made.csv"\n')
    made = rows_of(workshop.folder / "made.csv")
    assert first.code == 0, first.err
    assert [row["_created"] for row in made] == ["true"] * 4
    again = workshop.run(upsert + 'save successful rows of job people to "again.csv"\n')
    assert again.code == 0, again.err
    second = rows_of(workshop.folder / "again.csv")
    assert {row["_id"] for row in second} == {row["_id"] for row in made}
    assert [row["_created"] for row in second] == ["false"] * 4

    ids = [row["_id"] for row in made]
    workshop.write("renamed.csv", "Id,LastName\n" + "".join(f"{i},{tag}new\n" for i in ids))
    updated = workshop.run(HEADER + '    update Contact\n    from "renamed.csv"\nload job people\n')
    assert updated.code == 0, updated.err
    assert names(sandbox, tag) == [f"{tag}new"] * 4

    workshop.write("gone.csv", "Id\n" + "".join(f"{i}\n" for i in ids))
    deleted = workshop.run(HEADER + '    delete Contact\n    from "gone.csv"\nload job people\n')
    assert deleted.code == 0, deleted.err
    assert names(sandbox, tag) == []


def test_hard_delete_sends_its_own_operation(
    workshop: Workshop, sandbox: Sandbox, tag: str
) -> None:
    workshop.write("people.csv", people(tag, 2))
    loaded = workshop.run(
        HEADER + '    insert Contact\n    from "people.csv"\nload job people\n'
        'save successful rows of job people to "made.csv"\n'
    )
    assert loaded.code == 0, loaded.err
    ids = [row["_id"] for row in rows_of(workshop.folder / "made.csv")]
    workshop.write("gone.csv", "Id\n" + "".join(f"{i}\n" for i in ids))
    ran = workshop.run(
        HEADER
        + '    hard delete Contact\n    from "gone.csv"\ncreate job people\nshow job people\n'
        "upload then close then wait for job people\n"
    )
    assert ran.code == 0, ran.err
    assert ran.event("shown")["properties"]["operation"] == "hardDelete"
    with sandbox.database.reading() as connection:
        left = connection.execute(
            'SELECT count(*) FROM "Contact" WHERE "LastName" LIKE ?', (f"{tag}%",)
        ).fetchone()
    assert left == (0,)


def test_an_existing_job_is_taken_over(workshop: Workshop, sandbox: Sandbox, tag: str) -> None:
    workshop.write("people.csv", people(tag, 2))
    begun = workshop.run(
        HEADER + '    insert Contact\n    from "people.csv"\nupload job people\nshow job people\n'
    )
    job = begun.event("shown")["properties"]["id"]
    (outcome,) = begun.event("run_finished")["jobs"]
    assert outcome["left"] == [f"{job} (Open)"]
    taken = workshop.run(
        f"org env\njob theirs\n    existing {job}\nclose then wait for job theirs\n"
        'save successful rows of job theirs to "made.csv"\n'
    )
    assert taken.code == 0, taken.err
    assert [row["LastName"] for row in rows_of(workshop.folder / "made.csv")] == names(sandbox, tag)


def test_failed_rows_are_saved_with_the_reason_of_each(workshop: Workshop, tag: str) -> None:
    workshop.write("people.csv", f'LastName,Description\n{tag}1,fine\n,"no, name"\n')
    ran = workshop.run(
        HEADER + '    insert Contact\n    from "people.csv"\nload job people\n'
        'save failed rows of job people to "out/failed.csv"\n'
    )
    assert ran.code == 3, ran.err
    (row,) = rows_of(workshop.folder / "out/failed.csv")
    assert row["Description"] == "no, name"
    assert row["_error"].startswith("REQUIRED_FIELD_MISSING:")
    assert (row["_file"], row["_line"], row["_outcome"]) == ("people.csv", "3", "failed")


def test_failed_rows_that_the_file_says_nothing_about_end_with_3(
    workshop: Workshop, tag: str
) -> None:
    workshop.write("people.csv", f'LastName\n{tag}1\n""\n')
    workshop.write("people.csv", f"LastName,FirstName\n{tag}1,a\n,b\n")
    ran = workshop.run(HEADER + '    insert Contact\n    from "people.csv"\nload job people\n')
    assert ran.code == 3
    assert "save failed rows of job people" in str(ran.event("run_finished")["help"])


def test_require_fails_the_chain_past_its_limit(workshop: Workshop, tag: str) -> None:
    workshop.write("people.csv", f"LastName,FirstName\n{tag}1,a\n,b\n")
    for limit, code in (("1", 1), ("2", 0), ("50%", 1), ("51%", 0)):
        ran = workshop.run(
            HEADER + '    insert Contact\n    from "people.csv"\nload job people\n'
            f"require failed rows of job people under {limit}\n",
            "--fresh",
        )
        assert ran.code == code, (limit, ran.err)


def test_conditions_ask_about_rows(workshop: Workshop, tag: str) -> None:
    workshop.write("people.csv", f"LastName,FirstName\n{tag}1,a\n,b\n")
    ran = workshop.run(
        HEADER + '    insert Contact\n    from "people.csv"\nload job people\n'
        'when any failed rows of job people\n    log "some"\n'
        'when over 1 failed rows of job people\n    log "many"\n'
        "require failed rows of job people under 10\n"
    )
    assert ran.code == 0, ran.err
    said = [each["message"] for each in ran.events if each["event"] == "notice"]
    assert "some" in said
    assert "many" not in said


@pytest.mark.parametrize(
    ("text", "delimiter", "ending"),
    [
        ("LastName;FirstName\r\nX;a\r\n", "SEMICOLON", "CRLF"),
        ("LastName\tFirstName\nX\ta\n", "TAB", "LF"),
        ("\ufeffLastName|FirstName\nX|a\n", "PIPE", "LF"),
        ("LastName^FirstName\nX^a", "CARET", "LF"),
    ],
)
def test_the_job_is_created_with_what_the_bytes_say(
    workshop: Workshop, tag: str, text: str, delimiter: str, ending: str
) -> None:
    workshop.write("people.csv", text.replace("X", tag))
    ran = workshop.run(
        HEADER + '    insert Contact\n    from "people.csv"\nload then show job people\n'
    )
    assert ran.code == 0, ran.err
    properties = ran.event("shown")["properties"]
    assert (properties["columnDelimiter"], properties["lineEnding"]) == (delimiter, ending)
    assert properties["numberRecordsProcessed"] == 1
    assert properties["numberRecordsFailed"] == 0


def test_a_glob_loads_its_files_in_name_order_as_one_job(
    workshop: Workshop, sandbox: Sandbox, tag: str
) -> None:
    for index in (2, 1, 3):
        workshop.write(f"in/people-{index}.csv", f"LastName\n{tag}{index}\n")
    ran = workshop.run(HEADER + '    insert Contact\n    from "in/people-*.csv"\nload job people\n')
    assert ran.code == 0, ran.err
    parts = ran.event("job_prepared")["parts"]
    assert [part["source"] for part in parts] == [f"in/people-{index}.csv" for index in (1, 2, 3)]
    assert names(sandbox, tag) == [f"{tag}{index}" for index in (1, 2, 3)]


def test_a_loop_has_a_job_for_each_file(workshop: Workshop, sandbox: Sandbox, tag: str) -> None:
    for index in (1, 2):
        workshop.write(f"in/{index}.csv", f"LastName\n{tag}{index}\n")
    ran = workshop.run(
        'org env\nfor file in "in/*.csv"\n    job people\n        insert Contact\n'
        '        from "{file}"\n    load job people\n'
    )
    assert ran.code == 0, ran.err
    jobs = [job["job"] for job in ran.event("run_finished")["jobs"]]
    assert jobs == ["people[in/1.csv]", "people[in/2.csv]"]
    assert names(sandbox, tag) == [f"{tag}1", f"{tag}2"]


def test_branches_run_side_by_side(workshop: Workshop, sandbox: Sandbox, tag: str) -> None:
    for index in (1, 2):
        workshop.write(f"{index}.csv", f"LastName\n{tag}{index}\n")
    ran = workshop.run(
        'org env\njob a\n    insert Contact\n    from "1.csv"\n'
        'job b\n    insert Contact\n    from "2.csv"\n'
        "parallel\n    load job a\n    load job b\n"
    )
    assert ran.code == 0, ran.err
    assert names(sandbox, tag) == [f"{tag}1", f"{tag}2"]


def test_an_empty_file_loads_nothing_and_says_so(workshop: Workshop, proxy: Proxy) -> None:
    workshop.write("people.csv", "LastName\n")
    ran = workshop.run(HEADER + '    insert Contact\n    from "people.csv"\nload job people\n')
    assert ran.code == 0, ran.err
    assert "there are no rows to load" in ran.out
    assert proxy.seen == []
