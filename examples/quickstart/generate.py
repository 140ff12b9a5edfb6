"""Writes accounts.csv: 10,000 accounts that look like an export from another system.

The output is always the same, which allows a test to compare it with the file in this folder. A few
rows have a mistake that Salesforce rejects: no name, an invalid number, a name that is too long.
"""

from __future__ import annotations

import csv
import random
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = 10_000
COLUMNS = (
    "External_Id__c",
    "Name",
    "BillingStreet",
    "BillingCity",
    "BillingCountry",
    "Phone",
    "Website",
    "NumberOfEmployees",
    "AnnualRevenue",
    "Description",
)
WITHOUT_NAME = {1_204, 5_077}
WITHOUT_NUMBER = {2_718, 8_128, 9_999}
WITH_LONG_NAME = {6_174, 7_331}

FIRST = ("Nordsee", "Bellweather", "Ørsted", "Citadelle", "Kōyō", "Santa Lucía", "Łódź", "Atlas")
SECOND = ("Werft", "Freight", "Møbler", "Parfums", "製作所", "Cafés", "Tkaniny", "Instruments")
FORMS = ("GmbH", "Ltd", "A/S", "S.A.", "K.K.", "S.L.", "Sp. z o.o.", "Inc.")
CITIES = (
    ("Hamburg", "Germany"),
    ("Leeds", "United Kingdom"),
    ("København", "Denmark"),
    ("Besançon", "France"),
    ("京都市", "Japan"),
    ("Málaga", "Spain"),
    ("Łódź", "Poland"),
    ("Portland", "United States"),
)
STREETS = ("Hafenstraße", "Mill Lane", "Ågade", "Rue de l'Église", "烏丸通", "Calle Larios")
NOTES = (
    'Asked for the "gold" plan, then for silver',
    "Pays late, but pays",
    "Two sites:\nthe yard, and the office",
    'Met at the fair; wants 12" pipe',
    "",
    "",
)


def rows() -> Iterator[tuple[str, ...]]:
    """Make all rows, as text."""
    choose = random.Random(20)  # noqa: S311 - the same rows every time
    for number in range(1, ROWS + 1):
        city, country = choose.choice(CITIES)
        name = f"{choose.choice(FIRST)} {choose.choice(SECOND)}, {choose.choice(FORMS)}"
        if number in WITHOUT_NAME:
            name = ""
        if number in WITH_LONG_NAME:
            name = " & ".join([name] * 20)
        street = f"{choose.choice(STREETS)} {choose.randint(1, 240)}"
        if number % 7 == 0:
            street += f"\nFloor {choose.randint(1, 30)}"
        employees = "many" if number in WITHOUT_NUMBER else str(choose.randint(1, 90_000))
        yield (
            f"ERP-{number:06d}",
            name,
            street,
            city,
            country,
            f"+{choose.randint(1, 99)} {choose.randint(100, 999)} {choose.randint(10000, 99999)}",
            f"https://www.example.com/{number}",
            employees,
            str(choose.randint(1, 10**9)) if number % 5 else "",
            choose.choice(NOTES),
        )


def write(file: TextIO) -> None:
    """Write the file."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows())


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8", newline="") as target:  # noqa: PTH123
        write(target)
