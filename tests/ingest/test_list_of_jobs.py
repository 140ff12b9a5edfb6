"""The list of an org's ingest jobs, page by page."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from bulkflow.errors import RunInterruptedError
from bulkflow_ingest.api.client import IngestApi
from bulkflow_jobs import response_bounds as bounds
from bulkflow_salesforce import (
    BadResponseError,
    ForeignUrlError,
    OrgAddress,
    Session,
    StaticToken,
)
from bulkflow_sandbox import SandboxServer
from support.proxy import Fault, Handler, Proxy, answering, lose_answer
from support.workshop import Workshop

JOBS = "/jobs/ingest"


@pytest.fixture
def api(proxy: Proxy, server: SandboxServer) -> Iterator[IngestApi]:
    with Session(OrgAddress(proxy.url), StaticToken(server.token)) as session:
        yield IngestApi(session)


def job(number: int) -> dict[str, object]:
    return {"id": f"7505g0000000{number:03}AAA", "state": "Open", "object": "Account"}


def test_pages_follow_each_other(api: IngestApi, proxy: Proxy) -> None:
    following = "/services/data/v66.0/jobs/ingest?queryLocator=abc-100"
    proxy.on(
        "GET", JOBS, answering(200, {"records": [job(1), job(2)], "nextRecordsUrl": following})
    )
    proxy.on("GET", JOBS, answering(200, {"records": [job(3)], "nextRecordsUrl": None}))
    first = api.list()
    assert [each.id for each in first.jobs] == [job(1)["id"], job(2)["id"]]
    assert first.next == following
    second = api.list(first.next)
    assert [each.id for each in second.jobs] == [job(3)["id"]]
    assert second.next is None
    assert [path for _, path in proxy.seen] == [
        "/services/data/v66.0/jobs/ingest?jobType=V2Ingest",
        following,
    ]


def test_the_sandboxs_own_jobs_are_all_listed(api: IngestApi, server: SandboxServer) -> None:
    made = {
        server.api.ingest.create({"object": "Account", "operation": "insert"}, "66.0", "u").id
        for _ in range(3)
    }
    assert made <= {each.id for each in api.jobs()}


def page(number: int, following: str | None, **more: object) -> Fault:
    return answering(200, {"records": [job(number)], "nextRecordsUrl": following, **more})


def link(name: str) -> str:
    return f"/services/data/v66.0/jobs/ingest?queryLocator={name}"


def test_the_list_ends_where_the_org_says_so_though_it_names_another_page(
    api: IngestApi, proxy: Proxy
) -> None:
    proxy.on("GET", JOBS, page(1, link("b"), done=False))
    proxy.on("GET", JOBS, page(2, link("c"), done=True))
    assert [each.id for each in api.jobs()] == [job(1)["id"], job(2)["id"]]
    assert [path for _, path in proxy.seen][1:] == [link("b")]


@pytest.mark.parametrize("links", [["b", "b"], ["b", "c", "b"]])
def test_the_list_ends_at_a_link_that_was_followed_before(
    api: IngestApi, proxy: Proxy, links: list[str]
) -> None:
    for number, each in enumerate(links):
        proxy.on("GET", JOBS, page(number, link(each), done=False))
    assert len(list(api.jobs())) == len(links)
    assert len(proxy.seen) == len(links)


def growing(size: int, padding: int = 0) -> Fault:
    """Each page names another, and has so many jobs."""
    pages = count()

    def fault(handler: Handler, forward: Callable[[], None]) -> None:
        number = next(pages)
        jobs = [job(each) | {"x": "x" * padding} for each in range(size)]
        page = {"records": jobs, "nextRecordsUrl": link(str(number)), "done": False}
        answering(200, page)(handler, forward)

    return fault


@pytest.mark.parametrize(
    ("bound", "most", "size", "padding", "pages"),
    [
        ("MAX_PAGES", 5, 0, 0, 5),
        ("MAX_JOBS", 10, 4, 0, 3),
        ("MAX_LIST_BYTES", 5_000, 1, 2_000, 3),
    ],
)
def test_a_list_without_an_end_is_given_up(
    api: IngestApi,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    bound: str,
    most: int,
    size: int,
    padding: int,
    pages: int,
) -> None:
    monkeypatch.setattr(f"bulkflow_jobs.org_jobs.{bound}", most)
    proxy.on("GET", JOBS, growing(size, padding), times=None)
    with pytest.raises(BadResponseError, match="gives an endless list of jobs") as caught:
        list(api.jobs())
    assert f"{pages * size:,} jobs in {pages} pages" in caught.value.message
    assert len(proxy.seen) == pages


def test_the_bounds_of_a_list_are_beyond_what_an_org_keeps(api: IngestApi, proxy: Proxy) -> None:
    assert 15_000 * 7 < bounds.MAX_JOBS <= 1_000 * bounds.MAX_PAGES
    assert bounds.MAX_JOBS * 600 < bounds.MAX_LIST_BYTES


@pytest.mark.parametrize("size", [5_001, 100_000])
def test_a_page_has_no_more_than_an_org_puts_into_it(
    api: IngestApi, proxy: Proxy, size: int
) -> None:
    page = {"records": [job(number) for number in range(size)], "done": True}
    proxy.on("GET", JOBS, answering(200, page))
    tracemalloc.start()
    with pytest.raises(
        BadResponseError, match=r"5,001 jobs in one page|more than the limit of 4194304 bytes"
    ):
        list(api.jobs())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The answer is made in this process, too.
    assert peak < 30_000_000


def test_a_list_that_does_not_end_hinders_no_load(
    workshop: Workshop, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkflow_jobs.org_jobs.MAX_PAGES", 5)
    workshop.write("people.csv", "LastName\na\n")
    proxy.on("POST", JOBS, lose_answer)
    proxy.on("GET", JOBS, growing(1), times=None)
    ran = workshop.run('org env\njob people\n    insert Contact\n    from "people.csv"\nload\n')
    assert ran.code == 0, ran.out
    assert "an endless list of jobs" in ran.out
    assert proxy.count("GET", JOBS) <= 10


def test_a_request_to_stop_is_heeded_between_two_pages(api: IngestApi, proxy: Proxy) -> None:
    proxy.on("GET", JOBS, page(1, link("b")))
    stopping: list[bool] = []

    def checkpoint() -> None:
        if stopping:
            raise RunInterruptedError("interrupted")

    jobs = api.jobs(checkpoint)
    assert next(jobs).id == job(1)["id"]
    stopping.append(True)
    with pytest.raises(RunInterruptedError):
        next(jobs)
    assert len(proxy.seen) == 1


def test_a_page_of_another_host_is_not_asked_for(api: IngestApi, proxy: Proxy) -> None:
    with pytest.raises(ForeignUrlError):
        api.list("https://elsewhere.example.com/services/data/v66.0/jobs/ingest?queryLocator=a")
    assert proxy.seen == []


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"records": None},
        {"records": {}},
        {"records": [{"state": "Open"}]},
        {"records": ["a job"]},
    ],
)
def test_what_is_no_list_of_jobs_is_said_to_be_none(
    api: IngestApi, proxy: Proxy, answer: object
) -> None:
    proxy.on("GET", JOBS, answering(200, json.loads(json.dumps(answer))))
    with pytest.raises(BadResponseError):
        api.list()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"id": "7505g0000000001AAA", "name": "x"}, "it has no `state`"),
        ({"state": "Open"}, "it has no `id`"),
        ({"id": "7505g0000000001AAA", "state": None}, "it has no `state`"),
        ([], "object"),
    ],
)
def test_an_answer_that_is_not_a_job_is_quoted(
    api: IngestApi, proxy: Proxy, answer: object, said: str
) -> None:
    proxy.on("GET", f"{JOBS}/[^/]+", answering(200, answer))
    with pytest.raises(BadResponseError) as caught:
        api.info("7505g0000000001AAA")
    told = "\n".join([caught.value.message, *caught.value.notes])
    assert said in told
    assert "GET /services/data" in told
    assert "None" not in told
    assert answer == [] or json.dumps(answer) in told


def test_a_long_answer_is_quoted_by_its_beginning(api: IngestApi, proxy: Proxy) -> None:
    proxy.on("GET", f"{JOBS}/[^/]+", answering(200, {"text": "x" * 10_000}))
    with pytest.raises(BadResponseError) as caught:
        api.info("7505g0000000001AAA")
    assert max(map(len, caught.value.notes)) < 250
