"""Columns renamed, left out and set, and files mended: what arrives, and what is told of it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from bulkflow_sandbox import Sandbox
from support.proxy import Proxy, answering
from support.workshop import Workshop

JOB = 'org env\njob people\n    insert Contact\n    from "people.csv"\n'
LOAD = 'load job people\nsave all rows of job people to "out.csv"\n'


def arrived(sandbox: Sandbox, tag: str, *columns: str) -> list[tuple[object, ...]]:
    listed = ", ".join(f'"{each}"' for each in ("LastName", *columns))
    with sandbox.database.reading() as connection:
        rows = connection.execute(
            f'SELECT {listed} FROM "Contact" WHERE "LastName" LIKE ? ORDER BY "LastName"',
            (f"{tag}%",),
        )
        return [tuple(row) for row in rows]


def saved(workshop: Workshop, name: str = "out.csv", delimiter: str = ",") -> list[dict[str, str]]:
    text = (workshop.folder / name).read_bytes().decode().replace(delimiter, "\x1e")
    read = csv.reader(io.StringIO(text, newline=""), delimiter="\x1e")
    names, *rows = [[value.replace("\x1e", delimiter) for value in row] for row in read]
    return [dict(zip(names, row, strict=True)) for row in rows]


def copies(workshop: Workshop) -> list[Path]:
    return sorted((workshop.folder / "state").rglob("*/data/*"))


def test_renamed_columns_are_sent_without_a_copy_of_their_rows(
    workshop: Workshop, sandbox: Sandbox
) -> None:
    workshop.write("people.csv", 'Family,"Notes, all"\r\nrename1,a\r\nrename2,"b\r\nd"\r\n,c\r\n')
    ran = workshop.run(
        f'{JOB}    rename Family to LastName\n    rename "notes, all" to Description\n'
        f"    parts of 1 rows\n{LOAD}"
    )
    assert ran.code == 3, ran.err
    assert arrived(sandbox, "rename", "Description") == [("rename1", "a"), ("rename2", "b\r\nd")]
    assert ran.event("job_prepared")["notes"] == []
    assert copies(workshop) == []
    # What is saved has the columns of the user's file.
    assert [(row["Family"], row["Notes, all"], row["_line"]) for row in saved(workshop)] == [
        ("rename1", "a", "2"),
        ("rename2", "b\r\nd", "3"),
        ("", "c", "5"),
    ]


REWRITTEN = (
    f'{JOB}    rename Family to LastName\n    drop Secret Age\n    set Title to "{{title}}"\n'
    '    null as "NULL"\n    parts of 1 rows\n'
)
ROWS = (
    'Family,Secret,Phone,Age,Description\n"{tag}, 1",x,NULL,7,"a\nb"\n'
    ',"y\n",1,8,nobody\n{tag} 3,z,"+49 30",9,NULL\n'
)


def test_rows_written_anew_arrive_and_are_saved_as_they_were(
    workshop: Workshop, sandbox: Sandbox
) -> None:
    workshop.write("people.csv", ROWS.format(tag="anew"))
    ran = workshop.run(f'param title = "Dr, \\"h.c.\\""\n{REWRITTEN}{LOAD}')
    assert ran.code == 3, ran.err
    assert arrived(sandbox, "anew", "Phone", "Title", "Description") == [
        ("anew 3", "+49 30", 'Dr, "h.c."', None),
        ("anew, 1", None, 'Dr, "h.c."', "a\nb"),
    ]
    (note,) = ran.event("job_prepared")["notes"]
    assert note == (
        "people.csv: rows rewritten before upload: set Title; dropped Secret, Age; "
        "replaced 'NULL' with null"
    )
    found = saved(workshop)
    assert list(found[0])[:5] == ["Family", "Secret", "Phone", "Age", "Description"]
    assert [(r["Family"], r["Secret"], r["Phone"], r["_line"], r["_outcome"]) for r in found] == [
        ("anew, 1", "x", "NULL", "2", "loaded"),
        ("", "y\n", "1", "4", "failed"),
        ("anew 3", "z", "+49 30", "6", "loaded"),
    ]
    assert all(not path.stat().st_mode & 0o077 for path in copies(workshop))


def test_a_run_is_gone_on_with_from_the_rows_that_were_written(
    workshop: Workshop, sandbox: Sandbox, proxy: Proxy
) -> None:
    workshop.write("people.csv", ROWS.format(tag="resumed"))
    for _ in range(3):
        refusal = answering(403, [{"errorCode": "X", "message": "no"}])
        proxy.on("PATCH", "/jobs/ingest/[^/]+", refusal)
    text = f'param title = "Dr"\n{REWRITTEN}{LOAD}'
    assert workshop.run(text).code == 1
    proxy.rules.clear()
    state = str(workshop.folder / "state")
    ran = workshop.command("resume", "--state-dir", state, "--json")
    assert ran.code == 3, ran.err + ran.out
    assert [name for (name,) in arrived(sandbox, "resumed")] == ["resumed 3", "resumed, 1"]
    assert [(r["Age"], r["_line"]) for r in saved(workshop)] == [("7", "2"), ("8", "4"), ("9", "6")]


def test_rows_that_are_sent_again_are_told_as_rows_of_the_file(
    workshop: Workshop, sandbox: Sandbox
) -> None:
    workshop.write("people.csv", ROWS.format(tag="again"))
    text = (
        f'param title = "Dr"\n{REWRITTEN}load job people\nretry all rows of job people\n'
        'save failed rows of job people to "out.csv"\n'
    )
    ran = workshop.run(text)
    assert ran.code == 3, ran.err
    assert [(r["Description"], r["_line"]) for r in saved(workshop)] == [("nobody", "4")]


@pytest.mark.parametrize("delimiter", ["~", "||", "§"])
def test_delimiters_that_salesforce_does_not_know_become_commas(
    workshop: Workshop, sandbox: Sandbox, delimiter: str
) -> None:
    tag = f"other{ord(delimiter[0])}"
    rows = [
        ["LastName", "Description"],
        [tag, "a, b"],
        [f"{tag} 2", f'"x{delimiter}""y"""'],
        ["", "c"],
    ]
    workshop.write("people.csv", "".join(delimiter.join(row) + "\n" for row in rows))
    ran = workshop.run(f'{JOB}    delimiter "{delimiter}"\n{LOAD}')
    assert ran.code == 3, ran.err
    assert arrived(sandbox, tag, "Description") == [(tag, "a, b"), (f"{tag} 2", f'x{delimiter}"y"')]
    assert (
        "replaced the delimiter, which Salesforce does not support"
        in ran.event("job_prepared")["notes"][-1]
    )
    found = [row["Description"] for row in saved(workshop, delimiter=delimiter)]
    assert found == ["a, b", f'x{delimiter}"y"', "c"]


