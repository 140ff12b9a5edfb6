"""What SOQL allows is accepted, whether the sandbox supports it or not."""

from __future__ import annotations

import pytest

from bulkflow_soql import SoqlError, parse
from bulkflow_soql.features import add_condition, find_refused_by_bulk, list_all_paths, make_count
from bulkflow_soql.grammar import build_parser, load_grammar


@pytest.mark.parametrize(
    "query",
    [
        "SELECT Id FROM Contact WITH SECURITY_ENFORCED",
        "SELECT Id FROM Contact WHERE Name = 'x' WITH USER_MODE ORDER BY Name LIMIT 3",
        "SELECT Id FROM Contact USING SCOPE Mine WHERE Name != null",
        "SELECT Id FROM Contact LIMIT 1 FOR VIEW",
        "SELECT Id FROM Contact FOR REFERENCE, VIEW",
        "SELECT c.Id, c.Account.Name FROM Contact c WHERE c.Name = 'x'",
        "SELECT toLabel(Status), FORMAT(convertCurrency(Amount)) amount FROM Opportunity",
        "SELECT Id FROM Account WHERE DISTANCE(Loc__c, GEOLOCATION(37.7, -122.4), 'mi') < 20",
        "SELECT LeadSource, COUNT(Id) FROM Lead GROUP BY ROLLUP(LeadSource, Rating)",
        (
            "SELECT CALENDAR_YEAR(CreatedDate), SUM(Amount) FROM Opportunity "
            "GROUP BY CALENDAR_YEAR(CreatedDate) HAVING SUM(Amount) > 10"
        ),
        "SELECT Id, (SELECT Id FROM Contacts WHERE Name LIKE 'a%' LIMIT 5) FROM Account",
        "SELECT TYPEOF What WHEN Account THEN Phone ELSE Name END FROM Event",
        "SELECT FIELDS(STANDARD) FROM Account",
        "SELECT Id FROM Opportunity WHERE Amount > USD5000 AND CloseDate = LAST_N_DAYS:30",
        "SELECT Id, For, With, Using FROM X__c WHERE Limit = 3",
    ],
)
def test_soql_is_accepted(query: str) -> None:
    parse(query)
    assert parse(add_condition(parse(query), "Id != null"))


@pytest.mark.parametrize(
    ("query", "at"),
    [
        ("SELECT FROM Contact", 12),
        ("SELECT Id Contact", 10),
        ("SELECT Id FROM Contact WHERE", 28),
        ('SELECT Id FROM Contact WHERE Name = "x"', 36),
        ("SELECT Id FROM Contact WHERE A = 1 AND B = 2 OR C = 3", 45),
        ("SELECT Id FROM Contact; DELETE", 22),
        ("SELECT Id FROM Contact c d", 25),
    ],
)
def test_what_is_no_soql_has_its_place(query: str, at: int) -> None:
    with pytest.raises(SoqlError) as caught:
        parse(query)
    assert caught.value.at == at


def test_the_grammar_has_no_conflict() -> None:
    build_parser(load_grammar(), strict=True)


def test_functions_of_rows_are_for_query_jobs() -> None:
    assert list(find_refused_by_bulk(parse("SELECT toLabel(Status) FROM Case"))) == []
    (found,) = find_refused_by_bulk(parse("SELECT MAX(Amount) FROM Opportunity"))
    assert (found.name, found.at) == ("MAX()", 7)


def test_every_field_of_a_query_is_listed() -> None:
    query = parse(
        "SELECT Id, Account.Name, MAX(Amount) FROM Opportunity WHERE (NOT A = 1) AND (B = 2 OR "
        "C IN ('x')) GROUP BY D ORDER BY E"
    )
    names = {path.text for path in list_all_paths(query)}
    assert names == {"Id", "Account.Name", "Amount", "A", "B", "C", "D", "E"}


def test_a_query_is_counted_with_its_conditions() -> None:
    query = parse("select Id, Name from Contact where Name = 'x'")
    assert make_count(query) == "SELECT COUNT() FROM Contact where Name = 'x'"
    assert make_count(parse("SELECT Id FROM Contact LIMIT 3")) is None
