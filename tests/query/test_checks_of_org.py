"""`plan --check-org`: queries against the org's objects, and how many rows match."""

from __future__ import annotations

import pytest

from query.conftest import ROWS
from query.people import pipeline
from support.proxy import Proxy, answering
from support.workshop import Ran, Workshop


def plan(workshop: Workshop, clause: str) -> Ran:
    file = workshop.write("p.bulkflow", pipeline(clause))
    return workshop.command("plan", "--check-org", str(file))


def test_the_rows_that_match_are_counted(workshop: Workshop, proxy: Proxy) -> None:
    ran = plan(
        workshop,
        'query """SELECT Id, Owner.Name, Account.Owner.Email\n    FROM Contact\n'
        '    WHERE Email != null AND (NOT Account.Name LIKE \'x%\')"""',
    )
    assert ran.code == 0, ran.out + ran.err
    assert f"the query of job people matches {ROWS} rows now" in ran.err
    assert proxy.count("POST", "/jobs/query") == 0


@pytest.mark.parametrize(
    ("query", "message", "advice"),
    [
        ("SELECT Id FROM Contct", "the org has no object Contct", "did you mean `Contact`?"),
        ("SELECT Id, Emial FROM Contact", "Contact has no field Emial", "did you mean `Email`?"),
        ("SELECT Id FROM Contact WHERE Nme = 'x'", "Contact has no field Nme", "`Name`"),
        ("SELECT Acount.Name FROM Contact", "Contact has no parent Acount", "`Account`"),
        ("SELECT Account.Nmae FROM Contact", "Account.Nmae: Account has no field Nmae", "`Name`"),
        ("SELECT Id FROM Contact ORDER BY Emails", "Contact has no field Emails", "`Email`"),
    ],
)
def test_what_the_org_does_not_have_is_found(
    workshop: Workshop, proxy: Proxy, query: str, message: str, advice: str
) -> None:
    ran = plan(workshop, f'query "{query}"')
    assert ran.code == 2
    assert message in ran.err
    assert advice in ran.err
    assert proxy.count("POST", "/jobs/query") == 0


def test_a_count_that_fails_is_said(workshop: Workshop, proxy: Proxy) -> None:
    refused = answering(400, [{"errorCode": "QUERY_TIMEOUT", "message": "Your query was too slow"}])
    proxy.on("GET", "/query", refused, times=None)
    ran = plan(workshop, 'query "SELECT Id FROM Contact"')
    assert ran.code == 0, ran.out + ran.err
    assert "could not be counted" in ran.err
