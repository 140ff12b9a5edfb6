"""A journey: a project, the weather in its org, and all that people do with the project's files."""

from __future__ import annotations

import random
from typing import Final

from attrs import evolve, frozen

from crash.places import INSIDE, PLACES
from crash.scenarios import Kill, accounts
from crash.weather import drawn

ROWS = 23
NAMES: Final = tuple(f"row{number:03}" for number in range(ROWS))
"""The rows of `people.csv`. None has a key that is unique: what is loaded twice is there twice."""

STEPS: Final = {
    "load": "load job people\n",
    "staged": "upload then close job people\nwait for job people every 20ms\n",
    "created first": "create job people\nupload then close job people\n"
    "wait for job people up to 2h every 1s\n",
    "retried": "load job people on failure continue\n"
    "retry failed rows of job people up to 3 times\n",
    "saved": "load job people\nretry failed rows of job people up to 2 times\n"
    'save all rows of job people to "saved.csv"\n',
    "given up on failure": "load job people on failure abort\n",
    "given up on interrupt": "load job people on interrupt abort\n",
    "given up when late": "upload then close job people\n"
    "wait for job people up to 30s every 10s on failure abort\n",
    "required": "load job people\nrequire failed rows of job people under 1\n",
    "failing behind the load": 'load job people\nfail "the step behind the load"\n',
    "removed": "load job people\ndelete job people\n",
}
"""The steps of the pipeline file, by what they are called."""

CLAUSES: Final = {
    "parts": "    parts of 8 rows\n",
    "one part": "",
    "gzip": "    parts of 8 rows\n    compressed\n",
    "streamed": "    parts of 8 rows\n    streamed\n",
}

FILES: Final = ("load", "copy", "cut", "twin", "orders")
"""The pipeline files: `copy` is `load` with another name, `cut` with parts of another size, `twin`
takes the same rows from a copy of the data, and `orders` loads other rows."""


LIVES: Final = Kill()
"""The kill of what is not killed."""


@frozen
class Move:
    """One thing that somebody does.

    Attributes:
        verb: A command of bulkflow, or `advice` (one of the commands that were advised last),
            `move` (the folder gets another name), `refresh` (the org is emptied and gets another
            id), `late` (batches that are still at work commit).
        options: The command's.
        file: The pipeline file; a comma between two of them runs both side by side.
        place: From where, and how its path is spelled.
        kill: When it is killed.
        pick: Which advice is taken, by a number from 0 to 1.
        signal: What it is killed with.
    """

    verb: str
    options: tuple[str, ...] = ()
    file: str = "load"
    place: str = INSIDE
    kill: Kill = LIVES
    pick: float = 0.0
    signal: int = 9


@frozen
class Journey:
    """A project, its org, and what is done."""

    steps: str = "load"
    clauses: str = "parts"
    moves: tuple[Move, ...] = (Move("run"),)
    faults: tuple[str, ...] = ()
    processing: str = "immediately"
    operation: str = "insert"
    heeds: bool = True
    """Whether, in the end, nothing is done but what bulkflow advises."""

    @property
    def is_insert(self) -> bool:
        return self.operation == "insert"

    @property
    def hides(self) -> bool:
        """Whether what became of some rows can be known to nobody: no result is left of them."""
        words = ("=lose", "=more", "=delete", "job=late", "=packed")
        return self.steps == "removed" or any(
            word in fault for fault in self.faults for word in words
        )

    @property
    def ends(self) -> bool:
        """Whether the steps can come to their end where all rows are loaded."""
        return self.steps != "failing behind the load"

    @property
    def files(self) -> dict[str, str]:
        """The project's files."""
        data = "LastName,Department\n" + "".join(f"{name},one\n" for name in NAMES)
        if not self.is_insert:
            data = "LastName,External_Id__c\n" + "".join(f"{name},{name}\n" for name in NAMES)
        load = self._pipeline("people.csv", CLAUSES[self.clauses])
        cut = CLAUSES[self.clauses].replace("8 rows", "5 rows") or "    parts of 6 rows\n"
        orders = 'org env\njob orders\n    insert Account\n    from "orders.csv"\nload job orders\n'
        return {
            "people.csv": data,
            "people-copied.csv": data,
            "orders.csv": accounts(NAMES),
            "load.bulkflow": load,
            "copy.bulkflow": load,
            "cut.bulkflow": self._pipeline("people.csv", cut),
            "twin.bulkflow": self._pipeline("people-copied.csv", CLAUSES[self.clauses]),
            "orders.bulkflow": orders,
        }

    def _pipeline(self, data: str, clauses: str) -> str:
        what = "insert Contact" if self.is_insert else "upsert Contact by External_Id__c"
        head = f'org env\njob people\n    {what}\n    from "{data}"\n'
        return head + clauses + STEPS[self.steps]

    def __str__(self) -> str:
        moves = " | ".join(_spelled(each) for each in self.moves)
        weather = ", ".join(self.faults) or "calm"
        return (
            f"{self.operation} {self.steps}, {self.clauses}, {self.processing}, {weather}"
            f"{'' if self.heeds else ', heedless'}: {moves}"
        )


