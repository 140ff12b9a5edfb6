"""A loop over an inbox goes on after a file that cannot be read, if the file says so."""

from __future__ import annotations

import json
from pathlib import Path

from support.workshop import Workshop

PIPELINE = """\
org sandbox

for file in "inbox/*.csv"
    job people
        insert Contact
        from file

    load job people
        on failure continue
    save failed rows of job people to "{file}.failed"
    require failed rows of job people under 1
    retry failed rows of job people
"""


def test_the_other_files_are_loaded(tmp_path: Path) -> None:
    desk = Workshop(tmp_path, {})
    desk.write("inbox/1.csv", "LastName\nA\n")
    desk.write("inbox/2.csv", "")
    desk.write("inbox/3.csv", "LastName\n")
    desk.write("inbox/4.csv", 'LastName\n"B\n')
    desk.write("inbox/5.csv", "LastName\nC\n")
    ran = desk.run(PIPELINE)
    assert ran.code == 0, ran.out
    jobs = ran.event("run_finished")["jobs"]
    assert isinstance(jobs, list)
    assert {each["job"]: each["loaded"] for each in jobs if each["loaded"]} == {
        "people[inbox/1.csv]": 1,
        "people[inbox/5.csv]": 1,
    }
    notices = [
        each["message"] for each in map(json.loads, ran.out.splitlines()) if "message" in each
    ]
    assert sum("has nothing to do" in str(each) for each in notices) == 6
    assert (tmp_path / "inbox/3.csv.failed").read_text().startswith("LastName,_file")


def test_without_continue_the_run_stops_at_the_file(tmp_path: Path) -> None:
    desk = Workshop(tmp_path, {})
    desk.write("inbox/1.csv", "")
    desk.write("inbox/2.csv", "LastName\nA\n")
    ran = desk.run(PIPELINE.replace("        on failure continue\n", ""))
    assert ran.code == 2
    jobs = ran.event("run_finished")["jobs"]
    assert isinstance(jobs, list)
    assert not any(each["loaded"] for each in jobs)
