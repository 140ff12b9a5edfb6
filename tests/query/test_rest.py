"""What query jobs refuse goes over REST, page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator

import duckdb
import pytest

from bulkflow_sandbox import Choices, Sandbox, SandboxServer
from query.conftest import PAGE, ROWS, fill
from query.people import ALL, expected, notices, pipeline, read_rows, resume
from support.proxy import Fault, Handler, Proxy, answering
from support.workshop import Workshop

REST = f"{ALL}\n    over rest"


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    sandbox = Sandbox(choices=Choices(rest_page_rows=PAGE, rest_fewest_rows=1))
    with SandboxServer(sandbox) as running:
        fill(sandbox)
        yield running


def test_a_query_goes_over_rest_if_the_file_says_so(workshop: Workshop, proxy: Proxy) -> None:
    ran = workshop.run(pipeline(REST))
    assert ran.code == 0, ran.out + ran.err
    assert read_rows(workshop.folder / "people.csv") == expected()
    assert proxy.count("POST", "/jobs/query") == 0
    assert proxy.count("GET", "/query/[^/]+") == -(-ROWS // PAGE) - 1
    assert "goes over REST: the job has `over rest`" in notices(ran)[0]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT COUNT() FROM Contact", [["COUNT()"], [str(ROWS)]]),
        (
            "SELECT COUNT(Id), MAX(Email) newest FROM Contact",
            [["expr0", "newest"], [str(ROWS), "p9@example.org"]],
        ),
        (
            "SELECT Email, COUNT(Id) n FROM Contact WHERE Email LIKE 'p58%' GROUP BY Email",
            [["Email", "n"], ["p58@example.org", "1"]],
        ),
        (
            "SELECT Email FROM Contact ORDER BY Email LIMIT 1 OFFSET 1",
            [["Email"], ["p10@example.org"]],
        ),
    ],
)
def test_what_query_jobs_refuse_goes_over_rest(
    workshop: Workshop, query: str, rows: list[list[str]]
) -> None:
    ran = workshop.run(pipeline(f'query "{query}"'))
    assert ran.code == 0, ran.out + ran.err
    assert read_rows(workshop.folder / "people.csv") == rows
    assert "query jobs of Salesforce do not support" in notices(ran)[0]


def test_a_plan_says_so_too(workshop: Workshop) -> None:
    file = workshop.write("p.bulkflow", pipeline('query "SELECT COUNT() FROM Contact"'))
    ran = workshop.command("plan", str(file))
    assert (
        "note: the query goes over REST: query jobs of Salesforce do not support COUNT()" in ran.out
    )


def test_types_are_those_of_the_fields(workshop: Workshop) -> None:
    steps = ('extract job people to "people.parquet"',)
    ran = workshop.run(
        pipeline('query "SELECT CreatedDate, Email FROM Contact"\n    over rest', *steps)
    )
    assert ran.code == 0, ran.out + ran.err
    found = duckdb.sql(f"SELECT * FROM read_parquet('{workshop.folder / 'people.parquet'}')")
    assert str(found.types[0]) == "TIMESTAMP WITH TIME ZONE"
    assert len(found.fetchall()) == ROWS


CHILDREN = {
    "totalSize": 2,
    "done": True,
    "records": [
        {
            "attributes": {"type": "Account"},
            "Name": "Acme",
            "Owner": {"attributes": {"type": "User"}, "Name": "Ann"},
            "Contacts": {
                "totalSize": 1,
                "done": True,
                "records": [{"attributes": {"type": "Contact"}, "LastName": "Muster"}],
            },
        },
        {"attributes": {"type": "Account"}, "Name": "Bolt", "Owner": None, "Contacts": None},
    ],
}
SUBQUERY = 'query "SELECT Name, Owner.Name, (SELECT LastName FROM Contacts) FROM Account"'


def test_children_are_json_in_formats_with_types(workshop: Workshop, proxy: Proxy) -> None:
    proxy.on("GET", "/query", answering(200, CHILDREN))
    ran = workshop.run(pipeline(SUBQUERY, 'extract job people to "people.jsonl"'))
    assert ran.code == 0, ran.out + ran.err
    lines = (workshop.folder / "people.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"Name": "Acme", "Owner.Name": "Ann", "Contacts": [{"LastName": "Muster"}]},
        {"Name": "Bolt", "Owner.Name": None, "Contacts": None},
    ]


def test_children_are_refused_for_csv(workshop: Workshop, proxy: Proxy) -> None:
    ran = workshop.run(pipeline(SUBQUERY))
    assert ran.code == 2
    assert "Contacts has several values in a row" in ran.out
    assert proxy.count("GET", "/query") == 0


def test_an_interrupted_query_continues_at_the_page(workshop: Workshop, proxy: Proxy) -> None:
    def passing(_: Handler, forward) -> None:
        forward()

    no: Fault = answering(403, [{"errorCode": "API_DISABLED_FOR_ORG", "message": "no"}])
    proxy.on("GET", "/query/[^/]+", passing, times=3)
    proxy.on("GET", "/query/[^/]+", no)
    steps = ('extract job people to "people.csv" on failure retry 1 times',)
    ran = workshop.run(pipeline(REST, *steps))
    assert ran.code == 0, ran.out + ran.err
    assert read_rows(workshop.folder / "people.csv") == expected()
    assert proxy.count("GET", "/query") == 1


def test_a_cursor_that_is_gone_begins_again(workshop: Workshop, proxy: Proxy) -> None:
    def passing(_: Handler, forward) -> None:
        forward()

    proxy.on("GET", "/query/[^/]+", passing, times=3)
    gone = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
    proxy.on("GET", "/query/[^/]+", answering(400, gone))
    ran = workshop.run(pipeline(REST))
    assert ran.code == 0, ran.out + ran.err
    assert "run again from the beginning" in "".join(notices(ran))
    assert read_rows(workshop.folder / "people.csv") == expected()


def test_there_is_no_job_to_create(workshop: Workshop) -> None:
    ran = workshop.run(pipeline(REST, "create job people"))
    assert ran.code == 2
    assert (
        "has no job in the org: its query goes over REST, because the job has `over rest`"
        in ran.out
    )
    assert resume(workshop).code == 2


def test_fields_have_to_be_named(workshop: Workshop) -> None:
    clause = 'query "SELECT FIELDS(STANDARD) FROM Contact LIMIT 200"\n    over rest'
    file = workshop.write("c.bulkflow", pipeline(clause))
    ran = workshop.command("check", "--format", "json", str(file))
    assert "has to name its fields" in ran.out