def test_mixed_line_ends_are_mended_where_the_user_asks(
    workshop: Workshop, sandbox: Sandbox
) -> None:
    workshop.write("people.csv", 'LastName,Description\r\nmend1,"a\nb"\r\nmend2,c\n')
    ran = workshop.run(JOB + LOAD)
    assert ran.code == 2
    ran = workshop.run(f"{JOB}    mend line endings\n{LOAD}")
    assert ran.code == 0, ran.err
    assert arrived(sandbox, "mend", "Description") == [("mend1", "a\nb"), ("mend2", "c")]
    assert "mixed" in ran.event("job_prepared")["notes"][0]
    assert [row["_line"] for row in saved(workshop)] == ["2", "4"]


def test_a_fault_is_told_at_its_place_in_the_users_file(workshop: Workshop) -> None:
    workshop.write("people.csv", 'LastName,Age\na,1\n"b\n",2\nc,3,4\n')
    ran = workshop.run(f'{JOB}    drop Age\n    encoding "latin-1"\n{LOAD}')
    assert ran.code == 2
    assert "people.csv:line 5 (record 3)" in ran.out
    assert copies(workshop) == [] or all("utf-8-" in path.name for path in copies(workshop))


@pytest.mark.parametrize(
    ("save", "code", "words"),
    [
        # The checker knows the place.
        (
            'log "x"\nsave all rows of job people to "./sub/../people.csv"\n',
            2,
            "this would overwrite the source of job people",
        ),
        # A loop tells it in the run.
        (
            'for file in "peopl?.csv"\n    save all rows of job people to "{file}"\n',
            1,
            "is where the rows of job people come from",
        ),
    ],
)
def test_the_users_file_is_not_written_over(
    workshop: Workshop, save: str, code: int, words: str
) -> None:
    before = ROWS.format(tag="kept")
    workshop.write("people.csv", before)
    ran = workshop.run(f'param title = "Dr"\n{REWRITTEN}load job people\n{save}')
    assert ran.code == code
    assert words in ran.out
    assert (workshop.folder / "people.csv").read_text() == before


# ------------------------------------------------------------------------------- before a run


