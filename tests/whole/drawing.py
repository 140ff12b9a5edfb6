"""Cases at random: every clause may meet every form of file."""

from __future__ import annotations

import random

from attrs import evolve

from whole.case import SIX, Case, Cell, DataFile, Row
from whole.org import FIELDS, KNOWN, id_of
from whole.reference import is_written_anew, rows_of, sent
from whole.weather import weathered

FOREIGN = ("~", "||", "§", "#", "\x1f", "::", "a", " ")
"""Delimiters that Salesforce does not know."""

TEXTS = (
    "", "", "x", "a,b", "a;b", "1|2", "t\tt", "^", "`", "~", "||", "§", "::", '"', '""', 'say "hi"',
    " ", "  lead", "trail  ", "#N/A", "NULL", "null", "-", "007", "1e5", "5", "5.0", "é", "東京 é",
    "{x}", "\\n", "'", "=1+1", "true", "2026-01-11", "\ufeff", "\u2028", "\x85", "\x0b", "a\x1fb",
)  # fmt: skip
WESTERN = (
    *(each for each in TEXTS if not set(each) & set("東京\ufeff\u2028\x85")),
    "Ordóñez",
    "€",
    "ß",
)
STRICT_TEXTS = {
    "Must__c": ("a", "b", "name", "", "#N/A", "x" * 20, "x" * 21, "5", "5.0", " ", "é" * 20),
    "Number__c": (
        "1", "1.0", "+1", "1e2", "100", ".5", "0.5", "-0", "0", "1.", "", "#N/A", "abc", "1,5",
        "912260031", "1e14", "0.0001", "1e-7", "123456789.125",
    ),
    "Mail__c": ("a@b.cd", "A@b.cd", "", "nobody", "x y@z.de"),
    "Flag__c": ("true", "TRUE", "1", "0", "false", "", "yes"),
    "Day__c": ("2026-01-11", "2026-02-28", "", "11.01.2026", "#N/A"),
    "Whole__c": ("1", "-1", "007", "", "1.5", "x", "2026"),
}  # fmt: skip


def draw(seed: int) -> Case:
    """The case of a seed."""
    case = _Drawer(random.Random(f"whole {seed}")).case()
    return weathered(case, random.Random(f"weather {seed}"))


