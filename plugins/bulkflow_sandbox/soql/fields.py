"""What a query may do with a field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.schema.fields import FieldType

if TYPE_CHECKING:
    from bulkflow_sandbox.schema.fields import Field

_LONG_TEXT: Final = 255
"""Longer text areas can be neither filtered nor sorted by."""


def filterable(field: Field) -> bool:
    """Whether records can be filtered and sorted by a field."""
    if field.type is FieldType.ADDRESS:
        return False
    return field.type is not FieldType.TEXTAREA or field.length <= _LONG_TEXT
