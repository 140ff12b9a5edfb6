"""The org that cases are loaded into: an object that takes anything, and one that does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bulkflow_sandbox.core.ids import make_id
from bulkflow_sandbox.dml.convert import BLANKS

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = {"type": "string", "length": 40, "externalId": True, "unique": True}
FREE = {f"Text{number}__c": {"type": "textarea", "length": 131_072} for number in range(8)}
STRICT = {
    "Must__c": {"type": "string", "length": 20, "required": True},
    "Number__c": {"type": "double", "precision": 18, "scale": 4},
    "Mail__c": {"type": "email", "length": 80},
    "Flag__c": {"type": "boolean"},
    "Day__c": {"type": "date"},
    "Whole__c": {"type": "int"},
    "Note__c": {"type": "textarea", "length": 32_000},
    "Key__c": KEY,
}
KNOWN = 12
"""How many records the org has before an update or a delete."""

FIELDS = {"Free__c": FREE, "Strict__c": STRICT}

SCHEMA: dict[str, object] = {
    "objects": {
        "Free__c": {"prefix": "a05", "fields": FREE},
        "Strict__c": {"prefix": "a06", "fields": STRICT},
    }
}


def record_before(number: int) -> dict[str, object]:
    """A record that the org has before."""
    return {"Must__c": f"old {number}", "Note__c": "before", "Key__c": f"old{number}"}


def id_of(number: int) -> str:
    """The id of such a record."""
    return make_id("a06", number)


def as_taken(values: Mapping[str, str]) -> dict[str, str]:
    """The values of a row as the org takes them: texts without the white space around them."""
    plain = {"Number__c", "Whole__c", "Flag__c", "Day__c", "Id"}
    return {field: text if field in plain else text.strip(BLANKS) for field, text in values.items()}


def record_value(field: str, text: str) -> object:
    """What the org holds for a text that it takes."""
    if text in {"", "#N/A"}:
        return None
    match field:
        case "Number__c":
            return float(text)
        case "Whole__c":
            return int(text)
        case "Flag__c":
            return text.lower() in {"true", "1"}
        case _:
            return text


def refusals(object_name: str, values: dict[str, str], operation: str) -> set[str]:
    """The codes that a row may fail with for what stands in it, whatever else the org holds."""
    codes = set()
    if operation in {"update", "delete"}:
        text = values["Id"]
        known = {id_of(number) for number in range(KNOWN)}
        if text in {"", "#N/A"}:
            codes.add("MISSING_ARGUMENT")
        elif re.fullmatch(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?", text) is None:
            codes.add("MALFORMED_ID")
        elif text not in known and not any(each.startswith(text) for each in known):
            codes.add("INVALID_CROSS_REFERENCE_KEY")
    if operation == "delete":
        return codes
    for field, text in values.items():
        blank = text in {"", "#N/A"}
        if field == "Must__c" and (text == "#N/A" if operation == "update" else blank):
            codes.add("REQUIRED_FIELD_MISSING")
        if field == "Key__c" and operation == "upsert" and blank:
            codes.add("MISSING_ARGUMENT")
        if blank:
            continue
        if len(text) > {"Must__c": 20, "Key__c": 40, "Mail__c": 80}.get(field, 131_072):
            codes.add("STRING_TOO_LONG")
        if field == "Number__c":
            if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text) is None:
                codes.add("INVALID_FIELD")
            elif abs(float(text)) >= 1e14:
                codes.add("NUMBER_OUTSIDE_VALID_RANGE")
        if field == "Whole__c" and re.fullmatch(r"-?\d{1,9}", text) is None:
            codes.add("INVALID_FIELD")
        if field == "Flag__c" and text.lower() not in {"true", "false", "0", "1"}:
            codes.add("INVALID_FIELD")
        if field == "Day__c" and re.fullmatch(r"2026-0[1-9]-[12]\d", text) is None:
            codes.add("INVALID_FIELD")
        if field == "Mail__c" and re.fullmatch(r"\w+@\w+\.\w+", text) is None:
            codes.add("INVALID_EMAIL_ADDRESS")
    if object_name == "Strict__c" and operation != "update" and "Must__c" not in values:
        codes.add("REQUIRED_FIELD_MISSING")
    return codes
