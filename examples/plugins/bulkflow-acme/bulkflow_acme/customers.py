"""The source: made-up customers, always the same."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from bulkflow.errors import DataError
from bulkflow.plugin import SourceRows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.plugin import SourceData, SourceRequest

COLUMNS = ("External_Id__c", "Name", "BillingCity", "NumberOfEmployees")
DEFAULT_ROWS = 100
SEED = 4711

_FIRST = ("Acme", "Borealis", "Ćwikła", "Delta", "Échelle", "Fjord", "Größe", "花丸")
_LAST = ("Anvils", "& Daughters", "Rockets, Inc.", 'Tools "24/7"')
_CITIES = ("Tucson", "Kraków", "Zürich", "大阪", None)


def open_customers(request: SourceRequest) -> Iterator[SourceData]:
    """Open a location such as `acme://customers?rows=500`.

    bulkflow writes the rows as CSV and splits them into parts. Rows are made one by one, so memory
    use does not depend on their number.

    Raises:
        DataError: The location is not `customers`, or the number of rows is invalid.
    """
    address = urlsplit(request.location)
    if address.netloc != "customers" or address.path not in {"", "/"}:
        raise DataError(
            "unknown Acme location", place=request.location, help="write acme://customers"
        )
    text = parse_qs(address.query).get("rows", [str(DEFAULT_ROWS)])[-1]
    if not text.isdecimal() or int(text) == 0:
        raise DataError(
            f"`rows={text}` is not a number of rows",
            place=request.location,
            help="write acme://customers?rows=500",
        )
    yield SourceRows(request.location, COLUMNS, make_customers(int(text)))


def make_customers(number: int) -> Iterator[tuple[str | None, ...]]:
    """Make up customers, with values in the order of `COLUMNS`. None is an empty value."""
    # A separate generator: other users of `random` must not change the rows.
    draw = random.Random(SEED)  # noqa: S311 - nothing here is a secret
    for index in range(1, number + 1):
        yield (
            f"ACME-{index:06}",
            f"{draw.choice(_FIRST)} {draw.choice(_LAST)}",
            draw.choice(_CITIES),
            str(draw.randint(1, 5000)),
        )
