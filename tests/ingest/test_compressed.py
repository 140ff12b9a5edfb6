"""Rows that are sent compressed arrive as they are, and only as long as that is worth it."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow_ingest.source.compression import LinkStats, make_compressor
from bulkflow_sandbox import Sandbox
from support.proxy import Fault, Handler, Proxy, answering, lose_answer
from support.workshop import Workshop

PIPELINE = """\
org env
job people
    insert Contact
    from "people.csv"
    parts of 40 rows
    compressed
load job people
"""
BATCHES = "/jobs/ingest/[^/]+/batches"
ROWS = 100


def people(workshop: Workshop, tag: str) -> None:
    rows = "".join(f'"{tag} ""{number}"", née\nSmith"\n' for number in range(ROWS))
    workshop.write("people.csv", "LastName\n" + rows)


def arrived(sandbox: Sandbox, tag: str) -> set[str]:
    with sandbox.database.reading() as connection:
        found = connection.execute(
            'SELECT "LastName" FROM "Contact" WHERE "LastName" LIKE ?', (f"{tag}%",)
        ).fetchall()
    assert len(found) == len(set(found))
    return {name for (name,) in found}


def expected(tag: str) -> set[str]:
    return {f'{tag} "{number}", née\nSmith' for number in range(ROWS)}


def recording(encodings: list[str | None], fault: Fault | None = None) -> Fault:
    def note(handler: Handler, forward: Callable[[], None]) -> None:
        encodings.append(handler.headers.get("Content-Encoding"))
        (fault or (lambda _, forward: forward()))(handler, forward)

    return note


def test_compressed_rows_arrive_as_they_are(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox
) -> None:
    people(workshop, "packed")
    encodings: list[str | None] = []
    for _ in range(3):
        proxy.on("PUT", BATCHES, recording(encodings))
    ran = workshop.run(PIPELINE.replace("parts of 40 rows", "parts of 1MB"))
    assert (ran.code, ran.err) == (0, "")
    assert encodings == ["gzip"]
    assert arrived(sandbox, "packed") == expected("packed")
    assert not list(workshop.folder.rglob("*.csv.gz"))


def test_an_org_that_takes_none_gets_the_rows_as_they_are(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox
) -> None:
    people(workshop, "plain")
    refusal = [{"errorCode": "UNSUPPORTED_MEDIA_TYPE", "message": "no gzip"}]
    encodings: list[str | None] = []
    proxy.on("PUT", BATCHES, recording(encodings, answering(415, refusal)))
    proxy.on("PUT", BATCHES, recording(encodings))
    ran = workshop.run(PIPELINE.replace("parts of 40 rows", "parts of 1MB"))
    assert ran.code == 0
    assert encodings == ["gzip", None]
    assert "refused compressed rows" in ran.out
    assert arrived(sandbox, "plain") == expected("plain")


def test_a_lost_answer_to_compressed_rows_loads_none_twice(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox
) -> None:
    people(workshop, "lost")
    proxy.on("PUT", BATCHES, lose_answer)
    ran = workshop.run(PIPELINE)
    assert ran.code == 0
    assert arrived(sandbox, "lost") == expected("lost")


@pytest.mark.parametrize(
    ("wire", "packing", "ratio", "worth"),
    [
        (1e6, 100e6, 0.3, True),
        (1e9, 100e6, 0.3, False),
        (69e6, 100e6, 0.3, True),
        (71e6, 100e6, 0.3, False),
        # Data that do not get smaller are never compressed for long.
        (1e3, 100e6, 1.0, False),
    ],
)
def test_compression_is_chosen_where_the_line_is_slower(
    wire: float, packing: float, ratio: float, *, worth: bool
) -> None:
    assert LinkStats().saves_time
    assert LinkStats(wire=wire, packing=packing, ratio=ratio).saves_time == worth


def test_the_choice_follows_the_line() -> None:
    line = LinkStats(ratio=0.3)
    line.record_compression(1_000_000, 300_000, 0.01)
    choices = []
    line.record_upload(300_000, 0.0001)
    choices.append(line.saves_time)
    for _ in range(20):
        line.record_upload(1_000_000, 1.0)
    choices.append(line.saves_time)
    line.takes_gzip = False
    choices.append(line.saves_time)
    assert choices == [False, True, False]


@given(st.lists(st.binary(max_size=300)))
def test_a_stream_holds_what_was_put_in(blocks: list[bytes]) -> None:
    stream = make_compressor()
    data = b"".join([*(stream.compress(block) for block in blocks), stream.flush()])
    assert gzip.decompress(data) == b"".join(blocks)
