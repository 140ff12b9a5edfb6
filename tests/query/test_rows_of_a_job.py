"""The rows of a query job as the source of another job."""

from __future__ import annotations

from zlib import crc32

import pytest

from bulkflow_sandbox import Sandbox
from query.conftest import ROWS
from query.people import JOB, expected, read_rows, resume
from support.proxy import Proxy, answering
from support.workshop import Workshop

COPY = """
org source = env
org target = env
job people
    in source
    query "SELECT LastName, Email FROM Contact WHERE Email LIKE 'p%'"
job copies
    in target
    insert Contact
    from job people
    drop Email
    set Department to "{tag}"
{steps}
"""


STREAMED = """
org env
job people
    query "SELECT Id, LastName FROM Contact WHERE Email LIKE 'p%'"
job copies
    upsert Contact by Id
    from job people
    streamed
extract job people then load job copies
"""


def count(sandbox: Sandbox, department: str) -> int:
    with sandbox.database.reading() as connection:
        found = connection.execute(
            'SELECT count(*) FROM "Contact" WHERE "Department" = ? AND "IsDeleted" = 0',
            (department,),
        )
        return int(found.fetchone()[0])


@pytest.mark.parametrize(
    "steps",
    [
        "extract job people\nload job copies",
        'extract job people to "people.csv" then delete job people then load job copies',
        'extract job people to "people.csv.gz"\nupload job copies then close then wait',
        "extract job people\nparallel\n    load job copies\n    show job people",
    ],
)
def test_rows_go_from_one_org_to_another(workshop: Workshop, sandbox: Sandbox, steps: str) -> None:
    tag = f"copy{crc32(steps.encode())}"
    ran = workshop.run(COPY.format(tag=tag, steps=steps))
    assert ran.code == 0, ran.out + ran.err
    assert count(sandbox, tag) == ROWS


def test_rows_are_streamed_from_a_job(workshop: Workshop) -> None:
    ran = workshop.run(STREAMED)
    assert ran.code == 0, ran.out + ran.err
    (_, copies) = ran.event("run_finished")["jobs"]
    assert copies["loaded"] == ROWS


def test_records_are_deleted_by_a_query(workshop: Workshop, sandbox: Sandbox) -> None:
    workshop.run(COPY.format(tag="old", steps="extract job people then load job copies"))
    ran = workshop.run(
        "org env\njob old\n    query \"SELECT Id FROM Contact WHERE Department = 'old'\"\n"
        "job cleanup\n    delete Contact\n    from job old\n"
        "extract job old then load job cleanup\n"
    )
    assert ran.code == 0, ran.out + ran.err
    assert count(sandbox, "old") == 0


def test_a_resumed_load_finds_the_rows_of_an_extract_that_was_done(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox
) -> None:
    no = answering(403, [{"errorCode": "API_DISABLED_FOR_ORG", "message": "no"}])
    for _ in range(2):
        proxy.on("PATCH", "/jobs/ingest/[^/]+", no)
    steps = 'extract job people to "people.csv"\nupload job copies\nclose then wait for job copies'
    ran = workshop.run(COPY.format(tag="resumed", steps=steps))
    assert ran.code == 1, ran.out
    proxy.rules.clear()
    before = proxy.count("GET", f"{JOB}/results")
    ran = resume(workshop)
    assert ran.code == 0, ran.out + ran.err
    assert count(sandbox, "resumed") == ROWS
    assert proxy.count("GET", f"{JOB}/results") == before
    assert read_rows(workshop.folder / "people.csv") == expected()


def test_a_result_without_rows_loads_nothing(workshop: Workshop) -> None:
    ran = workshop.run(
        "org env\njob none\n    query \"SELECT Id FROM Contact WHERE LastName = 'no'\"\n"
        "job cleanup\n    delete Contact\n    from job none\n"
        "extract job none then load job cleanup\n"
    )
    assert ran.code == 0, ran.out + ran.err


def test_a_plan_says_that_the_rows_are_not_known(workshop: Workshop, proxy: Proxy) -> None:
    file = workshop.write(
        "p.bulkflow", COPY.format(tag="x", steps="extract job people then load job copies")
    )
    ran = workshop.command("plan", str(file))
    assert ran.code == 0, ran.err
    assert ran.out.count("rows unknown before the run") == 2
    assert "  from job people\n" in ran.out
    assert "at least 4 API calls (4 to source, 0 to target)" in ran.out
    ran = workshop.command("plan", str(file), "--json")
    assert '"rows_of": "people"' in ran.out
    assert proxy.seen == []
