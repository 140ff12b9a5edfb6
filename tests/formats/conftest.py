"""An org with one field of each type, and what a job loads into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkflow_sandbox.testing import local_org
from support.postgres import Server, find_binaries, start_server
from support.workshop import Workshop

SCHEMA = {
    "objects": {
        "Thing__c": {
            "fields": {
                "Key__c": {"type": "string", "length": 80, "externalId": True, "unique": True},
                "Text__c": {"type": "string", "length": 255},
                "Int__c": {"type": "double", "precision": 18, "scale": 0},
                "Amount__c": {"type": "currency", "precision": 18, "scale": 2},
                "Ratio__c": {"type": "double", "precision": 18, "scale": 8},
                "Flag__c": {"type": "boolean"},
                "Day__c": {"type": "date"},
                "Moment__c": {"type": "datetime"},
                "Tags__c": {"type": "multipicklist", "picklistValues": ["a", "b"]},
            }
        }
    }
}


class Loading(Workshop):
    """A workshop whose jobs load into an org that the test can read."""

    org: object

    def load(self, *clauses: str, **settings: str) -> list[dict[str, object]]:
        """Load rows into Thing__c, and return its records, by key."""
        lines = "".join(f"    {each}\n" for each in ("upsert Thing__c by Key__c", *clauses))
        params = "".join(f"param {name}\n" for name in settings)
        given = [word for each in settings.items() for word in ("--set", "=".join(each))]
        ran = self.run(
            f"org env\n{params}job a\n{lines}load\nrequire failed rows under 1\n", *given
        )
        assert ran.code == 0, ran.out + ran.err
        found = self.org.records("Thing__c")
        return sorted(found, key=lambda each: str(each["Key__c"]))

    def refuse(self, *clauses: str, **settings: str) -> dict[str, object]:
        """Run a job that fails before the first request, and return its error."""
        lines = "".join(f"    {each}\n" for each in ("upsert Thing__c by Key__c", *clauses))
        params = "".join(f"param {name}\n" for name in settings)
        given = [word for each in settings.items() for word in ("--set", "=".join(each))]
        ran = self.run(f"org env\n{params}job a\n{lines}load\n", *given)
        assert ran.code == 2, ran.out + ran.err
        assert not [each for each in self.org.requests if each.method == "POST"]
        assert "Traceback" not in ran.out + ran.err
        if ran.out:
            (error,) = ran.event("run_finished")["errors"]
            return error
        return {"message": ran.err, "help": ran.err, "place": ran.err, "notes": [ran.err]}


@pytest.fixture
def loading(tmp_path: Path) -> Iterator[Loading]:
    with local_org(schema=SCHEMA) as org:
        made = Loading(tmp_path, dict(org.environment))
        made.org = org
        yield made


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    pytest.importorskip("adbc_driver_postgresql")
    with start_server(binaries) as server:
        yield server
