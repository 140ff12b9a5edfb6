"""Fields of objects: their types and what an upload may do with them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from attrs import frozen


class FieldType(StrEnum):
    """The types of fields, by the names that a describe gives them."""

    ID = "id"
    STRING = "string"
    TEXTAREA = "textarea"
    PICKLIST = "picklist"
    MULTIPICKLIST = "multipicklist"
    COMBOBOX = "combobox"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    REFERENCE = "reference"
    BOOLEAN = "boolean"
    INT = "int"
    DOUBLE = "double"
    CURRENCY = "currency"
    PERCENT = "percent"
    DATE = "date"
    DATETIME = "datetime"
    ADDRESS = "address"
    """Compound: made of other fields, not stored and not written."""


NUMBERS: Final = frozenset({FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT})

TEXTS: Final = frozenset(
    {
        FieldType.STRING,
        FieldType.TEXTAREA,
        FieldType.PICKLIST,
        FieldType.MULTIPICKLIST,
        FieldType.COMBOBOX,
        FieldType.EMAIL,
        FieldType.PHONE,
        FieldType.URL,
    }
)

SOAP_TYPES: Final = {
    FieldType.ID: "tns:ID",
    FieldType.REFERENCE: "tns:ID",
    FieldType.BOOLEAN: "xsd:boolean",
    FieldType.INT: "xsd:int",
    FieldType.DOUBLE: "xsd:double",
    FieldType.CURRENCY: "xsd:double",
    FieldType.PERCENT: "xsd:double",
    FieldType.DATE: "xsd:date",
    FieldType.DATETIME: "xsd:dateTime",
    FieldType.ADDRESS: "urn:address",
}
"""The `soapType` of each type; every other is `xsd:string`."""

_LONG_TEXT: Final = 255
"""Most characters of a text area that queries can filter and sort by."""


@frozen
class Field:
    """A field of an object, with the properties that a describe gives it.

    `length` is in characters. `precision` and `scale` are the digits of a number, in all and after
    the point. `formula` is an SQL expression over the other columns of the object's table: such a
    field is computed when it is read and never written. `auto_number` is the form of the serial
    number of a record, such as `"A-{0000}"`.
    """

    name: str
    type: FieldType
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    createable: bool = True
    updateable: bool = True
    nillable: bool = True
    default: str | bool | float | None = None
    defaulted_on_create: bool = False
    external_id: bool = False
    id_lookup: bool = False
    unique: bool = False
    case_sensitive: bool = False
    picklist: tuple[str, ...] = ()
    restricted: bool = False
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    polymorphic: bool = False
    formula: str | None = None
    auto_number: str | None = None
    name_field: bool = False

    @property
    def custom(self) -> bool:
        """Whether an administrator made it."""
        return self.name.endswith("__c")

    @property
    def stored(self) -> bool:
        """Whether the object's table has a column for it."""
        return self.type is not FieldType.ADDRESS

    @property
    def filterable(self) -> bool:
        """Whether queries can filter and sort by it."""
        if self.type is FieldType.ADDRESS:
            return False
        return self.type is not FieldType.TEXTAREA or self.length <= _LONG_TEXT

    @property
    def required(self) -> bool:
        """Whether a new record must be given a value for it."""
        return (
            self.createable
            and not self.nillable
            and not self.defaulted_on_create
            and self.type is not FieldType.BOOLEAN
        )

    @property
    def stored_default(self) -> str | float | None:
        """What a new record has in it when nobody gives it a value, as the store keeps it."""
        if self.type is FieldType.BOOLEAN:
            return int(bool(self.default))
        return self.default

    def format_auto_number(self, serial: int) -> str:
        """The auto number of a record: the zeros in braces are the fewest digits."""
        before, _, rest = (self.auto_number or "").partition("{")
        zeros, _, after = rest.partition("}")
        return f"{before}{serial:0{len(zeros)}d}{after}"

    @property
    def is_key(self) -> bool:
        """Whether records can be named by it: in an upsert, or in a relationship column."""
        return self.type is FieldType.ID or self.external_id or self.id_lookup

    @property
    def soap_type(self) -> str:
        """The name of its type in messages, such as `xsd:date`."""
        return SOAP_TYPES.get(self.type, "xsd:string")
