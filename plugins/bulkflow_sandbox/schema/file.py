"""Schema files: JSON or YAML that describes objects, fields, rules and permissions."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

from bulkflow.distribution import get_install_command
from bulkflow_sandbox.core.errors import SchemaError
from bulkflow_sandbox.core.json_document import (
    MAX_BYTES,
    DocumentError,
    check_document,
    parse_json,
)
from bulkflow_sandbox.schema.objects import Schema
from bulkflow_sandbox.schema.reader import SchemaReader
from bulkflow_sandbox.schema.yaml_text import parse_yaml

if TYPE_CHECKING:
    from pathlib import Path


def load_standard_schema() -> Schema:
    """Load the standard objects, each with a unique external id field `External_Id__c`."""
    text = resources.files(__package__).joinpath("standard.json").read_text(encoding="utf-8")
    return SchemaReader(Schema(objects={}), shipped=True).read(json.loads(text), "standard.json")


def load_schema(path: Path, base: Schema) -> Schema:
    """Load a schema file, and add its objects, fields, rules and permissions to `base`.

    Raises:
        SchemaError: The file cannot be read, is not JSON (or YAML, as its suffix indicates), or is
            invalid.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig") if len(data) <= MAX_BYTES else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(
            f"cannot read the schema file {path}: {error}",
            help="give the path of a JSON or YAML file in UTF-8",
        ) from error
    if len(data) > MAX_BYTES:
        raise SchemaError(
            f"the schema file {path} has more than {MAX_BYTES:,} bytes",
            help="describe only the objects that you need, or add them in several requests",
        )
    parse = _parse_yaml if path.suffix.lower() in {".yaml", ".yml"} else _parse_json
    return read_schema(parse(text, path), base, str(path))


def read_schema(document: object, base: Schema, name: str = "the schema") -> Schema:
    """Add the content of a schema document to `base`; `name` is for messages.

    Raises:
        SchemaError: The document is invalid.
    """
    try:
        check_document(document)
    except DocumentError as error:
        raise SchemaError(
            f"{name} cannot be read: {error}",
            help="docs/sandbox.md describes the format",
        ) from error
    return SchemaReader(base).read(document, name)


def _parse_json(text: str, path: Path) -> object:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        table = dict(pairs)
        if len(table) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise SchemaError(
                f"the schema file {path} has the key {twice!r} twice in one object",
                help=f"merge the two values of {twice!r}",
            )
        return table

    try:
        return parse_json(text, on_pairs=once)
    except DocumentError as error:
        raise SchemaError(
            f"the schema file {path} is not JSON: {error}",
            help="fix the file at that place",
        ) from error


def _parse_yaml(text: str, path: Path) -> object:
    try:
        return parse_yaml(text)
    except ImportError as error:
        raise SchemaError(
            f"the schema file {path} is YAML, but PyYAML is not installed",
            help=f"{get_install_command('sandbox')}; or write the schema as JSON",
        ) from error
    except DocumentError as error:
        raise SchemaError(
            f"the schema file {path} is not YAML: {error}",
            help="fix the file at that place",
        ) from error
