"""Checks the columns of a job against the fields of its object in the org."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.plugin import Problem
from bulkflow_ingest.checks.source import get_source_name
from bulkflow_ingest.source.required_columns import format_operation, get_key_column, join_names
from bulkflow_ingest.source.suggestions import find_nearest_name, suggest_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from bulkflow.plugin import Job
    from bulkflow_ingest.settings import IngestSettings
    from bulkflow_jobs.sobjects import Describer, FieldDescription, ObjectDescription

_RELATIONSHIPS = "a lookup's column is called Relationship.Key or Object:Relationship.Key"


@define(eq=False)
class ColumnInspector:
    """Checks the columns of one job, and groups the problems by kind."""

    describer: Describer
    object: ObjectDescription
    settings: IngestSettings
    job: Job
    parents: dict[str, str] = field(factory=dict)
    """The objects that columns refer to by a key, each with the first such column."""
    _unknown: dict[str, str | None] = field(factory=dict)
    _read_only: list[str] = field(factory=list)
    _cases: dict[str, str] = field(factory=dict)
    _no_keys: dict[str, str] = field(factory=dict)
    _ways: dict[str, list[str]] = field(factory=dict)
    """The columns that set a field, by its name."""
    _given: set[str] = field(factory=set)
    """The fields that have a column, or probably have a misspelled one."""

    def find_problems(self) -> Iterator[Problem]:
        """Find all problems: one for each kind, which names all its columns."""
        assert self.job.manifest is not None
        for column in self.job.manifest.columns:
            if "." in column:
                self._check_lookup(column)
            else:
                self._check_field(column)
        yield from self._find_key_problems()
        yield from self._find_column_problems()
        yield from self._find_missing_columns()
        yield from self._find_double_ways()

    def _check_field(self, column: str) -> None:
        found = self.object.find_field(column)
        if found is None:
            near = self._find_similar_field(column)
            self._unknown[column] = f"did you mean `{near}`?" if near else None
            if near is not None:
                self._given.add(near)
            return
        self._given.add(found.name)
        self._ways.setdefault(found.name, []).append(column)
        if found.name != column:
            self._cases[column] = found.name
        if found.name.lower() != (get_key_column(self.settings) or "id").lower():
            self._check_rights(column, found)

    def _find_similar_field(self, column: str) -> str | None:
        """Return the name of the field with this label, or with a similar name."""
        for each in self.object.fields.values():
            if each.label.lower() == column.strip().lower():
                return each.name
        return find_nearest_name(column, [each.name for each in self.object.fields.values()])

    def _check_rights(self, column: str, found: FieldDescription) -> None:
        may = {
            "insert": found.createable,
            "update": found.updateable,
            "upsert": found.createable or found.updateable,
        }
        if not may.get(self.settings.operation or "", True):
            self._read_only.append(column)

    def _check_lookup(self, column: str) -> None:
        path, _, key = column.partition(".")
        wanted, _, name = path.rpartition(":")
        found = self.object.find_lookup(name)
        if found is None or found.relationship is None:
            relationships = [e.relationship for e in self.object.fields.values() if e.relationship]
            near = find_nearest_name(name, relationships)
            prefix = f"{wanted}:" if wanted and self._takes_several(near) else ""
            self._unknown[column] = (
                f"did you mean `{prefix}{near}.{key}`?" if near else _RELATIONSHIPS
            )
            return
        self._given.add(found.name)
        self._ways.setdefault(found.name, []).append(column)
        self._check_rights(column, found)
        target = self._find_target(column, wanted, key, found)
        parent = self.describer.describe(target) if target else None
        if target is None:
            return
        prefix = f"{target}:" if found.polymorphic else ""
        known = parent.find_field(key) if parent else None
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

    def _takes_several(self, relationship: str | None) -> bool:
        found = None if relationship is None else self.object.find_lookup(relationship)
        return found is not None and found.polymorphic

    def _find_double_ways(self) -> Iterator[Problem]:
        """Find lookups that two columns set: by the id of the parent and by its key."""
        for name, columns in self._ways.items():
            if len(columns) > 1:
                yield self._problem(
                    "B419",
                    f"{' and '.join(columns)} both set {name} ({get_source_name(self.job)}), which "
                    "Salesforce refuses",
                    f"leave one out: `drop {columns[0]}`",
                )

    def _find_target(
        self, column: str, wanted: str, key: str, found: FieldDescription
    ) -> str | None:
        """Return the object that a lookup column refers to, or None after noting a problem."""
        name = found.relationship
        if not found.polymorphic:
            if wanted:
                self._unknown[column] = f"write `{name}.{key}`: this lookup has a single target"
                return None
            return found.targets[0] if found.targets else None
        by_lower = {each.lower(): each for each in found.targets}
        if wanted.lower() in by_lower:
            return by_lower[wanted.lower()]
        choices = join_names([f"`{each}:{name}.{key}`" for each in found.targets], 4)
        self._unknown[column] = f"this lookup has several targets: write {choices}"
        return None

    def _find_key_problems(self) -> Iterator[Problem]:
        if self.settings.operation != "upsert" or self.settings.external_id_field is None:
            return
        name = self.settings.external_id_field
        keys = [each.name for each in self.object.fields.values() if each.key]
        found = self.object.find_field(name)
        if found is not None and found.key:
            return
        kind = "a field" if found is None else "an external ID"
        near = suggest_name(name, keys)
        yield self._problem(
            "B415",
            f"{name} is not {kind} of {self.object.name}, so it cannot identify rows to upsert",
            f"{near or ''} the external IDs of {self.object.name} are {join_names(keys)}".strip(),
            "external_id_field",
        )

    def _find_column_problems(self) -> Iterator[Problem]:
        where, name = get_source_name(self.job), self.object.name
        if self._unknown:
            match = _count(self._unknown, "column matches", "columns match")
            names = join_names(list(self._unknown))
            hints = [f"{column}: {hint}" for column, hint in self._unknown.items() if hint]
            yield self._problem(
                "B412",
                f"{match} no {name} field visible to this user: {names} ({where})",
                "\n".join(hints) or "compare the columns with the API names of the object's fields",
            )
        if self._no_keys:
            yield self._problem(
                "B415",
                "parents can only be identified by external IDs or record ids, not by "
                + join_names([f"{column} ({what})" for column, what in self._no_keys.items()]),
                "use a column with an external ID of the parent, or with its record id",
            )
        if self._read_only:
            are = _count(self._read_only, "column is a field", "columns are fields")
            yield self._problem(
                "B413",
                f"{are} of {name} that cannot be set by {format_operation(self.settings)}: "
                f"{join_names(self._read_only)} ({where})",
                "drop the columns, or ask for permission to edit the fields; formulas, auto-"
                "numbers and other read-only fields can never be set",
            )
        if self._cases:
            differ = _count(self._cases, "column differs", "columns differ")
            names = join_names([f"{name} for {exact}" for name, exact in self._cases.items()])
            yield self._problem(
                "B418",
                f"{differ} from the field in upper and lower case: {names}",
                "the rows are loaded, but files of failed rows may lack these values; write the "
                "names as the org does",
                warning=True,
            )

    def _find_missing_columns(self) -> Iterator[Problem]:
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
                f"{get_source_name(self.job)} lacks {join_names(needed)}, which a new "
                f"{self.object.name} requires",
                f'add the column, or set it for all rows: `set {needed[0]} to "…"`'
                + ("; rows that update a record do not need it" if upsert else ""),
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


def _count(columns: Collection[str], one: str, many: str) -> str:
    return f"1 {one}" if len(columns) == 1 else f"{len(columns):,} {many}"
