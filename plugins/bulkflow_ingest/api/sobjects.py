"""What the org says of an object: its fields, its lookups, and what this user may do with them.

The properties are those of recorded describes; what is missing counts as the more permissive, so
that nobody is told of a mistake that is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, frozen

from bulkflow_salesforce import BadResponseError, NotFoundError
from bulkflow_salesforce.http.bounds import DESCRIBE_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_salesforce import JsonValue, Session


@frozen
class FieldDescription:
    """A field, and what this user may do with it."""

    name: str
    label: str
    kind: str
    createable: bool
    updateable: bool
    needed: bool
    """Whether a new record must have a value: not nillable, and without a default."""
    key: bool
    """Whether rows can be matched on it: an external id, or a field that Salesforce looks up."""
    targets: tuple[str, ...]
    """The objects that it points at, if it is a lookup."""
    relationship: str | None
    polymorphic: bool


@frozen
class ObjectDescription:
    """An object, and what this user may do with its records."""

    name: str
    createable: bool
    updateable: bool
    deletable: bool
    fields: Mapping[str, FieldDescription]
    """By name in lower case."""

    def field(self, name: str) -> FieldDescription | None:
        """A field by its name, in any case."""
        return self.fields.get(name.lower())

    def relationship(self, name: str) -> FieldDescription | None:
        """The lookup of a relationship, in any case."""
        for each in self.fields.values():
            if each.relationship is not None and each.relationship.lower() == name.lower():
                return each
        return None


@define(eq=False)
class Describer:
    """Asks an org about objects, each once."""

    session: Session
    _known: dict[str, ObjectDescription | None] = field(factory=dict)
    _names: tuple[str, ...] | None = None

    def object(self, name: str) -> ObjectDescription | None:
        """GET an object's describe; None if the org has none that this user may see."""
        key = name.lower()
        if key not in self._known:
            path = self.session.build_path("sobjects", name, "describe")
            try:
                response = self.session.get(path, limit=DESCRIBE_BYTES)
            except NotFoundError:
                self._known[key] = None
            else:
                try:
                    self._known[key] = _object(response.parse_object())
                except (KeyError, TypeError, ValueError) as error:
                    raise BadResponseError(
                        f"the answer describes no object: {error}", call=response.call
                    ) from error
        return self._known[key]

    def names(self) -> tuple[str, ...]:
        """GET the names of all objects that this user may see."""
        if self._names is None:
            path = self.session.build_path("sobjects")
            content = self.session.get(path, limit=DESCRIBE_BYTES).parse_object()
            listed = content.get("sobjects")
            self._names = tuple(
                str(each["name"])
                for each in (listed if isinstance(listed, list) else ())
                if isinstance(each, dict) and "name" in each
            )
        return self._names


def _object(content: Mapping[str, JsonValue]) -> ObjectDescription:
    listed = content["fields"]
    if not isinstance(listed, list):
        raise TypeError("its fields are no list")
    fields = [_field(each) for each in listed if isinstance(each, dict)]
    return ObjectDescription(
        str(content["name"]),
        content.get("createable") is not False,
        content.get("updateable") is not False,
        content.get("deletable") is not False,
        {each.name.lower(): each for each in fields},
    )


def _field(content: Mapping[str, JsonValue]) -> FieldDescription:
    targets = content.get("referenceTo")
    relationship = content.get("relationshipName")
    kind = str(content.get("type", ""))
    createable = content.get("createable") is not False
    needed = content.get("nillable") is False and content.get("defaultedOnCreate") is False
    return FieldDescription(
        name=str(content["name"]),
        label=str(content.get("label", "")),
        kind=kind,
        createable=createable,
        updateable=content.get("updateable") is not False,
        # A boolean without a value is false, whatever a describe says of it.
        needed=needed and createable and kind != "boolean",
        key=content.get("externalId") is not False or content.get("idLookup") is not False,
        targets=tuple(str(each) for each in targets) if isinstance(targets, list) else (),
        relationship=str(relationship) if relationship else None,
        polymorphic=content.get("polymorphicForeignKey") is True,
    )
