"""Queries: types, parameters, errors, and the address that nothing shows."""

from __future__ import annotations

import sqlite3

import pytest

from support.postgres import PASSWORD

TYPES = {
    "smallint '-3'": "-3",
    "9007199254740993::bigint": "9007199254740993",
    "123456789012345678901234567890.10::numeric": "123456789012345678901234567890.10",
    "0.0000001::numeric": "0.0000001",
    "'1.5'::real": "1.5",
    "1e300::float8": "1" + "0" * 300,
    "2.0::float8": "2",
    "'x y'::char(5)": "x y",
    "true": "true",
    "date '2024-02-29'": "2024-02-29",
    "time '01:02:03.5'": "01:02:03.500Z",
    "timetz '01:02:03+02'": "23:02:03.000Z",
    "timestamp '2024-02-29 03:04:05.678'": "2024-02-29T03:04:05.678Z",
    "timestamptz '2024-02-29 03:04:05+02'": "2024-02-29T01:04:05.000Z",
    "interval '1 day 2 hours'": "1 day 02:00:00",
    "'abc'::bytea": "YWJj",
    """'{"a":[1, 2]}'::jsonb""": '{"a": [1, 2]}',
    "'6f9619ff-8b86-d011-b42d-00c04fc964ff'::uuid": "6f9619ff-8b86-d011-b42d-00c04fc964ff",
    "array['a', NULL, 'b']": "a;b",
    "array[1.50::numeric]": "1.50",
    "array[]::text[]": "",
    "'sad'::mood": "sad",
    "'10.0.0.1'::inet": "10.0.0.1/32",
    "point(1, 2)": "(1,2)",
    "5.10::money": "5.10",
    "'<a/>'::xml": "<a/>",
    "int4range(1, 3)": "[1,3)",
    "7::posint": "7",
    "timestamptz '2024-02-29 03:04:05+02'::moment": "2024-02-29T01:04:05.000Z",
    "row(1, 'a')": "(1,a)",
    "4000000000::oid": "4000000000",
    "B'101'": "101",
    "NULL": "",
}


@pytest.fixture(scope="module")
def typed(postgres):
    postgres.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'glad')",
        "CREATE DOMAIN posint AS int CHECK (value > 0)",
        "CREATE DOMAIN moment AS timestamptz",
    )
    return postgres


def read_source(loading, query: str, url: str) -> list[list[str]]:
    """Return the rows of the copy that a plan would send, by way of the sandbox's input."""
    import csv

    loading.environ["WAREHOUSE"] = url
    text = query.replace("\\", "\\\\").replace('"', '\\"').replace("{", "{{").replace("}", "}}")
    ran = loading.run(
        f'org env\njob a\n    insert Thing__c\n    from sql "{text}" at env WAREHOUSE\nupload\n'
    )
    assert ran.code in {0, 3}, ran.out
    (copy,) = (loading.folder / "state").rglob("rows-*.csv")
    with copy.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_every_type_of_postgresql(loading, typed) -> None:
    selected = ", ".join(f'{sql} AS "c{n}"' for n, sql in enumerate(TYPES))
    names, row = read_source(loading, f"SELECT {selected}", typed.url)
    assert names == [f"c{n}" for n in range(len(TYPES))]
    assert dict(zip(TYPES, row, strict=True)) == TYPES


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("'NaN'::numeric", "nan is not a finite number"),
        ("'Infinity'::float8", "inf is not a finite number"),
        ("'infinity'::timestamptz", "is outside of the years 0001 to 9999"),
        ("date '0044-03-15 BC'", "is outside of the years 0001 to 9999"),
        ("array['a;b']", "contains a semicolon"),
    ],
)
def test_a_value_without_a_form_is_refused(loading, typed, sql: str, shown: str) -> None:
    loading.environ["WAREHOUSE"] = typed.url
    error = loading.refuse(f'from sql "SELECT 1 AS Key__c, {sql} AS bad" at env WAREHOUSE')
    assert error["message"].startswith("column bad: ")
    assert shown in error["message"]


def test_the_rows_of_an_empty_result_have_columns(loading, typed) -> None:
    loading.environ["WAREHOUSE"] = typed.url
    clauses = '    insert Thing__c\n    from sql "SELECT 1 AS a WHERE false;" at env WAREHOUSE\n'
    file = loading.write("b.bulkflow", f"org env\njob a\n{clauses}    rename b to Text__c\nload\n")
    checked = loading.command("check", "--sources", str(file))
    assert checked.code == 2
    assert "a" in checked.err
    assert "b" in checked.err


