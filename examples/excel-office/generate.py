"""Writes the workbook of this example. Needs openpyxl."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl

CITIES = ("Köln", "Zürich", "Wien", "Łódź", "København")


def write(path: Path) -> None:
    """Write a workbook with two sheets, as a sales office keeps it."""
    book = openpyxl.Workbook()
    notes = book.active
    notes.title = "Hinweise"
    notes["A1"] = "Bitte nur das Blatt Kunden ausfüllen."
    sheet = book.create_sheet("Kunden")
    sheet.append(["Kundennummer", "Firma", "Ort", "Umsatz", "Mitarbeiter", "Kunde seit"])
    for number in range(1, 41):
        sheet.append(
            [
                f"{number:05}",
                f"Größe & Söhne {number}",
                CITIES[number % len(CITIES)],
                number * 1234.5,
                number * 3,
                dt.date(2020, 1, 1) + dt.timedelta(days=number),
            ]
        )
        sheet.cell(sheet.max_row, 6).number_format = "dd.mm.yyyy"
    book.save(path)


if __name__ == "__main__":
    write(Path(__file__).with_name("kunden.xlsx"))
