"""Objects, and schemas of objects."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from bulkflow_sandbox.core.errors import SchemaError
from bulkflow_sandbox.schema.fields import Field, FieldType
from bulkflow_sandbox.schema.rules import Permissions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bulkflow_sandbox.schema.rules import DuplicateRule, ValidationRule


@define(eq=False, slots=False)
class ObjectType:
    """An object: its fields by canonical name, in order, and the rules on its records.

    `assignment_rules` maps the id of a rule to the id of the user or queue that owns new records.
    """

    name: str
    label: str
    label_plural: str
    prefix: str
    fields: Mapping[str, Field]
    validation_rules: tuple[ValidationRule, ...] = ()
    duplicate_rules: tuple[DuplicateRule, ...] = ()
    assignment_rules: Mapping[str, str] = field(factory=dict)

    @cached_property
    def _by_lower_name(self) -> dict[str, Field]:
        return {name.lower(): field for name, field in self.fields.items()}

    @cached_property
    def _by_relationship(self) -> dict[str, Field]:
        return {
            field.relationship.lower(): field
            for field in self.fields.values()
            if field.relationship is not None
        }

    @cached_property
    def stored_fields(self) -> tuple[Field, ...]:
        """The fields that the object's table has a column for."""
        return tuple(field for field in self.fields.values() if field.stored)

    @cached_property
    def required_fields(self) -> tuple[Field, ...]:
        """The fields that new records must have values for."""
        return tuple(field for field in self.fields.values() if field.required)

    @cached_property
    def unique_fields(self) -> tuple[Field, ...]:
        """The fields whose values must be unique among records."""
        return tuple(
            field
            for field in self.fields.values()
            if field.unique and field.type is not FieldType.ID
        )

    @property
    def custom(self) -> bool:
        """Whether it is a custom object."""
        return self.name.endswith("__c")

    def find_field(self, name: str) -> Field | None:
        """Find a field by name, in any case."""
        return self._by_lower_name.get(name.lower())

    def find_relationship(self, name: str) -> Field | None:
        """Find a reference field by relationship name, in any case."""
        return self._by_relationship.get(name.lower())


SYSTEM_FIELDS: Final = (
    Field(
        name="Id",
        type=FieldType.ID,
        label="Record ID",
        length=18,
        createable=False,
        updateable=False,
        nillable=False,
        defaulted_on_create=True,
        id_lookup=True,
    ),
    Field(
        name="IsDeleted",
        type=FieldType.BOOLEAN,
        label="Deleted",
        createable=False,
        updateable=False,
        nillable=False,
        defaulted_on_create=True,
        default=False,
    ),
)

_MOMENTS: Final = (
    ("CreatedDate", "Created Date"),
    ("LastModifiedDate", "Last Modified Date"),
    ("SystemModstamp", "System Modstamp"),
)
_PEOPLE: Final = (
    ("CreatedById", "Created By ID", "CreatedBy"),
    ("LastModifiedById", "Last Modified By ID", "LastModifiedBy"),
)

OWNER_FIELD: Final = Field(
    name="OwnerId",
    type=FieldType.REFERENCE,
    label="Owner ID",
    length=18,
    nillable=False,
    defaulted_on_create=True,
    reference_to=("Group", "User"),
    relationship="Owner",
    polymorphic=True,
)
"""The owner of a record; a field of custom objects, unless a schema file replaces it."""

AUDIT_FIELDS: Final = tuple(
    Field(
        name=name,
        type=FieldType.DATETIME,
        label=label,
        createable=False,
        updateable=False,
        nillable=False,
        defaulted_on_create=True,
    )
    for name, label in _MOMENTS
) + tuple(
    Field(
        name=name,
        type=FieldType.REFERENCE,
        label=label,
        length=18,
        createable=False,
        updateable=False,
        nillable=False,
        defaulted_on_create=True,
        reference_to=("User",),
        relationship=relationship,
    )
    for name, label, relationship in _PEOPLE
)
"""The creation and last change of a record; fields of every object, like `SYSTEM_FIELDS`."""


@frozen
class Schema:
    """The objects of an org by canonical name, and the user's permissions."""

    objects: Mapping[str, ObjectType]
    permissions: Permissions = field(factory=Permissions)

    def __iter__(self) -> Iterator[ObjectType]:
        return iter(self.objects.values())

    def find_object(self, name: str) -> ObjectType | None:
        """Find an object by name, in any case."""
        exact = self.objects.get(name)
        if exact is not None:
            return exact
        lower = name.lower()
        return next((item for item in self if item.name.lower() == lower), None)

    def find_object_by_id(self, record_id: str) -> ObjectType | None:
        """Find the object of a record by the key prefix of the id."""
        return next((item for item in self if item.prefix == record_id[:3]), None)

    def add_objects(self, objects: Iterable[ObjectType]) -> Schema:
        """Return a schema with objects added, or replaced if they have the same name.

        Raises:
            SchemaError: Two objects have the same key prefix.
        """
        merged = dict(self.objects)
        for item in objects:
            known = self.find_object(item.name)
            merged[known.name if known else item.name] = item
        owners: dict[str, str] = {}
        for item in merged.values():
            other = owners.setdefault(item.prefix, item.name)
            if other != item.name:
                raise SchemaError(
                    f"objects {other} and {item.name} have the same key prefix {item.prefix}",
                    help=f"set another 'prefix' for {item.name} in the schema file",
                )
        return Schema(objects=merged, permissions=self.permissions)
