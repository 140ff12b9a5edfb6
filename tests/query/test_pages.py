"""The pages of a result, in each form in which an org gives them."""

from __future__ import annotations

import gzip

import pytest

from bulkflow_sandbox.core.behavior import PagesForm
from query.conftest import PAGE, ROWS
from query.people import ALL, JOB, expected, notices, pipeline, read_rows
from support.proxy import Handler, Proxy, answering
from support.workshop import Workshop

PAGES = -(-ROWS // PAGE)


@pytest.fixture(scope="module", params=list(PagesForm), ids=lambda form: form.value)
def form(request: pytest.FixtureRequest) -> PagesForm:
    return request.param


def test_all_rows_are_in_the_file_in_order(workshop: Workshop, proxy: Proxy) -> None:
    ran = workshop.run(pipeline())
    assert ran.code == 0, ran.out + ran.err
    assert read_rows(workshop.folder / "people.csv") == expected()
    assert proxy.count("GET", f"{JOB}/results") == PAGES
    assert f"extracted {ROWS} rows of job people" in notices(ran)[-1]
    (outcome,) = ran.event("run_finished")["jobs"]
    assert (outcome["rows"], outcome["fetched"], outcome["left"]) == (ROWS, ROWS, [])


def test_the_bytes_are_those_of_the_org(workshop: Workshop) -> None:
    workshop.run(pipeline())
    content = (workshop.folder / "people.csv").read_bytes()
    assert content.startswith(b'"LastName","Email"\n"P000 ""q""\nx","p0@example.org"\n')
    assert content.count(b'"LastName"') == 1


def test_a_result_without_rows_is_a_header(workshop: Workshop) -> None:
    ran = workshop.run(pipeline("query \"SELECT Id, Email FROM Contact WHERE LastName = 'no'\""))
    assert ran.code == 0, ran.out + ran.err
    assert (workshop.folder / "people.csv").read_bytes() == b'"Id","Email"\n'


def test_a_file_may_be_compressed(workshop: Workshop) -> None:
    steps = ('extract job people to "people.csv"', 'extract job people to "out/people.csv.gz"')
    assert workshop.run(pipeline(ALL, *steps)).code == 0
    plain = (workshop.folder / "people.csv").read_bytes()
    assert gzip.decompress((workshop.folder / "out" / "people.csv.gz").read_bytes()) == plain


def test_a_page_with_too_few_rows_is_fetched_again(workshop: Workshop, proxy: Proxy) -> None:
    def shorten(handler: Handler, _: object) -> None:
        status, headers, content = handler.exchange()
        lines = content.split(b'"\n"')
        handler.answer(status, headers, b'"\n"'.join(lines[:-1]) + b'"\n')

    proxy.on("GET", f"{JOB}/results", shorten, times=2)
    ran = workshop.run(pipeline())
    assert ran.code == 0, ran.out + ran.err
    assert read_rows(workshop.folder / "people.csv") == expected()


def test_a_page_that_stays_wrong_is_an_error(workshop: Workshop, proxy: Proxy) -> None:
    def lie(handler: Handler, _: object) -> None:
        status, headers, content = handler.exchange()
        others = [each for each in headers if each[0].lower() != "sforce-numberofrecords"]
        handler.answer(status, [*others, ("Sforce-NumberOfRecords", "99")], content)

    proxy.on("GET", f"{JOB}/results", lie, times=None)
    ran = workshop.run(pipeline())
    assert ran.code == 1
    assert "and the org announced 99" in ran.out
    assert not (workshop.folder / "people.csv").exists()


def test_rows_that_the_job_has_found_and_no_page_has_are_an_error(
    workshop: Workshop, proxy: Proxy
) -> None:
    workshop.write("people.csv", "old\n")

    def claim(handler: Handler, _: object) -> None:
        status, headers, content = handler.exchange()
        handler.answer(status, headers, content.replace(b'Processed":60', b'Processed":61'))

    proxy.on("GET", JOB, claim, times=None)
    ran = workshop.run(pipeline())
    assert ran.code == 1
    assert "has 60 rows, and the job has found 61" in ran.out
    assert (workshop.folder / "people.csv").read_text() == "old\n"


def test_an_empty_answer_without_a_header_gets_one(workshop: Workshop, proxy: Proxy) -> None:
    def empty(handler: Handler, _: object) -> None:
        handler.exchange()
        headers = [("Content-Type", "text/csv"), ("Sforce-NumberOfRecords", "0")]
        handler.answer(200, [*headers, ("Sforce-Locator", "null")], b"")

    proxy.on("GET", f"{JOB}/results", empty)
    ran = workshop.run(
        pipeline("query \"SELECT Id, Account.Name FROM Contact WHERE LastName = 'no'\"")
    )
    assert ran.code == 0, ran.out + ran.err
    assert (workshop.folder / "people.csv").read_bytes() == b'"Id","Account.Name"\n'


def test_a_list_in_another_form_leads_to_locators(workshop: Workshop, proxy: Proxy) -> None:
    proxy.on("GET", f"{JOB}/resultPages", answering(200, {"pages": ["x"]}), times=None)
    ran = workshop.run(pipeline())
    assert ran.code == 0, ran.out + ran.err
    assert read_rows(workshop.folder / "people.csv") == expected()
