"""What `check --sources` and `plan` find wrong with data, without sending any of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkflow_sandbox import Sandbox, SandboxServer
from bulkflow_sandbox.schema.file import load_standard_schema, read_schema
from support.proxy import Proxy
from support.workshop import Workshop

SCHEMA = {
    "permissions": {
        "objects": {"Campaign": ["read"], "Lead": ["read", "create", "update"]},
        "fields": {"Account.Phone": "read", "Account.Fax": "hidden"},
    }
}


@pytest.fixture(scope="module")
def org() -> Iterator[SandboxServer]:
    sandbox = Sandbox(schema=read_schema(SCHEMA, load_standard_schema()))
    with SandboxServer(sandbox, owned=True) as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, org: SandboxServer) -> Workshop:
    return Workshop(tmp_path, {"SF_ACCESS_TOKEN": org.token, "SF_ORG_INSTANCE_URL": org.url})


def pipeline(what: str, *more: str, source: str = "rows.csv") -> str:
    clauses = "".join(f"    {line}\n" for line in (what, f'from "{source}"', *more))
    return f"org env\njob rows\n{clauses}load job rows\n"


def found(desk: Workshop, text: str, *arguments: str) -> list[dict[str, str]]:
    """The diagnostics of a command."""
    file = desk.write("test.bulkflow", text)
    ran = desk.command(*arguments, "--format", "json", str(file))
    read = json.loads(ran.out)
    return read["diagnostics"] if isinstance(read, dict) else read


def sources(desk: Workshop, text: str) -> list[tuple[str, str]]:
    return [(each["code"], each["message"]) for each in found(desk, text, "check", "--sources")]


def against_org(desk: Workshop, text: str) -> list[tuple[str, str, str]]:
    """Code, message and help of what the org says."""
    return [
        (each["code"], each["message"], each["help"] or "")
        for each in found(desk, text, "plan", "--check-org")
    ]


# -------------------------------------------------------------------------------- sources


def test_a_source_is_reported_at_its_clause(desk: Workshop) -> None:
    (told,) = found(desk, pipeline("insert Account", source="no-*.csv"), "check", "--sources")
    assert (told["code"], told["line"], told["column"]) == ("B401", 4, 5)
    assert "no file matches" in told["message"]


@pytest.mark.parametrize(
    ("what", "header", "codes"),
    [
        ("insert Account", "Name", []),
        ("insert Account", "Name,id", ["B403"]),
        ("update Account", "ID,Name", []),
        ("update Account", "Name", ["B402"]),
        ("upsert Account by External_Id__c", "external_id__c,Name", []),
        ("upsert Account by External_Id__c", "Id,Name", ["B402"]),
        ("upsert Account by Id", "Id,Name", []),
        ("delete Account", "Id", []),
        ("delete Account", "Id,Name", ["B403"]),
        ("hard delete Account", "Name", ["B402", "B403"]),
    ],
)
def test_columns_are_held_against_the_operation(
    desk: Workshop, what: str, header: str, codes: list[str]
) -> None:
    desk.write("rows.csv", f"{header}\n{header}\n")
    assert [code for code, _ in sources(desk, pipeline(what))] == codes


@pytest.mark.parametrize("streamed", ["", "    streamed\n"])
def test_a_run_holds_columns_against_the_operation_before_its_first_request(
    workshop: Workshop, proxy: Proxy, streamed: str
) -> None:
    workshop.write("rows.csv", "ExternalId,Name\n1,A\n")
    text = pipeline("upsert Account by External_Id__c")
    ran = workshop.run(text.replace("load ", streamed + "load ", 1))
    assert ran.code == 2, ran.out
    (error,) = ran.event("run_finished")["errors"]
    assert "rows.csv has no column External_Id__c" in error["message"]
    assert not proxy.count("POST", "/jobs/ingest")


def test_columns_that_a_file_of_saved_rows_has_are_told_with_the_clause_that_drops_them(
    desk: Workshop,
) -> None:
    desk.write("rows.csv", "Name,_file,_line,_error\nA,x.csv,2,why\n")
    text = pipeline("insert Account")
    (told,) = found(desk, text, "check", "--sources")
    assert told["code"] == "B403"
    assert told["help"] == "leave them out: `drop _file _line _error`"
    dropped = text.replace("load ", "    drop _file _line _error\nload ", 1)
    assert sources(desk, dropped) == []


def test_a_missing_key_comes_with_the_column_that_may_be_meant(desk: Workshop) -> None:
    desk.write("rows.csv", "ExternalId,Name\n1,A\n")
    text = pipeline("upsert Account by External_Id__c")
    (told,) = found(desk, text, "check", "--sources")
    assert "did you mean `ExternalId`?" in told["help"]
    assert told["line"] == 3


def test_a_packed_file_and_other_delimiters_are_read(desk: Workshop) -> None:
    desk.write("rows.csv.gz", gzip.compress(b"Name;Phone\n" + b"A;1\n" * 400_000))
    text = pipeline("update Account", source="rows.csv.gz")
    assert [code for code, _ in sources(desk, text)] == ["B402"]
    broken = desk.write("cut.csv.gz", gzip.compress(b"Id\n1\n")[:12])
    text = pipeline("update Account", source=broken.name)
    ((code, message),) = sources(desk, text)
    assert code == "B401"
    assert "gzip" in message


def test_files_of_one_job_have_the_same_columns(desk: Workshop) -> None:
    desk.write("a-1.csv", "Name\nA\n")
    desk.write("a-2.csv", "Name,Phone\nA,1\n")
    ((code, message),) = sources(desk, pipeline("insert Account", source="a-*.csv"))
    assert (code, message) == ("B401", "a-2.csv has other columns than a-1.csv")


def test_only_the_beginning_of_the_data_is_read(desk: Workshop) -> None:
    desk.write("rows.csv", 'Name\nA\n"never closed\n')
    assert sources(desk, pipeline("insert Account")) == []
    told = found(desk, pipeline("insert Account"), "plan")
    assert [each["code"] for each in told] == ["B401"]
    assert "line 3" in told[0]["message"]


def test_standard_input_is_left_for_the_run(desk: Workshop) -> None:
    file = desk.write("test.bulkflow", pipeline("update Account", source="-"))
    assert desk.command("check", "--sources", str(file)).code == 0


def test_a_source_that_a_step_writes_is_not_looked_for(desk: Workshop) -> None:
    desk.write("rows.csv", "Name\nA\n")
    text = pipeline("insert Account") + 'save failed rows of job rows to "failed.csv"\n'
    text += 'job again\n    insert Account\n    from "failed.csv"\nload job again\n'
    assert sources(desk, text) == []


def test_every_file_of_a_loop_is_looked_at(desk: Workshop) -> None:
    desk.write("in/1.csv", "Id,Name\n1,A\n")
    desk.write("in/2.csv", "Name\nA\n")
    text = (
        'org env\nfor file in "in/*.csv"\n    job each\n        update Account\n'
        "        from file\n    load job each\n"
    )
    ((code, message),) = sources(desk, text)
    assert code == "B402"
    assert message.startswith("in/2.csv has no column Id")


def test_a_warning_for_github_names_file_and_line(desk: Workshop) -> None:
    desk.write("rows.csv", "NAME\nA\n")
    file = desk.write("test.bulkflow", pipeline("insert Account"))
    ran = desk.command("plan", "--check-org", "--format", "github", str(file))
    assert ran.code == 0
    assert ran.out.startswith("::warning file=")
    assert "line=4,col=5" in ran.out
    assert "title=B418" in ran.out


def test_a_file_that_is_wrong_is_told_in_the_same_form_by_plan(desk: Workshop) -> None:
    (told,) = found(desk, "frobnicate\n", "plan")
    assert told["code"] == "B301"


# ------------------------------------------------------------------------------------ org


def test_all_unknown_columns_are_named_with_the_fields_that_may_be_meant(desk: Workshop) -> None:
    desk.write("rows.csv", "Account Name,Phnoe,Fax,Zzz,Parnt.External_Id__c\na,b,c,d,e\n")
    told = against_org(desk, pipeline("insert Account"))
    assert [code for code, _, _ in told] == ["B412", "B427"]
    assert "5 columns match no Account field visible to this user" in told[0][1]
    for name in ("Account Name", "Phnoe", "Fax", "Zzz", "Parnt.External_Id__c"):
        assert name in told[0][1]
    hints = told[0][2].splitlines()
    assert "Account Name: did you mean `Name`?" in hints
    assert "Phnoe: did you mean `Phone`?" in hints
    assert "Parnt.External_Id__c: did you mean `Parent.External_Id__c`?" in hints
    assert not any(hint.startswith("Zzz") for hint in hints)


def test_fields_that_this_user_may_not_write_are_named(desk: Workshop) -> None:
    desk.write("rows.csv", "Name,Phone,CreatedDate\na,1,2026-01-01T00:00:00Z\n")
    ((code, message, _),) = against_org(desk, pipeline("insert Account"))
    assert code == "B413"
    assert "2 columns are fields of Account that cannot be set by insert" in message
    assert "Phone, CreatedDate" in message


def test_operations_that_this_user_may_not_do_are_named(desk: Workshop) -> None:
    desk.write("rows.csv", "Id\n0015f00000AAAAAAAA\n")
    assert [told[:2] for told in against_org(desk, pipeline("delete Lead"))] == [
        ("B413", "this user may not delete records of Lead")
    ]
    desk.write("rows.csv", "Name\na\n")
    told = against_org(desk, pipeline("insert Campaign"))
    assert ("B413", "this user may not insert records of Campaign") in [each[:2] for each in told]


def test_required_fields_are_an_error_for_insert_and_a_warning_for_upsert(desk: Workshop) -> None:
    desk.write("rows.csv", "External_Id__c,FirstName\n1,Ada\n")
    for what, severity in (
        ("insert Contact", "error"),
        ("upsert Contact by External_Id__c", "warning"),
    ):
        (told,) = found(desk, pipeline(what), "plan", "--check-org")
        assert (told["code"], told["severity"]) == ("B414", severity)
        assert "LastName" in told["message"]


@pytest.mark.parametrize(
    ("column", "codes"),
    [
        ("Account.External_Id__c", []),
        ("account.external_id__c", ["B418"]),
        ("Account.Name", ["B415"]),
        ("Account.Nmae", ["B412"]),
        ("Account:Account.External_Id__c", ["B412"]),
        ("ReportsTo.Email", []),
    ],
)
def test_lookup_columns_are_followed_to_the_key_of_the_parent(
    desk: Workshop, column: str, codes: list[str]
) -> None:
    desk.write("rows.csv", f"LastName,{column}\nA,1\n")
    assert [code for code, _, _ in against_org(desk, pipeline("insert Contact"))] == codes


@pytest.mark.parametrize(
    ("column", "codes"),
    [
        ("Contact:Who.Email", []),
        ("Who.Email", ["B412"]),
        ("Account:Who.External_Id__c", ["B412"]),
        ("Lead:Who.Emial", ["B412"]),
    ],
)
def test_a_lookup_to_several_objects_names_the_one_that_is_meant(
    desk: Workshop, column: str, codes: list[str]
) -> None:
    desk.write("rows.csv", f"Subject,{column}\nCall,1\n")
    told = against_org(desk, pipeline("insert Task"))
    assert [code for code, _, _ in told] == codes
    if column == "Who.Email":
        assert "`Contact:Who.Email`, `Lead:Who.Email`" in told[0][2]


def test_a_key_that_is_none_comes_with_those_that_are(desk: Workshop) -> None:
    desk.write("rows.csv", "External_Id,Name\n1,A\n")
    told = against_org(desk, pipeline("upsert Account by External_Id"))
    assert "B415" in [code for code, _, _ in told]
    advice = next(advice for code, _, advice in told if code == "B415")
    assert "did you mean `External_Id__c`?" in advice


def test_an_unknown_object_comes_with_the_nearest_one(desk: Workshop) -> None:
    desk.write("rows.csv", "Name\nA\n")
    assert against_org(desk, pipeline("insert Acount")) == [
        ("B411", "the org has no object Acount that this user may see", "did you mean `Account`?")
    ]


CHILDREN = """\
org env
job parents
    upsert Account by External_Id__c
    from "parents.csv"