class _Drawer:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.western = False

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    def case(self) -> Case:
        chance = self.chance
        foreign = self.happens(0.2)
        delimiter = chance.choice(FOREIGN if foreign else tuple(SIX))
        self.western = self.happens(0.15)
        object_name = chance.choice(("Free__c", "Strict__c"))
        operation = "insert"
        if object_name == "Strict__c":
            operation = chance.choice(("insert", "insert", "upsert", "upsert", "update", "delete"))
        end = chance.choice(("\n", "\n", "\r\n"))
        mend = self.happens(0.15)
        names, fields = self.columns(object_name, operation)
        header = [Cell(name, self.happens(0.2)) for name in names]
        # Signs that could be taken for the delimiter do not stand bare in the header.
        header = [
            Cell(each.value, each.quoted or bool(set(each.value) & set("".join(SIX))))
            for each in header
        ]
        if foreign and any(sign in name for name in names for sign in delimiter):
            header = [Cell(each.value, quoted=True) for each in header]
        count = chance.choice((0, 1, 2, 3, 5, 8, 20, 20, 60, 200))
        number_of_files = chance.choice((1, 1, 1, 2, 3))
        location, files = self.files(
            header, fields, delimiter, end, mend=mend, count=count, number=number_of_files
        )
        case = Case(
            files=files,
            delimiter=delimiter,
            object=object_name,
            operation=operation,
            location=location,
            told_delimiter=foreign or len(names) == 1 or self.happens(0.3),
            told_line_ending=self.told_end(end, mend=mend) if number_of_files == 1 else None,
            encoding="windows-1252" if self.western else None,
            mend=mend or self.happens(0.05),
            before=KNOWN if operation in {"update", "delete"} else 0,
            **self.clauses(names, fields, object_name),
        )
        return self.finished(case)

    def told_end(self, end: str, *, mend: bool) -> str | None:
        if mend:
            return self.chance.choice((None, None, "LF", "CRLF"))
        return {"\n": "LF", "\r\n": "CRLF"}[end] if self.happens(0.15) else None

    def columns(self, object_name: str, operation: str) -> tuple[list[str], list[str | None]]:
        """Names as in the file, and the fields that they are for; None for those to drop."""
        chance = self.chance
        known = list(FIELDS[object_name])
        width = chance.randint(1, len(known))
        if operation == "delete":
            return (["Id"], ["Id"]) if self.happens(0.7) else (["Record Id"], ["Id"])
        fields: list[str | None] = [*chance.sample(known, width)]
        if operation == "update":
            fields.insert(chance.randint(0, len(fields)), "Id")
        if object_name == "Strict__c":
            needed_fields = {"upsert": ("Must__c", "Key__c"), "insert": ("Must__c",)}
            for needed in needed_fields.get(operation, ()):
                if needed not in fields:
                    fields.insert(chance.randint(0, len(fields)), needed)
        if self.happens(0.2):
            for _ in range(chance.randint(1, 2)):
                fields.insert(chance.randint(0, len(fields)), None)
        odd = [
            "Notes, all",
            'The "q"',
            "Größe",
            "a b",
            "x|y",
            "Straße;",
            "from",
            "#",
            "_file",
            "Id2",
        ]
        chance.shuffle(odd)
        names = [
            odd.pop() if field is None or (self.happens(0.12) and odd) else field
            for field in fields
        ]
        return names, fields

    def clauses(
        self, names: list[str], fields: list[str | None], object_name: str
    ) -> dict[str, object]:
        chance = self.chance
        made: dict[str, object] = {}
        pairs = list(zip(names, fields, strict=True))
        renames = [(name, field) for name, field in pairs if field and name != field]
        extra = [name for name, field in pairs if field is None]
        needed = {"Must__c", "Key__c", "Id"}
        loose = [name for name, field in pairs if field and field not in needed]
        left_out = extra + (
            chance.sample(loose, chance.randint(0, len(loose))) if self.happens(0.1) else []
        )
        if len(left_out) == len(pairs):
            # One with a field stays.
            left_out = left_out[:-1] if extra else left_out[1:]
        if left_out:
            if self.happens(0.5):
                made["dropped"] = tuple(left_out)
                gone = set(left_out)
                renames = [each for each in renames if each[0] not in gone]
            else:
                made["kept"] = tuple(name for name, _ in pairs if name not in left_out)
        made["renames"] = tuple(renames)
        if self.happens(0.12) and fields != ["Id"]:
            text = [each for each in FIELDS[object_name] if each.startswith(("Text", "Note"))]
            chosen = chance.sample(text, chance.randint(1, min(2, len(text))))
            made["constants"] = tuple(
                (
                    field,
                    chance.choice(("", "x", "a,b", 'say "q"', "two\nlines", "é", "{z}", "#N/A")),
                )
                for field in chosen
            )
        if self.happens(0.12):
            nulls = ("", "NULL", "null", "a,b", '"', "x\ny", " ", "5", "-", "||", 'say "hi"')
            made["nulls"] = tuple(chance.sample(nulls, chance.randint(1, 2)))
        return made

    def files(
        self,
        header: list[Cell],
        fields: list[str | None],
        delimiter: str,
        end: str,
        *,
        mend: bool,
        count: int,
        number: int,
    ) -> tuple[str, tuple[DataFile, ...]]:
        chance = self.chance
        pack = chance.choice(("", "", "", ".gz"))
        if number == 1:
            stdin = self.happens(0.15)
            names = ["stdin"] if stdin else [f"rows.csv{pack}"]
            location = "-" if stdin else names[0]
        else:
            names = [f"in/{letter}-rows.csv{pack}" for letter in "abc"[:number]]
            location = f"in/*-rows.csv{pack}"
        made = []
        for name in names:
            own = end if number == 1 or self.happens(0.7) else chance.choice(("\n", "\r\n"))
            made.append(self.file(name, header, fields, delimiter, own, mend=mend, count=count))
        return location, tuple(made)

    def file(
        self,
        name: str,
        header: list[Cell],
        fields: list[str | None],
        delimiter: str,
        end: str,
        *,
        mend: bool,
        count: int,
    ) -> DataFile:
        chance = self.chance
        mixed = mend and self.happens(0.8)

        def line_end() -> str:
            return chance.choice(("\n", "\r\n")) if mixed else end

        pools = [self.pool(field) for field in fields]
        rows: list[Row] = []
        always = self.happens(0.2)
        for number in range(chance.randint(0, count) if count else 0):
            if rows and self.happens(0.08):
                rows.append(Row(chance.choice(rows).cells, line_end()))
                continue
            cells = []
            for field, pool in zip(fields, pools, strict=True):
                value = chance.choice(pool)
                if field == "Id" and self.happens(0.7):
                    value = id_of(number % KNOWN)
                if field == "Key__c":
                    value = chance.choice((f"k{number}", f"k{number}", f"K{number % 7}", value))
                if (field is None or field.startswith(("Text", "Note"))) and self.happens(0.1):
                    value = f"{value}{line_end()}{chance.choice(pool)}"
                if (field is None or field.startswith("Text")) and self.happens(0.005):
                    value = value + "long " * chance.randint(100, 4000)
                quotes = self.happens(0.1) or (delimiter == " " and not value)
                cells.append(Cell(value, quoted=always or quotes))
            rows.append(Row(tuple(cells), line_end()))
        blank = ""
        if rows and self.happens(0.15):
            rows[-1] = Row(rows[-1].cells, "")
        elif self.happens(0.15):
            blank = "".join(line_end() for _ in range(chance.randint(1, 3)))
        first = line_end() if rows or blank or self.happens(0.8) else ""
        bom = not self.western and self.happens(0.12)
        return DataFile(name, Row(tuple(header), first), tuple(rows), blank, bom)

    def pool(self, field: str | None) -> tuple[str, ...]:
        chance = self.chance
        texts = WESTERN if self.western else TEXTS
        if field is not None and field in STRICT_TEXTS:
            known = STRICT_TEXTS[field]
            good = known[: len(known) // 2 + 1]
            pool = chance.choice((known, good, good[:2]))
            return tuple(each for each in pool)
        if field == "Id":
            known = [id_of(number) for number in range(KNOWN)]
            return (*known, known[1][:15], id_of(999), "nonsense", "")
        if field == "Key__c":
            return ("k1", "K1", "k2", "", "long" * 11)
        few = chance.sample(texts, chance.randint(1, 6))
        return tuple(chance.choice((texts, tuple(few))))

    def finished(self, case: Case) -> Case:
        """The case with what depends on its bytes, or on what was drawn before."""
        chance = self.chance
        if self.happens(0.5):
            case = evolve(case, part_rows=chance.choice((1, 2, 3, 7, 50)))
        elif self.happens(0.8):
            largest = 1
            for file in sent(case):
                largest = max(largest, len(file.header) + max(map(len, file.rows), default=1))
            # As many bytes as the largest row needs, or a few more.
            case = evolve(case, part_bytes=largest + chance.choice((0, 1, 20, 100, 1000, 20_000)))
        rows = sum(len(rows_of(each)) for each in case.files)
        if rows > 60 and case.part_rows in {1, 2}:
            case = evolve(case, part_rows=23)
        if case.part_bytes and rows > 60:
            case = evolve(case, part_bytes=case.part_bytes + 2_000)
        if self.happens(0.2) and not case.part_rows:
            case = evolve(case, balanced=True)
        if self.happens(0.3):
            case = evolve(case, connections=chance.randint(1, 16))
        case = evolve(case, compressed=self.happens(0.2), staged=self.happens(0.3))
        anew = is_written_anew(case) or case.encoding or case.mend or case.renames
        if self.happens(0.3) and not anew and not case.constants:
            case = evolve(case, streamed=True)
        if self.happens(0.25):
            case = evolve(case, locks=chance.choice((0.1, 0.34, 1.0)))
        if self.happens(0.15):
            case = evolve(case, failing=(chance.choice((0, 1, 2, 5)), chance.randint(1, 3)))
        if not case.read_once and self.happens(0.4):
            which = chance.choice(("failed", "unprocessed", "all"))
            case = evolve(case, again=(which, chance.randint(1, 2)))
        saved = chance.choice(
            (("all",), ("all", "failed"), ("successful", "failed"), case.saved, ("failed",), ())
        )
        return evolve(case, saved=saved, packed=self.happens(0.1))
