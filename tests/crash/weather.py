"""What goes wrong in an org, drawn from all that the sandbox plays."""

from __future__ import annotations

import random

_ANSWERS = (
    "cut",
    "cut-after",
    "503",
    "503-after",
    "500-after",
    "504-after",
    "html:502",
    "empty:500",
    "concurrent",
    "429;retry-after:0",
)
"""What any request may meet, before or after its effect."""

_REQUESTS = ("create", "upload", "close", "abort", "info", "list", "results", "any")

_OF_THEIR_OWN = (
    "upload=400-after",
    "upload#2=408-after",
    "upload=413-after",
    "upload#3=400",
    "uploadx2=408",
    "upload=cut:40",
    "uploadx*=packed",
    "upload#2=packed",
    "close=400:BULK_API_ERROR:Found multipe contents",
    "closex2=403",
    "successes=204",
    "results=204",
    "resultsx3=200",
    "failures=200",
    "successes=rows:0",
    "successesx2=rows:3",
    "unprocessed=rows:0",
    "unprocessed#2=204",
    "successes=truncate:30",
    "infox3=old",
    "info#3x4=old",
    "info#2=abort",
    "info#3=delete",
    "close#2=abort",
    "results#2=delete",
    "listx*=repeat",
    "list=without:1",
    "listx*=503",
    "limitsx*=forbidden",
    "anyx12=503",
    "any#9x15=cut",
    "any#3=expire",
    "any#9=expire",
    "limit=DailyApiRequests:9",
)
_OF_ROWS = (
    "rows=lock:0.2",
    "rows=lock:0.5",
    "job=fail:3",
    "job#2=fail:0",
    "job=lose:2",
    "job#2=lose:0",
    "job=more:2:2",
)
_LATE = ("job=fail:2;job=late:3:2 polls", "job=fail:0;job=late:4:1 polls", "job=late:3:2 polls")


def drawn(chance: random.Random) -> tuple[str, ...]:
    """Some faults, as the sandbox's words say them."""
    found: list[str] = []
    for _ in range(chance.choice((0, 1, 1, 2, 2, 3))):
        kind = chance.random()
        if kind < 0.4:
            found.append(_struck(chance))
        elif kind < 0.75:
            found.append(chance.choice(_OF_THEIR_OWN))
        elif kind < 0.92:
            found.append(chance.choice(_OF_ROWS))
        else:
            found += chance.choice(_LATE).split(";")
    return tuple(found)


def _struck(chance: random.Random) -> str:
    nth, times = chance.randint(1, 8), chance.choice((1, 1, 1, 2, 3, 6))
    return f"{chance.choice(_REQUESTS)}#{nth}x{times}={chance.choice(_ANSWERS)}"
