"""Result files stay in the run's folder as they came: compressed where the org does so."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from attrs import evolve

from bulkflow_csv import read_rows
from bulkflow_sandbox import SandboxServer
from support.workshop import Workshop

PIPELINE = """\
org env

job people
    insert Contact
    from "people.csv"
    parts of 2 rows

load job people
"""
PEOPLE = f"LastName\nA\n{'x' * 81}\nB\nC\n"


@pytest.fixture
def people(workshop: Workshop) -> Workshop:
    """Behind a proxy that asks for nothing compressed."""
    workshop.write("people.csv", PEOPLE)
    return workshop


@pytest.fixture
def packed(people: Workshop, server: SandboxServer) -> Workshop:
    """Without that proxy."""
    return evolve(people, environ=people.environ | {"SF_ORG_INSTANCE_URL": server.url})


def kept(workshop: Workshop) -> list[Path]:
    return [path for path in (workshop.folder / "state").rglob("results/**/*") if path.is_file()]


def saved(workshop: Workshop, name: str) -> list[list[str]]:
    """What every row came to, without its id."""
    ran = workshop.run(
        PIPELINE + f'save all rows of job people to "{name}.csv"\n'
        f'save results of job people to "{name}"\n',
        "--fresh",
    )
    assert ran.code == 3, ran.err
    rows = [row.values for row in read_rows(workshop.folder / f"{name}.csv")]
    return [[value for at, value in enumerate(row) if at != rows[0].index("_id")] for row in rows]


def test_what_comes_compressed_is_kept_so_and_saved_the_same(
    people: Workshop, packed: Workshop
) -> None:
    told = saved(packed, "first")
    files = kept(people)
    assert files
    for path in files:
        assert path.name.endswith(".csv.gz")
        assert gzip.decompress(path.read_bytes()).startswith(b'"sf__Id"')
    assert saved(people, "second") == told
    after = set(kept(people)) - set(files)
    assert after
    assert {path.suffix for path in after} == {".csv"}


def test_files_that_are_here_packed_are_saved_plain(packed: Workshop) -> None:
    saved(packed, "out")
    fetched = {
        gzip.decompress(path.read_bytes())
        for path in kept(packed)
        if path.name.endswith(("-failed.csv.gz", "-successful.csv.gz"))
    }
    assert len(fetched) == 3
    files = {path.read_bytes() for path in (packed.folder / "out").iterdir()}
    assert fetched <= files
    assert not any(content.startswith(b"\x1f\x8b") for content in files)


def test_rows_saved_to_a_name_that_ends_in_gz_can_be_loaded_from_it(people: Workshop) -> None:
    ran = people.run(PIPELINE + 'save successful rows of job people to "good.csv.gz"\n')
    assert ran.code == 3, ran.err
    saved = gzip.decompress((people.folder / "good.csv.gz").read_bytes()).decode()
    assert [line.split(",")[0] for line in saved.splitlines()] == ["LastName", "A", "B", "C"]
    again = people.run(
        'org env\njob again\n    insert Contact\n    from "good.csv.gz"\n'
        "    drop _file _line _outcome _id _created _ambiguous\nload job again\n"
    )
    assert again.code == 0, again.err
