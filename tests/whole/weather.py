"""What goes wrong in the org of a case, and from where its file is run: drawn from its seed.

Most troubles pass, and change nothing of what must come of the case. The others hide what became of
some rows, so that nobody can know it.
"""

from __future__ import annotations

import random

from attrs import evolve, frozen

from crash.places import PLACES
from whole.case import Case, Hidden
from whole.reference import columns, rows_of

_ANSWERS = (
    "503",
    "503-after",
    "500-after",
    "504-after",
    "html:502",
    "empty:500",
    "cut",
    "cut-after",
    "concurrent",
    "429;retry-after:0",
)
_REQUESTS = ("create", "upload", "close", "info", "results", "any")

_PASSING = (
    "successes=204",
    "failuresx2=204",
    "resultsx3=200",
    "successes=rows:0",
    "successes#2x3=rows:1",
    "failures=rows:0",
    "successes=truncate:30",
    "unprocessed=rows:0",
    "unprocessedx2=204",
    "infox3=old",
    "info#2x4=old",
    "limitsx*=forbidden",
    "createx2=cut-after,listx*=repeat",
    "create=500-after,list=without:1",
    "create#2=cut-after,listx*=503",
)
_REFUSED_UPLOADS = (
    "upload=400-after",
    "upload#2=403-after:INSUFFICIENT_ACCESS:no",
    "upload=408-after",
    "upload#3=415-after",
    "upload#2=400",
    "uploadx2=cut:40",
    "upload=500-after",
)
"""One at a time: a part whose upload is refused twice is given up, as its rows may be why."""

_STORMS = ("any#2x12=503", "any#5x15=cut", "any#9x20=html:502")
"""One at a time, so that they end before the patience of fifteen minutes does."""

PACES = ("2 polls", "5 polls")

WAYS = tuple(each for each in PLACES if each != "by a link elsewhere")
"""A link to the file alone leads to a folder without its data."""


def weathered(case: Case, chance: random.Random) -> Case:
    """The case in some weather, run from somewhere, and perhaps twice."""
    return _Weather(case, chance).drawn()


@frozen
class _Weather:
    case: Case
    chance: random.Random

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    def drawn(self) -> Case:
        chance, case = self.chance, self.case
        if self.happens(0.35):
            case = evolve(case, faults=self.passing())
        elif self.happens(0.3):
            case = self.hiding()
        if self.happens(0.15):
            case = evolve(case, pace=chance.choice(PACES))
        if self.happens(0.35):
            case = evolve(case, ways=tuple(chance.choices(WAYS, k=chance.choice((1, 2, 2)))))
        return case

    def passing(self) -> tuple[str, ...]:
        """Troubles that are waited out."""
        chance = self.chance
        found: list[str] = []
        for _ in range(chance.choice((1, 1, 2, 3))):
            if self.happens(0.5):
                nth, times = chance.randint(1, 8), chance.choice((1, 1, 2, 5))
                answer = chance.choice(_ANSWERS)
                found.append(f"{chance.choice(_REQUESTS)}#{nth}x{times}={answer}")
            else:
                found += chance.choice(_PASSING).split(",")
        if self.happens(0.3):
            found.append(chance.choice(_REFUSED_UPLOADS))
        if self.happens(0.15):
            found.append(chance.choice(_STORMS))
        if self.case.failing and self.happens(0.5):
            rows, polls = chance.choice((1, 2, 5)), chance.randint(1, 3)
            found.append(f"jobx{chance.randint(1, 2)}=late:{rows}:{polls} polls")
        return tuple(found)

    def hiding(self) -> Case:
        """The case in an org that does not tell what became of some of its rows."""
        chance, case = self.chance, self.case
        if not any(rows_of(each) for each in case.files) or len(columns(case)) == 1:
            # Of a part of blank lines Salesforce counts fewer rows than it has.
            return case
        kinds = ["lost", "more"]
        if not case.read_once:
            kinds += ["successes", "failures", *["unprocessed"] * bool(case.failing)]
        kind = chance.choice(kinds)
        known = chance.choice((0, 0, 1, 2, 3, 10))
        if kind in {"lost", "more"}:
            which = f"#{chance.randint(1, 3)}" if self.happens(0.5) else "x*"
            extra = f"{known + 1}:{chance.randint(0, 2)}"
            fault = f"job{which}=" + (f"lose:{known}" if kind == "lost" else f"more:{extra}")
        else:
            effect = (
                f"rows:{known}" if known or self.happens(0.5) else chance.choice(("204", "200"))
            )
            fault = f"{kind}x*={effect}"
        if kind == "failures" and not case.locks:
            case = evolve(case, locks=0.34)
        saved = case.saved if case.read_once else ("all", "unknown", *case.saved[1:2])
        return evolve(
            case, faults=(fault,), hidden=Hidden(kind, known), saved=tuple(dict.fromkeys(saved))
        )