job people
    insert Contact
    from "people.csv"
"""


@pytest.mark.parametrize(
    ("steps", "codes"),
    [
        ("load job parents\nload job people\n", []),
        ("load job people\nload job parents\n", ["B416"]),
        ("parallel\n    load job people\n    load job parents\n", ["B416"]),
        ("upload then close job parents\nload job people\nwait for job parents\n", ["B416"]),
        ("upload then close then wait for job parents\nload job people\n", []),
        ("parallel\n    load job parents then load job people\n    log 1\n", []),
        ("parallel\n    load job parents\n    log 1\nload job people\n", []),
    ],
)
def test_children_come_after_their_parents_are_processed(
    desk: Workshop, steps: str, codes: list[str]
) -> None:
    desk.write("parents.csv", "External_Id__c,Name\n1,A\n")
    desk.write("people.csv", "LastName,Account.External_Id__c\nA,1\n")
    assert [code for code, _, _ in against_org(desk, CHILDREN + steps)] == codes


def test_what_is_left_of_the_limits_is_told_and_compared(tmp_path: Path) -> None:
    with SandboxServer() as small:
        desk = Workshop(
            tmp_path, {"SF_ACCESS_TOKEN": small.token, "SF_ORG_INSTANCE_URL": small.url}
        )
        desk.write("rows.csv", "Name\nA\nB\nC\n")
        file = desk.write("test.bulkflow", pipeline("insert Account", "parts of 1 rows"))
        ran = desk.command("plan", "--org", "env", str(file))
        assert ran.code == 0, ran.err
        assert "note: the plan takes at least 12 of 4,999,998 API calls and 3 of 15,000" in ran.err
        small.api.limits.set("DailyBulkApiBatches", 2)
        small.api.limits.set("DailyApiRequests", 10)
        told = found(desk, pipeline("insert Account", "parts of 1 rows"), "plan", "--check-org")
        assert [each["code"] for each in told] == ["B417", "B417"]
        assert "at least 3 batches of 10,000 rows, and org env has 2 left" in told[1]["message"]


def test_a_plan_asks_the_org_only_where_it_is_told_to(desk: Workshop, org: SandboxServer) -> None:
    desk.write("rows.csv", "Nmae\nA\n")
    file = str(desk.write("test.bulkflow", pipeline("insert Account")))
    desk.environ["SF_ORG_INSTANCE_URL"] = "http://127.0.0.1:9"
    assert desk.command("plan", file).code == 0
    assert desk.command("plan", "--org", "env", "--no-check-org", file).code == 0
    desk.environ["SF_ORG_INSTANCE_URL"] = org.url
    assert desk.command("plan", "--org", "env", file).code == 2
    assert desk.command("plan", "--check-org", file).code == 2


def test_a_plan_changes_nothing_in_the_org(desk: Workshop, org: SandboxServer) -> None:
    desk.write("parents.csv", "External_Id__c,Name\n1,A\n")
    desk.write("people.csv", "LastName,Account.External_Id__c\nA,1\n")
    before = org.api.requests.total
    assert against_org(desk, CHILDREN + "load job parents\nload job people\n") == []
    asked = org.api.requests.list_after(before)
    assert {each.method for each in asked} == {"GET"}
    assert len(asked) == 3


def test_an_org_that_cannot_be_reached_ends_the_plan_with_an_error(desk: Workshop) -> None:
    desk.write("rows.csv", "Name\nA\n")
    del desk.environ["SF_ACCESS_TOKEN"]
    file = str(desk.write("test.bulkflow", pipeline("insert Account")))
    ran = desk.command("plan", "--check-org", file)
    assert ran.code == 2
    assert "SF_ACCESS_TOKEN" in ran.err
    assert "job rows" in ran.out


def test_an_upsert_by_id_without_the_column_is_warned_of_and_makes_records(desk: Workshop) -> None:
    desk.write("rows.csv", "Name\nnew one\n")
    text = 'org env\njob rows\n    upsert Account by Id\n    from "rows.csv"\nload job rows\n'
    file = desk.write("upsert.bulkflow", text)
    checked = desk.command("check", str(file), "--sources")
    assert checked.code == 0
    assert "warning[B402]" in checked.err
    assert "makes a new record" in checked.err
    ran = desk.run(text)
    assert ran.code == 0, ran.out
    assert "so each row of `upsert Account by Id` makes a new record" in ran.out
    again = desk.run(text)
    assert again.code == 2
    assert "were handed over before" in again.out


def test_mixed_line_ends_that_become_crlf_pass_the_look_at_their_beginning(desk: Workshop) -> None:
    desk.write("rows.csv.gz", gzip.compress(b"Name\nfirst\r\nsecond\n"))
    text = (
        'org env\njob rows\n    insert Account\n    from "rows.csv.gz"\n'
        "    mend line endings\n    line ending CRLF\nload job rows\n"
    )
    file = desk.write("mixed.bulkflow", text)
    assert desk.command("check", str(file), "--sources").code == 0
    assert desk.run(text).code == 0
