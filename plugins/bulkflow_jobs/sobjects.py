"""Descriptions of the org's objects: their fields, lookups, and what the current user may do.

The properties are those of recorded describes. A missing property counts as the more permissive
value, so that no valid load is refused.
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
    """A field, and what the current user may do with it."""

    name: str
    label: str
    kind: str
    createable: bool
    updateable: bool
    needed: bool
    """Whether a new record must have a value: not nillable and without a default."""
    key: bool
    """Whether rows can be matched on it: an external id, or an `idLookup` field."""
    targets: tuple[str, ...]
    """The objects that it refers to, if it is a lookup."""
    relationship: str | None
    polymorphic: bool
    length: int = 0
    """The most characters of a text; 0 if the description does not say."""
    restricted: bool = False
    """Whether only the values of the picklist are accepted."""
    choices: tuple[str, ...] = ()
    """The active values of the picklist."""
    digits: int = 0
    """The most digits before the decimal point of a number; 0 if the description does not say."""


@frozen
class ObjectDescription:
    """An object, and what the current user may do with its records."""

    name: str
    createable: bool
    updateable: bool
    deletable: bool
    fields: Mapping[str, FieldDescription]
    """By name in lower case."""

    def find_field(self, name: str) -> FieldDescription | None:
        """Find a field by its name, in any case."""
        return self.fields.get(name.lower())

    def find_lookup(self, name: str) -> FieldDescription | None:
        """Find a lookup by the name of its relationship, in any case."""
        for each in self.fields.values():
            if each.relationship is not None and each.relationship.lower() == name.lower():
                return each
        return None


@define(eq=False)
class Describer:
    """Describes the objects of an org, and remembers the descriptions."""

    session: Session
    _known: dict[str, ObjectDescription | None] = field(factory=dict)
    _prefixes: dict[str, str] | None = None
    """By the names of all objects that the user can see; blank if an object has no prefix."""

    def describe(self, name: str) -> ObjectDescription | None:
        """GET the description of an object; return None if the user can see no such object."""
        key = name.lower()
        if key not in self._known:
            path = self.session.build_path("sobjects", name, "describe")
            try:
                response = self.session.get(path, limit=DESCRIBE_BYTES)
            except NotFoundError:
                self._known[key] = None
            else:
                try:
                    self._known[key] = _parse_object(response.parse_object())
                except (KeyError, TypeError, ValueError) as error:
                    raise BadResponseError(
                        f"the response does not describe an object: {error}",
                        call=response.call,
                    ) from error
        return self._known[key]

    def list_names(self) -> tuple[str, ...]:
        """GET the names of all objects that the user can see."""
        return tuple(self.list_prefixes())

    def list_prefixes(self) -> Mapping[str, str]:
        """GET the first three characters of the ids of all objects that the user can see.

        Returns:
            By name; blank for an object without ids of its own.
        """
        if self._prefixes is None:
            path = self.session.build_path("sobjects")
            content = self.session.get(path, limit=DESCRIBE_BYTES).parse_object()
            listed = content.get("sobjects")
            self._prefixes = {
                str(each["name"]): str(each.get("keyPrefix") or "")
                for each in (listed if isinstance(listed, list) else ())
                if isinstance(each, dict) and "name" in each
            }
        return self._prefixes


def _parse_object(content: Mapping[str, JsonValue]) -> ObjectDescription:
    listed = content["fields"]
    if not isinstance(listed, list):
        raise TypeError("its fields are not a list")
    fields = [_parse_field(each) for each in listed if isinstance(each, dict)]
    return ObjectDescription(
        str(content["name"]),
        content.get("createable") is not False,
        content.get("updateable") is not False,
        content.get("deletable") is not False,
        {each.name.lower(): each for each in fields},
    )


def _parse_field(content: Mapping[str, JsonValue]) -> FieldDescription:
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
        # A boolean without a value is false, whatever its description says.
        needed=needed and createable and kind != "boolean",
        key=content.get("externalId") is not False or content.get("idLookup") is not False,
        targets=tuple(str(each) for each in targets) if isinstance(targets, list) else (),
        relationship=str(relationship) if relationship else None,
        polymorphic=content.get("polymorphicForeignKey") is True,
        length=_read_int(content, "length"),
        restricted=content.get("restrictedPicklist") is True,
        choices=_parse_choices(content.get("picklistValues")),
        digits=_read_int(content, "precision") - _read_int(content, "scale"),
    )


def _read_int(content: Mapping[str, JsonValue], name: str) -> int:
    found = content.get(name)
    return found if isinstance(found, int) else 0


def _parse_choices(listed: JsonValue) -> tuple[str, ...]:
    return tuple(
        str(each["value"])
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, dict) and "value" in each and each.get("active") is not False
    )
