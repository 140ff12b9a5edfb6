"""A job's columns, held against the fields of its object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.plugin import Problem
from bulkflow_ingest.checks.source import get_source_name
from bulkflow_ingest.source.required_columns import format_operation, get_key_column, join_names
from bulkflow_ingest.source.suggestions import find_nearest_name, suggest_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow.plugin import Job
    from bulkflow_ingest.api.sobjects import Describer, FieldDescription, ObjectDescription
    from bulkflow_ingest.settings import IngestSettings

_RELATIONSHIPS = "a column for a lookup reads Relationship.Key, or Object:Relationship.Key"


@define(eq=False)
class ColumnInspector:
    """Goes through the columns of one job, and keeps what is wrong with them by its kind."""

    describer: Describer
    object: ObjectDescription
    settings: IngestSettings
    job: Job
    parents: dict[str, str] = field(factory=dict)
    """The objects that columns point at by a key, each with the first such column."""
    _unknown: dict[str, str | None] = field(factory=dict)
    _read_only: list[str] = field(factory=list)
    _cases: dict[str, str] = field(factory=dict)
    _no_keys: dict[str, str] = field(factory=dict)
    _given: set[str] = field(factory=set)
    """The fields that have a column, or seem to be meant by one that is misspelt."""

    def find_problems(self) -> Iterator[Problem]:
        """All that is wrong, one problem for each kind, with all its columns."""
        assert self.job.manifest is not None
        for column in self.job.manifest.columns:
            if "." in column:
                self._lookup(column)
            else:
                self._plain(column)
        yield from self._key()
        yield from self._told()
        yield from self._missing()

    def _plain(self, column: str) -> None:
        found = self.object.field(column)
        if found is None:
            near = self._near(column)
            self._unknown[column] = f"did you mean `{near}`?" if near else None
            if near is not None:
                self._given.add(near)
            return
        self._given.add(found.name)
        if found.name != column:
            self._cases[column] = found.name
        if found.name.lower() != (get_key_column(self.settings) or "id").lower():
            self._see_rights(column, found)

    def _near(self, column: str) -> str | None:
        """The field whose label or name it seems to be."""
        for each in self.object.fields.values():
            if each.label.lower() == column.strip().lower():
                return each.name
        return find_nearest_name(column, [each.name for each in self.object.fields.values()])

    def _see_rights(self, column: str, found: FieldDescription) -> None:
        may = {
            "insert": found.createable,
            "update": found.updateable,
            "upsert": found.createable or found.updateable,
        }
        if not may.get(self.settings.operation or "", True):
            self._read_only.append(column)

    def _lookup(self, column: str) -> None:
        path, _, key = column.partition(".")
        wanted, _, name = path.rpartition(":")
        found = self.object.relationship(name)
        if found is None or found.relationship is None:
            relationships = [e.relationship for e in self.object.fields.values() if e.relationship]
            near = find_nearest_name(name, relationships)
            self._unknown[column] = f"did you mean `{near}.{key}`?" if near else _RELATIONSHIPS
            return
        self._given.add(found.name)
        self._see_rights(column, found)
        target = self._target(column, wanted, key, found)
        parent = self.describer.object(target) if target else None
        if target is None:
            return
        prefix = f"{target}:" if found.polymorphic else ""
        known = parent.field(key) if parent else None
        if parent is None or known is None:
            near = None
            if parent is not None:
                near = find_nearest_name(key, [each.name for each in parent.fields.values()])
            written = f"{prefix}{found.relationship}.{near}"
            self._unknown[column] = f"did you mean `{written}`?" if near else None
            return
        if not known.key:
            self._no_keys[column] = f"{known.name} of {parent.name}"
        exact = f"{prefix}{found.relationship}.{known.name}"
        if column != exact:
            self._cases[column] = exact
        self.parents.setdefault(parent.name, column)

    def _target(self, column: str, wanted: str, key: str, found: FieldDescription) -> str | None:
        """The object that a lookup column points at; None, and kept, if it is not clear."""
        name = found.relationship
        if not found.polymorphic:
            if wanted:
                self._unknown[column] = f"write `{name}.{key}`: it points at one object only"
                return None
            return found.targets[0] if found.targets else None
        by_lower = {each.lower(): each for each in found.targets}
        if wanted.lower() in by_lower:
            return by_lower[wanted.lower()]
        choices = join_names([f"`{each}:{name}.{key}`" for each in found.targets], 4)
        self._unknown[column] = f"it points at one of several objects: write {choices}"
        return None

    def _key(self) -> Iterator[Problem]:
        if self.settings.operation != "upsert" or self.settings.external_id_field is None:
            return
        name = self.settings.external_id_field
        keys = [each.name for each in self.object.fields.values() if each.key]
        found = self.object.field(name)
        if found is not None and found.key:
            return
        fault = "is no field" if found is None else "is no external-id field"
        near = suggest_name(name, keys)
        yield self._problem(
            "B415",
            f"{name} {fault} of {self.object.name}, so rows cannot be matched on it",
            f"{near or ''} rows of {self.object.name} are matched on {join_names(keys)}".strip(),
            "external_id_field",
        )

    def _told(self) -> Iterator[Problem]:
        where, name = get_source_name(self.job), self.object.name
        if self._unknown:
            are = _are(self._unknown, "no field", "no fields")
            hints = [f"{column}: {hint}" for column, hint in self._unknown.items() if hint]
            yield self._problem(
                "B412",
                f"{are} of {name} that this user may see: {join_names(list(self._unknown))} ({where})",
                "\n".join(hints) or "compare them with the API names of the object's fields",
            )
        if self._no_keys:
            yield self._problem(
                "B415",
                "parents cannot be found by "
                + join_names([f"{column} ({what})" for column, what in self._no_keys.items()]),
                "point at them by an external-id field, or by their ids",
            )
        if self._read_only:
            are = _are(self._read_only, "a field", "fields")
            yield self._problem(
                "B413",
                f"{are} of {name} that cannot be written by {format_operation(self.settings)}: "
                f"{join_names(self._read_only)} ({where})",
                "remove the columns, or ask for the right to edit the fields; read-only fields "
                "such as formulas and numbers of the org's own are never written",
            )
        if self._cases:
            yield self._problem(
                "B418",
                f"{_are(self._cases, 'spelt', 'spelt')} in another case than the field: "
                f"{join_names([f'{column} for {exact}' for column, exact in self._cases.items()])}",
                "such rows are loaded, but the files of failed rows may lack the values; write the "
                "names as the org does",
                warning=True,
            )

    def _missing(self) -> Iterator[Problem]:
        if self.settings.operation not in {"insert", "upsert"}:
            return
        needed = [
            each.name
            for each in self.object.fields.values()
            if each.needed and each.name not in self._given
        ]
        if needed:
            upsert = self.settings.operation == "upsert"
            yield self._problem(
                "B414",
                f"a new {self.object.name} needs {join_names(needed)}, which {get_source_name(self.job)} "
                "has no column for",
                "add the columns" + ("; rows that change a record need none" if upsert else ""),
                warning=upsert,
            )

    def _problem(
        self,
        code: str,
        message: str,
        advice: str,
        setting: str = "location",
        *,
        warning: bool = False,
    ) -> Problem:
        return Problem(message, advice, setting, code, warning, self.job.key)


def _are(
    columns: Sequence[str] | dict[str, str] | dict[str, str | None], one: str, many: str
) -> str:
    number = len(columns)
    return f"1 column is {one}" if number == 1 else f"{number:,} columns are {many}"