def diagnostics(workshop: Workshop, clauses: str, *command: str) -> list[tuple[str, int, str]]:
    file = workshop.write("test.bulkflow", f"{JOB}{clauses}load job people\n")
    ran = workshop.command(*command, str(file), "--format", "json")
    found = json.loads(ran.out)
    found = found["diagnostics"] if isinstance(found, dict) else found
    return [(each["code"], each["line"], each["message"]) for each in found]


@pytest.mark.parametrize("command", [("check", "--sources"), ("plan",)])
@pytest.mark.parametrize(
    ("clauses", "code", "line", "told"),
    [
        ("    keep LastName\n    keep Phon\n", "B404", 6, "no column Phon, which `keep` names"),
        ("    drop Fax\n", "B404", 5, "no column Fax"),
        ("    rename Fone to Phone\n", "B404", 5, "no column Fone"),
        ("    rename Phone to LastName\n", "B405", 5, "Phone of people.csv would both be sent as"),
        ("    drop LastName Phone\n", "B405", 5, "no column of people.csv is left"),
    ],
)
def test_clauses_are_held_against_the_columns(
    workshop: Workshop, command: tuple[str, ...], clauses: str, code: str, line: int, told: str
) -> None:
    workshop.write("people.csv", "LastName,Phone\na,1\n")
    found = diagnostics(workshop, clauses, *command)
    assert [(each[0], each[1]) for each in found] == [(code, line)]
    assert told in found[0][2]


def test_a_column_that_is_renamed_and_dropped_is_shown_where_it_is_renamed(
    workshop: Workshop,
) -> None:
    clauses = '    rename A to B\n    rename "Mail Address" to Fax\n    drop "mail address"\n'
    ((code, line, told),) = diagnostics(workshop, clauses, "check")
    assert (code, line) == ("B309", 6)
    assert "column Mail Address is renamed to Fax and dropped" in told


@pytest.mark.parametrize("clauses", ["    drop Phone\n", '    delimiter "~"\n'])
def test_a_file_of_one_column_is_asked_for_its_delimiter(workshop: Workshop, clauses: str) -> None:
    mark = "," if "delimiter" in clauses else "~"
    workshop.write("people.csv", f"LastName{mark}Id\na{mark}1\n")
    job = JOB.replace("insert", "update")
    file = workshop.write("test.bulkflow", f"{job}{clauses}load job people\n")
    ran = workshop.command("check", "--sources", str(file))
    assert ran.code == 2
    assert f"its one column is `LastName{mark}Id`; set the delimiter with `delimiter`" in ran.err
    assert "did you mean" not in ran.err


def test_the_operation_is_held_against_the_columns_that_are_sent(workshop: Workshop) -> None:
    workshop.write("people.csv", "Key,Name\n003,x\n")
    text = 'org env\njob people\n    delete Contact\n    from "people.csv"\n'
    file = workshop.write("test.bulkflow", f"{text}load job people\n")
    assert workshop.command("check", "--sources", str(file)).code == 2
    file = workshop.write(
        "test.bulkflow", f"{text}    keep Key\n    rename Key to Id\nload job people\n"
    )
    ran = workshop.command("check", "--sources", str(file))
    assert ran.code == 0, ran.out + ran.err


@pytest.mark.parametrize("command", [("check", "--sources"), ("plan",)])
@pytest.mark.parametrize(
    ("data", "clauses"),
    [
        ("Straße\ra\r".encode("cp1252"), '    encoding "cp1252"\n    mend line endings\n'),
        ("Straße||B\na||b\n".encode(), '    delimiter "||"\n    drop B\n'),
    ],
)
def test_a_header_is_read_as_the_clauses_say(
    workshop: Workshop, command: tuple[str, ...], data: bytes, clauses: str
) -> None:
    workshop.write("people.csv", data)
    assert diagnostics(workshop, f"{clauses}    rename Straße to LastName\n", *command) == []


@pytest.mark.parametrize(
    ("clauses", "told"),
    [
        ("    rename a to B\n    rename A to C\n", "column A is renamed twice"),
        ("    rename a to B\n    rename b to B\n", "two columns are renamed to B"),
        ("    set B to 1\n    set b to 2\n", "b is set twice"),
        ("    rename a to B\n    drop A\n", "renamed to B and dropped"),
        ("    keep a\n    drop b\n", "conflicts with"),
        ('    delimiter "a\\nb"\n', "without quotes or line breaks"),
        ('    keep ""\n', "takes the name of a column"),
    ],
)
def test_what_is_wrong_with_any_file_is_told_by_check(
    workshop: Workshop, clauses: str, told: str
) -> None:
    (found,) = diagnostics(workshop, clauses, "check")
    assert told in found[2]
