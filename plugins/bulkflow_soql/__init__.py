"""SOQL as text: its grammar, its syntax tree, and values that are put into a query.

`parse` makes a `Query` of a text, or raises a `SoqlError` with the place. It knows no org: whether
objects and fields exist is not checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow_soql.errors import SoqlError
    from bulkflow_soql.parser import parse

__all__ = ["SoqlError", "parse"]

__getattr__ = export_lazily(__name__, {"errors": "SoqlError", "parser": "parse"})
