"""What bulkflow saves, bulkflow loads: any number of rounds, in the format of the source."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from attrs import frozen
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bulkflow_sandbox.testing import LocalOrg, local_org
from support.workshop import Workshop

OWN = ["_file", "_line", "_outcome", "_id", "_error", "_ambiguous"]
LONG = "x" * 41
"""Longer than a first name; the org refuses it, and quotes it in its error."""


@frozen
class Source:
    rows: list[tuple[str, str]]
    delimiter: str
    line_end: str
    encoding: str
    marked: bool

    @property
    def clauses(self) -> str:
        made = []
        if self.encoding != "utf-8":
            made.append(f'    encoding "{self.encoding}"\n')
        if self.delimiter in {"~", "||", "\x01"}:
            written = self.delimiter.replace("\x01", r"\x01")
            made.append(f'    delimiter "{written}"\n')
        return "".join(made)

    def encode(self) -> bytes:
        lines = [
            self.delimiter.join(f'"{value}"' if quoted else value for value in values)
            for values, quoted in (
                (("LastName", "FirstName"), False),
                *(((last, (first + LONG).replace('"', '""')), True) for last, first in self.rows),
            )
        ]
        text = "".join(f"{line}\n" for line in lines).replace("\n", self.line_end)
        return (b"\xef\xbb\xbf" if self.marked else b"") + text.encode(self.encoding)


characters = st.sampled_from("aé\"',;|~\n\t {}<>&=#N/A-")
sources = st.builds(
    Source,
    rows=st.lists(
        st.tuples(st.sampled_from(["A", "B b", "Ü"]), st.text(characters, max_size=6)),
        min_size=1,
        max_size=4,
    ),
    delimiter=st.sampled_from([",", ";", "\t", "|", "~", "||", "\x01"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "windows-1252", "utf-16"]),
    marked=st.booleans(),
).filter(lambda source: not source.marked or source.encoding == "utf-8")


@pytest.fixture(scope="module")
def org() -> Iterator[LocalOrg]:
    with local_org() as running:
        yield running


def read(source: Source, data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf") is source.marked
    text = data.removeprefix(b"\xef\xbb\xbf").decode(source.encoding)
    if source.line_end == "\r\n":
        assert text.count("\n") == text.count("\r\n")
    else:
        assert "\r" not in text
    if source.delimiter == "||":
        text = text.replace("||", "\x1e")
    delimiter = "\x1e" if source.delimiter == "||" else source.delimiter
    plain = text.replace("\r\n", "\n")
    return list(csv.DictReader(io.StringIO(plain, newline=""), delimiter=delimiter, strict=True))


@settings(max_examples=25, deadline=None)
@given(sources)
@example(Source([("A", '"\n",')], "||", "\r\n", "windows-1252", False))
@example(Source([("A", "a")], ";", "\r\n", "utf-8", True))
def test_failed_rows_load_again_any_number_of_rounds(org: LocalOrg, source: Source) -> None:
    with TemporaryDirectory() as name:
        desk = Workshop(Path(name), dict(org.environment))
        desk.write("round-0.csv", source.encode())
        for number in range(3):
            ran = desk.run(
                f'org env\n\njob people\n    insert Contact\n    from "round-{number}.csv"\n'
                f"{source.clauses}\nload job people\n"
                f'save failed rows of job people to "round-{number + 1}.csv"\n'
            )
            assert ran.code == 3, ran.out + ran.err
            saved = read(source, (desk.folder / f"round-{number + 1}.csv").read_bytes())
            assert list(saved[0]) == ["LastName", "FirstName", *OWN]
            values = [(row["LastName"], row["FirstName"]) for row in saved]
            expected = [(last, first + LONG) for last, first in source.rows]
            if source.delimiter == "||":
                expected = [(last, first.replace("||", "\x1e")) for last, first in expected]
            assert values == expected
            assert {row["_file"] for row in saved} == {f"round-{number}.csv"}
            assert all("STRING_TOO_LONG" in row["_error"] for row in saved)


def test_columns_of_the_user_with_such_names_are_not_left_out(
    tmp_path: Path, org: LocalOrg
) -> None:
    desk = Workshop(tmp_path, dict(org.environment))
    desk.write("rows.csv", "LastName,_line\nA,1\n")
    ran = desk.run(
        'org env\n\njob people\n    insert Contact\n    from "rows.csv"\n\nload job people\n'
    )
    assert ran.code == 2
    assert "columns that bulkflow adds to saved rows: _line" in ran.out


def test_the_plan_says_which_columns_are_left_out(tmp_path: Path, org: LocalOrg) -> None:
    desk = Workshop(tmp_path, dict(org.environment))
    desk.write(
        "rows.csv", "LastName,_file,_line,_outcome,_id,_error,_ambiguous\nA,x,1,failed,,E,\n"
    )
    file = desk.write(
        "test.bulkflow",
        'org env\n\njob people\n    insert Contact\n    from "rows.csv"\n\nload job people\n',
    )
    ran = desk.command("plan", str(file))
    assert ran.code == 0
    assert "dropped _file, _line, _outcome, _id, _error, _ambiguous" in ran.out
    assert desk.command("check", "--sources", str(file)).code == 0


def test_a_streamed_file_with_such_columns_is_refused(tmp_path: Path, org: LocalOrg) -> None:
    desk = Workshop(tmp_path, dict(org.environment))
    desk.write("rows.csv", "LastName,_file,_line,_outcome\nA,x,1,failed\n")
    ran = desk.run(
        'org env\n\njob people\n    insert Contact\n    from "rows.csv"\n    streamed\n\n'
        "load job people\n"
    )
    assert ran.code == 2
    assert "remove the line `streamed`" in ran.out


@pytest.mark.parametrize("target", ["rows.csv", "./rows.csv", "../{}/rows.csv", "link.csv"])
def test_saving_onto_the_source_is_refused_by_check(
    tmp_path: Path, org: LocalOrg, target: str
) -> None:
    desk = Workshop(tmp_path, dict(org.environment))
    desk.write("rows.csv", "LastName\nA\n")
    if target == "link.csv":
        (tmp_path / "link.csv").symlink_to("rows.csv")
    file = desk.write(
        "test.bulkflow",
        'org env\n\njob people\n    insert Contact\n    from "*rows.csv"\n\nload job people\n'
        f'save failed rows of job people to "{target.format(tmp_path.name)}"\n',
    )
    ran = desk.command("check", str(file))
    assert ran.code == 2, ran.out
    assert "this would overwrite" in ran.out + ran.err
