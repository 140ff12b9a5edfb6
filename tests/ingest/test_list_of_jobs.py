"""The list of an org's ingest jobs, page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from bulkflow_ingest.api import IngestApi
from bulkflow_salesforce import (
    BadAnswerError,
    ForeignUrlError,
    OrgAddress,
    Session,
    StaticToken,
)
from bulkflow_sandbox import SandboxServer
from support.proxy import Proxy, answering

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
    listed: set[str] = set()
    page = api.list()
    listed |= {each.id for each in page.jobs}
    while page.next:
        page = api.list(page.next)
        listed |= {each.id for each in page.jobs}
    assert made <= listed


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
    with pytest.raises(BadAnswerError):
        api.list()
