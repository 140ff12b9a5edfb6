"""Schema files: JSON or YAML that describes objects, fields, rules and permissions."""

from __future__ import annotations

import json
from importlib import import_module, resources
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
        SchemaError: The file cannot be read, is no JSON (or no YAML, where its name says so), or
            describes something impossible.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(
            f"cannot read the schema file {path}: {error}",
            help="give the path of a JSON or YAML file in UTF-8",
        ) from error
    parse = _parse_yaml if path.suffix.lower() in {".yaml", ".yml"} else _parse_json
    return read_schema(parse(text, path), base, str(path))


def read_schema(document: object, base: Schema, name: str = "the schema") -> Schema:
    """`base` with what a JSON document describes added; `name` is for messages.

    Raises:
        SchemaError: The document describes something impossible.
    """
    return SchemaReader(base).read(document, name)


def _parse_json(text: str, path: Path) -> object:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        table = dict(pairs)
        if len(table) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise SchemaError(
                f"the schema file {path} has the key {twice!r} twice in one object",
                help="join what stands under both",
            )
        return table

    try:
        document: object = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise SchemaError(
            f"the schema file {path} is no JSON: {error.msg} at line {error.lineno}, "
            f"column {error.colno}",
            help="mend the file at that place",
        ) from error
    return document


def _parse_yaml(text: str, path: Path) -> object:
    try:
        yaml = import_module("yaml")
    except ImportError as error:
        raise SchemaError(
            f"the schema file {path} is YAML, and there is nothing to read YAML with",
            help="pip install 'bulkflow[sandbox]', or write the same as JSON",
        ) from error
    try:
        document: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SchemaError(
            f"the schema file {path} is no YAML: {' '.join(str(error).split())}",
            help="mend the file at that place",
        ) from error
    return document