def draw(chance: random.Random) -> Journey:
    """A journey of one to six moves."""
    moves = [_first(chance)]
    for _ in range(chance.choice((0, 1, 1, 2, 2, 3, 4, 5))):
        moves.append(_next(chance))
    return Journey(
        chance.choice(tuple(STEPS)),
        chance.choice(("parts", "parts", "parts", "one part", "gzip", "streamed")),
        tuple(moves),
        drawn(chance),
        chance.choice(("immediately", "immediately", "2 polls", "5 polls")),
        chance.choice(("insert",) * 6 + ("upsert",)),
        chance.random() < 0.6,
    )


def _first(chance: random.Random) -> Move:
    place = chance.choice(PLACES)
    if chance.random() < 0.1:
        both = chance.choice(("load,orders", "load,copy", "load,load", "load,twin"))
        return Move("run", file=both, place=place, kill=_kill(chance))
    options = ("--resume",) if chance.random() < 0.2 else ()
    return _killed(chance, Move("run", options, place=place))


def _next(chance: random.Random) -> Move:
    place = chance.choice((INSIDE, *PLACES))
    kind = chance.random()
    if kind < 0.3:
        return _killed(chance, Move("advice", place=place, pick=chance.random()))
    if kind < 0.55:
        options = chance.choice(((), (), ("--resume",), ("--resume",), ("--fresh",)))
        file = chance.choice(("load", "load", "load", *FILES))
        return _killed(chance, Move("run", options, file, place))
    if kind < 0.67:
        return _killed(chance, Move("resume", place=place))
    if kind < 0.82:
        rows = chance.choice(
            ((), ("--rows", "failed"), ("--rows", "unprocessed"), ("--rows", "all"))
        )
        return _killed(chance, Move("retry", rows, place=place))
    if kind < 0.88:
        return _killed(chance, Move("abort", place=place))
    if kind < 0.92:
        return _killed(chance, Move("undo", ("--yes",), place=place))
    return Move(chance.choice(("move", "move", "late", "refresh")))


def _killed(chance: random.Random, move: Move) -> Move:
    if chance.random() < 0.45:
        return move
    return evolve(move, kill=_kill(chance), signal=chance.choice((9, 9, 9, 9, 15)))


def _kill(chance: random.Random) -> Kill:
    if chance.random() < 0.2:
        return Kill(after=chance.uniform(0.0, 0.25))
    return Kill(at=chance.randint(1, 80))


def _spelled(move: Move) -> str:
    words = [move.verb, *move.options]
    if move.verb == "run":
        words.append(move.file)
    if move.verb == "advice":
        words.append(f"{move.pick:.2f}")
    if move.place != INSIDE:
        words.append(f"({move.place})")
    if move.kill.at is not None:
        words.append(f"[{move.signal} at {move.kill.at}]")
    if move.kill.after is not None:
        words.append(f"[{move.signal} after {move.kill.after:.3f} s]")
    return " ".join(words)


