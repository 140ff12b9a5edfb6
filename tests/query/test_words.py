"""What is checked of a query before the run, and how values get into it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow.model.value import Boolean, Duration, Integer, Name, Text
from bulkflow.source import SourceText, Span
from bulkflow_soql import SoqlError, parse
from bulkflow_soql.interpolation import is_inside_quotes, write_value
from query.people import pipeline, read_rows
from support.proxy import Proxy
from support.workshop import Workshop

PLACE = Span(SourceText("x", "x"), 0, 1)


def text(value: str) -> Text:
    return Text((value,), PLACE)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (text("Oslo's"), r"'Oslo\'s'"),
        (text("a\\b\n"), r"'a\\b\n'"),
        (text("' OR Id != '"), r"'\' OR Id != \''"),
        (text("2026-01-31"), "2026-01-31"),
        (text("2026-01-31T12:00:00Z"), "2026-01-31T12:00:00Z"),
        (text("2026-01-31T12:00:00.000+0200"), "2026-01-31T12:00:00.000+0200"),
        (text("2026-01-31 OR Id != null"), "'2026-01-31 OR Id != null'"),
        (text("null"), "'null'"),
        (text(""), "''"),
        (Integer(30, PLACE), "30"),
        (Boolean(True, PLACE), "true"),
        (Name("Contact", PLACE), "Contact"),
    ],
)
def test_a_value_is_written_as_soql_needs_it(value, written: str) -> None:
    assert write_value("SELECT Id FROM Contact WHERE X = ", value) == written


@pytest.mark.parametrize("value", [Duration(3, PLACE), Name("a-b", PLACE)])
def test_a_value_that_soql_does_not_have_is_refused(value) -> None:
    with pytest.raises(ValueError, match="takes texts, numbers, dates"):
        write_value("", value)


@given(st.text(max_size=40))
def test_no_text_can_end_its_quotes(value: str) -> None:
    for before, after in (("WHERE Name = ", ""), ("WHERE Name LIKE 'a\\'", "%'")):
        query = f"SELECT Id FROM Contact {before}{write_value(before, text(value))}{after}"
        parsed = parse(query)
        assert parsed.where is not None
        assert parsed.where.value.text == query[query.index("'") :] or "'" not in query


def test_quotes_are_followed_through_escapes() -> None:
    assert is_inside_quotes(r"A = 'b\'c")
    assert not is_inside_quotes(r"A = 'b\\'")
    assert is_inside_quotes("A = 'b' OR C = '")


def test_a_param_cannot_change_the_query(workshop: Workshop) -> None:
    file = workshop.write(
        "q.bulkflow",
        "param name\n" + pipeline('query "SELECT Email FROM Contact WHERE Email = {name}"'),
    )
    state = ["--state-dir", str(workshop.folder / "state")]
    ran = workshop.command("run", str(file), "--set", "name=' OR Email != '", *state)
    assert ran.code == 0, ran.err
    assert read_rows(workshop.folder / "people.csv") == [["Email"]]
    ran = workshop.command("run", str(file), "--set", "name=p7@example.org", *state)
    assert read_rows(workshop.folder / "people.csv") == [["Email"], ["p7@example.org"]]


def check(workshop: Workshop, content: str) -> list[dict[str, object]]:
    ran = workshop.command("check", "--format", "json", str(workshop.write("c.bulkflow", content)))
    return list(json.loads(ran.out))


@pytest.mark.parametrize(
    ("clause", "place", "message"),
    [
        ('query "SELECT Id FRM Contact"', (3, 22), "unexpected token: 'FRM'"),
        ('query "SELECT Id, * FROM Contact"', (3, 23), "unexpected token: '*'"),
        ('query "SELECT \\"Id FROM Contact"', (3, 19), "unexpected token: '\"'"),
        ('query """\n        SELECT Id\n        FORM Contact\n        """', (5, 9), "'FORM'"),
        ('query "SELECT {field} Contact"', (3, 27), "'Contact'"),
        ('query "SELECT Id FROM Contact WHERE"', (3, 40), "<EOF>"),
        ('query all "DELETE"', (3, 16), "'DELETE'"),
    ],
)
def test_a_mistake_in_a_query_has_its_place(
    workshop: Workshop, clause: str, place: tuple[int, int], message: str
) -> None:
    found = check(workshop, pipeline(clause) + "let field = Id\n")
    error = next(each for each in found if each["severity"] == "error")
    assert message in str(error["message"])
    assert (error["line"], error["column"]) == place


@pytest.mark.parametrize("clause", ["ORDER BY Name", "LIMIT 10"])
def test_what_prevents_chunking_is_a_warning(workshop: Workshop, clause: str) -> None:
    (found,) = check(workshop, pipeline(f'query "SELECT Id FROM Contact {clause}"'))
    assert found["severity"] == "warning"
    assert clause.split()[0] in str(found["message"])


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        (["load job people"], "B223"),
        (['save failed rows of job people to "x.csv"'], "B223"),
        (["wait for job people"], "B204"),
        (["extract job people", "create job people"], "B203"),
        (["create then extract job people", "abort job people"], "B203"),
        (["extract job people then delete job people", "extract job people"], "B203"),
    ],
)
def test_steps_that_do_not_fit_are_refused(workshop: Workshop, steps: list[str], code: str) -> None:
    found = check(workshop, pipeline('query "SELECT Id FROM Contact"', *steps))
    assert [each["code"] for each in found] == [code]


def test_each_step_works(workshop: Workshop, proxy: Proxy) -> None:
    steps = [
        "create job people then wait up to 30s every 10ms then show",
        'extract job people to "people.csv" then delete job people',
    ]
    ran = workshop.run(pipeline('query all "SELECT Id FROM Contact"', *steps))
    assert ran.code == 0, ran.out + ran.err
    assert ran.event("shown")["properties"]["operation"] == "queryAll"
    assert proxy.count("POST", "/jobs/query") == 1
    assert proxy.count("DELETE", "/jobs/query/[^/]+") == 1


def test_a_format_that_is_not_known_sends_nothing(workshop: Workshop, proxy: Proxy) -> None:
    ran = workshop.run(pipeline('query "SELECT Id FROM Contact"', 'extract job people to "x.xlsx"'))
    assert ran.code == 2
    assert proxy.seen == []


def test_nonsense_is_no_query() -> None:
    with pytest.raises(SoqlError):
        parse("SELECT")