ERRORS = {
    "SELECT * FROM nowhere": 'relation "nowhere" does not exist',
    "SELECT 1/0 AS x": "division by zero",
    "SELECT 1 AS x; SELECT 2": "syntax error",
    "DELETE FROM pg_class": "syntax error",
    "CREATE TABLE x (a int)": "syntax error",
    "SELECT set_config('transaction_read_only', 'off', false) AS x": "read-write mode",
    "WITH gone AS (DELETE FROM t RETURNING 1) SELECT * FROM gone": "data-modifying",
}


@pytest.mark.parametrize("query", ERRORS)
def test_an_error_of_the_database_is_one_message(loading, typed, query: str) -> None:
    typed.execute("CREATE TABLE IF NOT EXISTS t (a int)")
    loading.environ["WAREHOUSE"] = typed.url
    error = loading.refuse(f'from sql "{query}" at env WAREHOUSE')
    assert error["message"] in {"the database refuses the query", "the rows cannot be read"}
    assert error["place"] == "sql://WAREHOUSE"
    assert ERRORS[query] in error["notes"][0]
    assert "correct the query" in error["help"]


def test_an_error_in_a_late_row_leaves_nothing(loading, typed) -> None:
    loading.environ["WAREHOUSE"] = typed.url
    query = "SELECT i AS Key__c, 1 / (300000 - i) AS x FROM generate_series(1, 300000) i"
    error = loading.refuse(f'from sql "{query}" at env WAREHOUSE')
    assert "[libpq]" in error["notes"][0]
    assert not list((loading.folder / "state").rglob("rows-*.csv"))


def test_two_columns_of_one_name_are_named(loading, typed) -> None:
    loading.environ["WAREHOUSE"] = typed.url
    error = loading.refuse('from sql "SELECT 1 AS id, 2 AS id" at env WAREHOUSE')
    assert error["message"] == "two columns of the query have the same name"
    assert "ambiguous" in error["notes"][0]