AFTER_CLOSE: Final = Kill(at="PATCH: after")
"""A kill when the first job was handed over, and nobody has written down that it was."""

_LOAD, _KILLED = Move("run"), Move("run", kill=AFTER_CLOSE)
_RETRY = Move("retry", ("--rows", "all"))

LOST: Final = {
    "the ledger": Journey(moves=(_KILLED, Move("run", file="copy"))),
    "the same data": Journey(moves=(_LOAD, _LOAD)),
    "whole results": Journey("retried", faults=("rows=lock:0.4", "successesx*=rows:0")),
    "late commits": Journey("retried", faults=("job=fail:2", "job=late:3:2 polls")),
    "unknown rows": Journey("retried", faults=("job=lose:2",)),
    "refused uploads": Journey(moves=(_LOAD, Move("resume")), faults=("upload=413-after",)),
    "jobs that go away": Journey(
        clauses="one part", moves=(_KILLED, Move("resume")), faults=("info=delete",)
    ),
    "state beside the file": Journey(moves=(_KILLED, Move("run", place="from above"))),
    "the org's id": Journey(
        clauses="one part",
        moves=(Move("run", kill=Kill(at="PUT: after")), Move("refresh"), Move("resume")),
    ),
    "counts of a retry": Journey(moves=(_LOAD, _RETRY), faults=("job=fail:3",)),
    "retries": Journey(
        moves=(_LOAD, _RETRY, _RETRY, Move("resume")), faults=("job=fail:3", "job#4=fail:1")
    ),
}
"""A journey on which each invariant of `faulty` is missed, by its name."""

HELD: Final = {
    "a job of rows that were sent again goes away": Journey(
        "retried",
        "one part",
        (Move("run", kill=Kill(at=30)), Move("retry"), _RETRY),
        ("results=204", "info#3=delete", "info#2x2=cut"),
        "2 polls",
    ),
    "a stream that was not read to its end is not retried": Journey(
        clauses="streamed", moves=(Move("run", kill=Kill(at="PUT: after")), _RETRY)
    ),
    "a stream in parts of another size is the same data": Journey(
        clauses="streamed", moves=(_LOAD, Move("run", file="cut"))
    ),
    "what a retry came to holds for the steps that are left": Journey(
        "required",
        moves=(_LOAD, _RETRY, Move("resume")),
        faults=("rows=lock:0.5",),
    ),
    "an interrupted abort knows nothing of rows that were sent again": Journey(
        "given up when late",
        moves=(
            Move("run", kill=Kill(at=53)),
            Move("retry", ("--rows", "failed")),
            Move("abort", kill=Kill(at=26), signal=15),
        ),
        faults=("info=429;retry-after:0", "create#3=504-after", "job=fail:0"),
        heeds=False,
    ),
    "records are not undone that no result says are deleted": Journey(
        clauses="one part",
        moves=(_LOAD, Move("undo", ("--yes",)), Move("run", file="copy")),
        faults=("job#2=lose:0",),
    ),
    "rows that are sent again move with their folder, twice": Journey(
        moves=(
            _LOAD,
            Move("move"),
            Move("retry", ("--rows", "all"), kill=Kill(at="PUT: after")),
            Move("move"),
        ),
        faults=("job=fail:3",),
    ),
    "two runs of the same rows come to an end": Journey(
        "given up on interrupt",
        moves=(Move("run", file="load,twin", kill=Kill(at=62)),),
        faults=("upload#7x6=cut", "upload#2=packed", "upload#3=400"),
        heeds=False,
    ),
    "a failed job whose late rows were all processed is complete": Journey(
        "removed",
        "one part",
        (Move("run", kill=Kill(at=5), signal=15), Move("run", file="cut")),
        ("job=fail:3", "job=fail:2", "job=late:3:2 polls", "close#7x3=503-after"),
        "5 polls",
        heeds=False,
    ),
    "a run that was killed before it began is not retried": Journey(
        moves=(Move("run", kill=Kill(at=7)), _RETRY)
    ),
}
"""Journeys that have met a fault of bulkflow, by what is right instead."""
