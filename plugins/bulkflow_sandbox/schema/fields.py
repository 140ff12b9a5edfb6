"""The fields of objects, and their types."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from attrs import frozen


class FieldType(StrEnum):
    """The type of a field, named as in Salesforce's describe."""

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
    """Compound: consists of other fields, and is neither stored nor written."""


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
"""The `soapType` of types; all others are `xsd:string`."""

_LONG_TEXT: Final = 255
"""Maximum length of a text area that queries can filter and sort by."""


@frozen
class Field:
    """A field of an object, with the properties in Salesforce's describe.

    `length` is in characters. `precision` is the number of digits, and `scale` the digits after the
    decimal point. `formula` is an SQL expression over other columns of the object's table: the
    field is computed when read, and never written. `auto_number` is the format of record numbers,
    such as `"A-{0000}"`.
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
        """Whether it is a custom field."""
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
        """Whether new records must have a value for it."""
        return (
            self.createable
            and not self.nillable
            and not self.defaulted_on_create
            and self.type is not FieldType.BOOLEAN
        )

    @property
    def stored_default(self) -> str | float | None:
        """The default value for new records, in the form of the database."""
        if self.type is FieldType.BOOLEAN:
            return int(bool(self.default))
        return self.default

    def format_auto_number(self, serial: int) -> str:
        """Format the auto number of a record, with at least as many digits as zeros in braces."""
        before, _, rest = (self.auto_number or "").partition("{")
        zeros, _, after = rest.partition("}")
        return f"{before}{serial:0{len(zeros)}d}{after}"

    @property
    def is_key(self) -> bool:
        """Whether it can identify records, in an upsert or in a relationship column."""
        return self.type is FieldType.ID or self.external_id or self.id_lookup

    @property
    def soap_type(self) -> str:
        """The name of its type in API messages, such as `xsd:date`."""
        return SOAP_TYPES.get(self.type, "xsd:string")