BAD_URLS = [
    "postgresql://loader:{secret}@127.0.0.1:{port}/postgres",
    "postgresql://loader:%zz{secret}@127.0.0.1:{port}/postgres",
    "postgresql://loader:pa@{secret}@127.0.0.1:{port}/postgres",
    "postgresql://loader@127.0.0.1:1/postgres?password={secret}",
    "postgresql://loader:{secret}@nowhere.invalid/postgres?nonsense={secret}",
    "mysql+nothing://loader:{secret}@127.0.0.1/x",
    "mysql://loader:{secret}@127.0.0.1:notaport/x",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_no_message_shows_the_address(loading, postgres, url: str) -> None:
    secret = "hunter2-of-nobody"
    loading.environ["WAREHOUSE"] = url.format(secret=secret, port=postgres.port)
    error = loading.refuse('from sql "SELECT 1 AS Key__c" at env WAREHOUSE')
    assert "WAREHOUSE" in error["help"] + error["place"]
    assert secret not in str(error)
    assert "hunter2" not in everything(loading)


def everything(loading) -> str:
    """Return all that a run, a plan and a check write, and all that they keep."""
    file = str(loading.folder / "test.bulkflow")
    state = str(loading.folder / "state")
    log = loading.folder / "log.txt"
    said = []
    for command in (
        ("plan", file, "--json", "--state-dir", state),
        ("plan", file, "--state-dir", state),
        ("check", "--sources", file),
        ("-vv", "run", file, "--state-dir", state),
        ("runs", "--state-dir", state),
    ):
        loading.environ["BULKFLOW_LOG"] = f"debug,{log}"
        ran = loading.command(*command)
        said += [ran.out, ran.err]
    for path in (loading.folder / "state").rglob("*"):
        if path.is_file():
            said.append(path.read_bytes().decode("latin-1"))
    if log.exists():
        said.append(log.read_text("utf-8"))
    return "\n".join(said)


def test_a_run_keeps_nothing_of_the_address(loading, postgres) -> None:
    loading.environ["WAREHOUSE"] = postgres.url
    loading.load("from sql \"SELECT 'a' AS Key__c\" at env WAREHOUSE".replace('\\"', "'"))
    kept = everything(loading)
    assert "sql://WAREHOUSE" in kept
    assert PASSWORD not in kept
    assert str(postgres.port) not in kept


def test_a_url_in_the_file_has_no_password(loading) -> None:
    error = loading.refuse('from sql "SELECT 1" at "postgresql://a:b@c/d"')
    assert "secrets do not belong in a pipeline file" in str(error)


PARAMETERS = {
    "'{p}'": {
        "O'Brien": "O'Brien",
        "x' OR '1'='1": "x' OR '1'='1",
        "'; DROP TABLE t; --": "'; DROP TABLE t; --",
        "$$ x": "$$ x",
        "": "",
    },
    "{p}": {"42": "42", "-1.5": "-1.5"},
    "5-{p}": {"-1": "6"},
    "'a' -- it's\n || '{p}'": {"b'c": "ab'c"},
    "$q$it's$q$ || '{p}'": {"b'c": "it'sb'c"},
    "'it''s {p}'": {"'": "it's '"},
}


@pytest.mark.parametrize(
    ("sql", "given", "expected"),
    [(sql, *pair) for sql, pairs in PARAMETERS.items() for pair in pairs.items()],
)
def test_a_parameter_is_a_value(loading, postgres, sql: str, given: str, expected: str) -> None:
    loading.environ["WAREHOUSE"] = postgres.url
    records = loading.load(
        f'from sql """SELECT \'k\' AS Key__c, {sql} AS Text__c""" at env WAREHOUSE'.replace(
            "Key__c", '\\"Key__c\\"'
        ).replace("Text__c", '\\"Text__c\\"'),
        p=given,
    )
    assert records[0]["Text__c"] == (expected or None)


REFUSED = {
    "{p}": ["1; DROP TABLE t", "name", "1 OR 1=1", "1e5", "", "0x10"],
    '\\"{p}\\"': ["a"],
    "1 /* {p} */": ["a"],
    "1 -- {p}\n": ["a"],
    "'{p}'": ["back\\slash", "line\nbreak", "nul\x01"],
    "E'a\\\\' {p}'": ["x"],
    "[it's] {p}": ["x"],
    "$q$ {p} $q$": ["x"],
}


@pytest.mark.parametrize(
    ("sql", "given"), [(sql, each) for sql, values in REFUSED.items() for each in values]
)
def test_a_parameter_that_could_change_the_query_is_refused(loading, sql: str, given: str) -> None:
    loading.environ["CRM"] = "sqlite:///crm.db"
    error = loading.refuse(f'from sql """SELECT {sql}""" at env CRM', p=given)
    assert "query" in str(error) or "number" in str(error) or "backslash" in str(error)


def test_a_whole_query_does_not_come_from_outside(loading) -> None:
    loading.environ["CRM"] = "sqlite:///crm.db"
    error = loading.refuse("from sql p at env CRM", p="SELECT 1")
    assert "the whole query comes from outside" in str(error)


def test_sqlite_is_only_read(loading) -> None:
    with sqlite3.connect(loading.folder / "crm.db") as database:
        database.execute("CREATE TABLE t (a)")
    database.close()
    loading.environ["CRM"] = "sqlite:///crm.db"
    error = loading.refuse('from sql "DELETE FROM t RETURNING a" at env CRM')
    assert error["notes"] == ["attempt to write a readonly database"]
    error = loading.refuse('from sql "SELECT b FROM t" at env CRM')
    assert error["notes"] == ["no such column: b"]


def test_a_sqlite_database_that_is_not_there(loading) -> None:
    loading.environ["CRM"] = "sqlite:///no/crm.db"
    error = loading.refuse('from sql "SELECT 1" at env CRM')
    assert error["message"] == "there is no database at this URL"
    assert not (loading.folder / "no").exists()


def test_an_unset_variable_is_an_error_of_the_file(loading) -> None:
    ran = loading.run('org env\njob a\n    insert Thing__c\n    from sql "x" at env CRM\nload\n')
    assert ran.code == 2
    assert "the environment variable CRM is not set" in ran.err


def test_a_missing_driver_is_told_with_the_line_that_installs_it(loading, monkeypatch) -> None:
    import bulkflow_formats.extras as extras

    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    loading.environ["WAREHOUSE"] = "postgresql://nobody@127.0.0.1:1/x"
    error = loading.refuse('from sql "SELECT 1" at env WAREHOUSE')
    assert error["help"] == "install it: pip install 'bulkflow-sf[sql]'"
    loading.environ["WAREHOUSE"] = "mysql://nobody@127.0.0.1:1/x"
    error = loading.refuse('from sql "SELECT 1" at env WAREHOUSE')
    assert "read with SQLAlchemy, which is not installed" in error["message"]


@pytest.mark.parametrize("line", ["streamed", 'delimiter ";"', 'encoding "utf-16"', "sheet 1"])
def test_what_only_files_have_is_refused(loading, line: str) -> None:
    loading.environ["CRM"] = "sqlite:///crm.db"
    error = loading.refuse('from sql "SELECT 1" at env CRM', line)
    assert "remove this line" in str(error)
