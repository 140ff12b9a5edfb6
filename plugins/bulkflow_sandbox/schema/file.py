"""Schema files: JSON that describes objects, fields, rules and permissions."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

from bulkflow_sandbox.errors import SchemaError
from bulkflow_sandbox.schema.objects import Schema
from bulkflow_sandbox.schema.reader import SchemaReader

if TYPE_CHECKING:
    from pathlib import Path


def standard_schema() -> Schema:
    """The standard objects, each with a unique external id field `External_Id__c`."""
    text = resources.files(__package__).joinpath("standard.json").read_text(encoding="utf-8")
    return SchemaReader(Schema(objects={}), shipped=True).read(json.loads(text), "standard.json")


def load_schema(path: Path, base: Schema) -> Schema:
    """`base` with the objects, fields, rules and permissions of a schema file added.

    Raises:
        SchemaError: The file cannot be read, is no JSON, or describes something impossible.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(
            f"cannot read the schema file {path}: {error}",
            help="give the path of a JSON file in UTF-8",
        ) from error
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise SchemaError(
            f"the schema file {path} is no JSON: {error.msg} at line {error.lineno}, "
            f"column {error.colno}",
            help="mend the file at that place",
        ) from error
    return read_schema(document, base, str(path))


def read_schema(document: object, base: Schema, name: str = "the schema") -> Schema:
    """`base` with what a JSON document describes added; `name` is for messages.

    Raises:
        SchemaError: The document describes something impossible.
    """
    return SchemaReader(base).read(document, name)
