"""The same queries through bulkflow, simple-salesforce and jsforce, and a reference in Python."""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import frozen

from bulkflow.cli import main
from bulkflow.cli.environment import Environment
from bulkflow_sandbox import Choices
from bulkflow_sandbox.testing import LocalOrg, local_org

DRIVER = Path(__file__).parent / "node" / "jsforce" / "driver.js"
FIELDS = ("Name", "Industry", "NumberOfEmployees", "BillingCity")
CITIES = ("Oslo", "Rome", "O'Fallon", 'The "Hague"', "Łódź, Old Town", "two\nlines", "")
INDUSTRIES = ("Energy", "Banking", "")

simple_salesforce = pytest.importorskip("simple_salesforce")


@pytest.fixture(scope="module")
def org() -> Iterator[LocalOrg]:
    chance = random.Random(7)
    with local_org(tls=True, choices=Choices(query_page_rows=11)) as made:
        for number in range(60):
            record = {
                "Name": f"Account {number:02}",
                "Industry": chance.choice(INDUSTRIES) or None,
                "NumberOfEmployees": chance.choice([None, 0, 7, 250, 10_000_000]),
                "BillingCity": chance.choice(CITIES) or None,
            }
            made.insert("Account", record)
        yield made


@pytest.fixture
def trusted(org: LocalOrg, monkeypatch: pytest.MonkeyPatch) -> LocalOrg:
    for name, value in org.environment.items():
        monkeypatch.setenv(name, value)
    return org


@frozen
class Question:
    """A condition in SOQL, and what it means for a record."""

    soql: str
    holds: Callable[[dict[str, object]], bool]


def quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def draw(chance: random.Random, depth: int = 0) -> Question:
    """A random condition."""
    if depth < 2 and chance.random() < 0.5:
        one, other = draw(chance, depth + 1), draw(chance, depth + 1)
        if chance.random() < 0.5:
            return Question(
                f"({one.soql} AND {other.soql})", lambda each: one.holds(each) and other.holds(each)
            )
        return Question(
            f"({one.soql} OR {other.soql})", lambda each: one.holds(each) or other.holds(each)
        )
    return chance.choice((_city, _cities, _number, _like, _null))(chance)


def _city(chance: random.Random) -> Question:
    city = chance.choice(CITIES[:-1])
    if chance.random() < 0.5:
        return Question(f"BillingCity = {quote(city)}", lambda each: each["BillingCity"] == city)
    return Question(f"BillingCity != {quote(city)}", lambda each: each["BillingCity"] != city)


def _cities(chance: random.Random) -> Question:
    cities = chance.sample(CITIES[:-1], 2)
    listed = ", ".join(map(quote, cities))
    return Question(f"BillingCity IN ({listed})", lambda each: each["BillingCity"] in cities)


def _number(chance: random.Random) -> Question:
    limit = chance.choice((0, 7, 250))
    return Question(
        f"NumberOfEmployees > {limit}",
        lambda each: each["NumberOfEmployees"] is not None and each["NumberOfEmployees"] > limit,
    )


def _like(chance: random.Random) -> Question:
    digit = chance.randrange(6)
    return Question(
        f"Name LIKE 'Account {digit}%'", lambda each: str(each["Name"])[8] == str(digit)
    )


def _null(chance: random.Random) -> Question:
    field = chance.choice(("Industry", "BillingCity", "NumberOfEmployees"))
    return Question(f"{field} = null", lambda each: each[field] is None)


Rows = list[tuple[str, ...]]


def refer(org: LocalOrg, question: Question) -> Rows:
    """What the query means, in Python."""
    return sorted(
        tuple("" if each[name] is None else str(each[name]) for name in FIELDS)
        for each in org.records("Account")
        if question.holds(each)
    )


def extract(org: LocalOrg, folder: Path, question: Question, more: str = "") -> Rows:
    """The rows that bulkflow extracts."""
    query = f"SELECT {', '.join(FIELDS)} FROM Account WHERE {question.soql}"
    written = query.replace("\\", "\\\\").replace('"', '\\"')
    file = folder / "q.bulkflow"
    file.write_text(
        f'org env\njob all\n    query "{written}"\n{more}extract job all to "rows.csv"\n', "utf-8"
    )
    out, err = io.StringIO(), io.StringIO()
    environment = Environment(out, err, dict(org.environment), io.BytesIO())
    code = main(["run", "--fresh", str(file), "--state-dir", str(folder / "s")], environment)
    assert code == 0, out.getvalue() + err.getvalue()
    with (folder / "rows.csv").open(encoding="utf-8", newline="") as opened:
        return sort(csv.DictReader(opened))


def sort(rows) -> Rows:
    return sorted(tuple(_plain(row[name]) for name in FIELDS) for row in rows)


def _plain(value: object) -> str:
    """A number without its notation: query jobs write large ones as 1.0E7."""
    text = "" if value is None else str(value)
    try:
        return f"{float(text):.0f}"
    except ValueError:
        return text


@pytest.mark.parametrize("seed", range(12))
def test_bulkflow_and_simple_salesforce_find_what_the_query_means(
    trusted: LocalOrg, tmp_path: Path, seed: int
) -> None:
    question = draw(random.Random(seed))
    meant = refer(trusted, question)
    assert extract(trusted, tmp_path, question) == meant
    assert extract(trusted, tmp_path, question, "    over rest\n") == meant
    with simple_salesforce.api.requests.Session() as session:
        client = simple_salesforce.Salesforce(
            instance=trusted.instance, session_id=trusted.token, session=session, version="66.0"
        )
        soql = f"SELECT {', '.join(FIELDS)} FROM Account WHERE {question.soql}"
        bulk = client.bulk2.Account.query(soql, max_records=11)
        pages = [csv.DictReader(io.StringIO(page, newline="")) for page in bulk]
        assert sort(row for page in pages for row in page) == meant
        assert sort(client.query_all(soql)["records"]) == meant


@pytest.fixture
def plain_org(org: LocalOrg) -> Iterator[LocalOrg]:
    """The same records in an org without TLS, with all rows on one page.

    jsforce 3 ends its process at a second page: "write after end".
    """
    with local_org() as made:
        for record in org.records("Account"):
            made.insert("Account", {name: record[name] for name in FIELDS})
        yield made


@pytest.mark.parametrize("seed", range(2))
def test_jsforce_finds_the_same(
    plain_org: LocalOrg, tmp_path: Path, node: Path, jsforce_folder: Path, seed: int
) -> None:
    question = draw(random.Random(100 + seed))
    soql = f"SELECT {', '.join(FIELDS)} FROM Account WHERE {question.soql}"
    connect = {"instanceUrl": plain_org.url, "accessToken": plain_org.token, "version": "66.0"}
    with subprocess.Popen(
        [str(node), str(DRIVER)],
        cwd=jsforce_folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for order in ({"connect": connect}, {"query": {"soql": soql}}):
            running.stdin.write(f"{json.dumps(order)}\n")
            running.stdin.flush()
            found = json.loads(running.stdout.readline())
        running.stdin.close()
    assert "error" not in found, found
    assert sort(found["value"]) == extract(plain_org, tmp_path, question)
