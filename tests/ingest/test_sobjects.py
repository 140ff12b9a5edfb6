"""What is made of a describe, also of one that is not as it should be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bulkflow_ingest.source.suggestions import find_nearest_name, suggest_name
from bulkflow_jobs.sobjects import Describer
from bulkflow_salesforce import BadResponseError, Call, Headers, NotFoundError, Response


class Answers:
    """As much of a session as a describer asks for."""

    def __init__(self, **bodies: Any) -> None:
        self.bodies = bodies
        self.asked: list[str] = []

    def build_path(self, *segments: str) -> str:
        return "/".join(segments)

    def get(self, path: str, *, limit: int) -> Response:
        self.asked.append(path)
        call = Call("GET", path, "org.example.com")
        name = path.split("/")[1] if "/" in path else path
        if name not in self.bodies:
            raise NotFoundError("no such object", call=call, status=404)
        return Response(call, 200, Headers([]), json.dumps(self.bodies[name]).encode())


FIELD = {"name": "Name", "createable": True, "updateable": True}


def test_an_object_is_asked_for_once_in_whichever_case() -> None:
    answers = Answers(Account={"name": "Account", "fields": [FIELD]})
    describer = Describer(answers)
    first = describer.describe("Account")
    assert first is not None
    assert describer.describe("ACCOUNT") is first
    assert describer.describe("Nothing") is None
    assert describer.describe("nothing") is None
    assert answers.asked == ["sobjects/Account/describe", "sobjects/Nothing/describe"]
    assert first.find_field("NAME") is first.find_field("Name")


@pytest.mark.parametrize(
    "body",
    [{}, {"name": "A"}, {"name": "A", "fields": {}}, {"name": "A", "fields": [{"label": "x"}]}],
)
def test_an_answer_that_describes_nothing_is_a_bad_answer(body: object) -> None:
    with pytest.raises(BadResponseError, match="does not describe an object"):
        Describer(Answers(A=body)).describe("A")


def test_what_a_describe_leaves_out_is_no_mistake_of_the_user() -> None:
    made = Describer(Answers(A={"name": "A", "fields": [{"name": "F"}]})).describe("A")
    assert made is not None
    assert (made.createable, made.updateable, made.deletable) == (True, True, True)
    found = made.find_field("f")
    assert found is not None
    assert (found.createable, found.updateable, found.key, found.needed) == (
        True,
        True,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("changed", "needed"),
    [
        ({}, True),
        ({"nillable": True}, False),
        ({"defaultedOnCreate": True}, False),
        ({"createable": False}, False),
        ({"type": "boolean"}, False),
    ],
)
def test_a_field_is_needed_if_nothing_else_gives_it_a_value(
    changed: dict[str, object], needed: bool
) -> None:
    field = FIELD | {"nillable": False, "defaultedOnCreate": False, "type": "string"} | changed
    made = Describer(Answers(A={"name": "A", "fields": [field]})).describe("A")
    assert made is not None
    assert made.fields["name"].needed is needed


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Nmae", "Name"),
        ("external id", "External_Id__c"),
        ("ExternalId", "External_Id__c"),
        ("BILLINGCITY", "BillingCity"),
        ("zzz", None),
    ],
)
def test_the_nearest_name_is_found_whatever_its_case_and_suffix(
    name: str, near: str | None
) -> None:
    known = ["Name", "External_Id__c", "BillingCity", "Phone"]
    assert find_nearest_name(name, known) == near
    assert suggest_name(name, known) == (f"did you mean `{near}`?" if near else None)
