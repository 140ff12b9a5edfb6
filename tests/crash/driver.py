"""Runs one schedule: a load that is killed, gone on with, killed again; and holds the org to it."""

from __future__ import annotations

import csv
import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from bulkflow.app import runs
from bulkflow_sandbox.org import USER_ID
from bulkflow_sandbox.testing import LocalOrg, local_org
from crash.forks import Ended, Forks
from crash.scenarios import Scenario

MOST_ATTEMPTS = 14
"""How often a load is gone on with before the schedule is taken for one without an end."""

LIMIT = 1_000_000


@frozen
class Kill:
    """When a child is killed: at a point, or at a moment."""

    at: int | None = None
    after: float | None = None


@frozen
class Schedule:
    """A load, and what happens to each attempt at it; those behind the last kill live."""

    scenario: Scenario
    kills: tuple[Kill, ...] = ()
    without: str | None = None


class BrokenPromiseError(AssertionError):
    """A row was not loaded exactly once, or something else is not as it was promised."""


def points(forks: Forks, scenario: Scenario, folder: Path) -> int:
    """How many points a run passes when nobody kills it, in all of its attempts."""
    return sum(len(each.passed) for each in drive(forks, Schedule(scenario), folder))


def drive(forks: Forks, schedule: Schedule, folder: Path) -> list[Ended]:
    """Run a schedule to its end in an org of its own.

    Raises:
        BrokenPromiseError: what came of it is not what was promised.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    scenario = schedule.scenario
    for name, content in scenario.files.items():
        (folder / name).write_text(content, "utf-8")
    (folder / "load.bulkflow").write_text("org env\n" + scenario.pipeline, "utf-8")
    with local_org(processing=scenario.processing, faults=scenario.faults) as org:
        ended = list(_attempts(forks, schedule, folder, org))
        org.settle()
        _judge(scenario, folder, org, ended)
    return ended


def _attempts(forks: Forks, schedule: Schedule, folder: Path, org: LocalOrg) -> Iterator[Ended]:
    """Run the file; go on for as long as bulkflow says that the run is not over."""
    command = ["run", "load.bulkflow", "--json"]
    for number in range(MOST_ATTEMPTS):
        kill = schedule.kills[number] if number < len(schedule.kills) else Kill()
        if number:
            # A user logs in again, and a day has passed.
            org.sandbox.sessions.admit(org.token, USER_ID)
            org.sandbox.limits.set("DailyApiRequests", LIMIT)
        if number >= len(schedule.kills) + 4:
            org.sandbox.faults.clear()
        ended = forks.run(
            folder,
            command,
            dict(org.environment),
            kill_at=kill.at,
            kill_after=kill.after,
            without=schedule.without,
        )
        yield ended
        _expect("Traceback" not in ended.err, ended.err)
        _expect("made a mistake" not in ended.err, ended.err)
        if ended.status in {0, 3} or (ended.killed and _over(folder)):
            return
        # Whoever does not know better runs the file again; bulkflow says what is right.
        command = ["run", "load.bulkflow", "--json"]
        if ended.status == 2 and "bulkflow resume" in ended.err:
            command = ["resume", "--json"]
        else:
            _expect(ended.killed or ended.finished is not None, ended.err)
    raise BrokenPromiseError(f"no end after {MOST_ATTEMPTS} attempts: {ended.out[-2000:]}")


def _over(folder: Path) -> bool:
    """Whether the journal says that the file was run to its end: it was killed behind that."""
    last = runs.runs(folder / ".bulkflow")[:1]
    return any(each.exit_code in {0, 3} for each in last)


def _judge(scenario: Scenario, folder: Path, org: LocalOrg, ended: Sequence[Ended]) -> None:
    last = ended[-1]
    _expect(
        last.killed or last.status in scenario.codes,
        f"ended with {last.status}: {last.out}{last.err}",
    )
    _once("Contact", scenario.contacts, [str(each["LastName"]) for each in org.records("Contact")])
    _once("Account", scenario.accounts, [str(each["Name"]) for each in org.records("Account")])
    rows = len(scenario.contacts) + len(scenario.accounts)
    jobs = org.jobs()
    if scenario.once:
        processed = sum(each.processed for each in jobs)
        _expect(processed == rows, f"{processed} rows were processed, not {rows}")
    if last.finished is not None:
        _told(last.finished, rows)
    else:
        _expect(last.killed, "it ended and did not say so")
    puts = Counter(
        each.path
        for each in org.requests
        if each.method == "PUT" and (each.status is None or each.status < 400)
    )
    _expect(all(number == 1 for number in puts.values()), f"two uploads into a job: {puts}")
    said = "".join(each.out for each in ended)
    for job in jobs:
        # One whose creation nobody heard of is empty, and named.
        if str(job.state) == "Open":
            _expect(job.uploads == 0, f"job {job.id} is left open with data in it")
            _expect(job.id in said, f"job {job.id} is left open and nobody says so")
    if scenario.saved:
        _saved(folder / "saved.csv", scenario, org)


def _told(finished: dict[str, Any], rows: int) -> None:
    for name, expected in (("rows", rows), ("loaded", rows), ("failed", 0), ("unprocessed", 0)):
        told = sum(int(each[name]) for each in finished["jobs"])
        _expect(told == expected, f"{told} {name} are told, not {expected}")
    _expect(not any(each["left"] for each in finished["jobs"]), "jobs are said to be left")


def _saved(path: Path, scenario: Scenario, org: LocalOrg) -> None:
    ids = {str(each["LastName"]): str(each["Id"]) for each in org.records("Contact")}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    _expect([row["LastName"] for row in rows] == list(scenario.contacts), "the saved rows differ")
    for row in rows:
        _expect(row["_outcome"] == "loaded", f"saved as {row}")
        _expect(row["_id"] == ids[row["LastName"]], f"saved with the id of another: {row}")


def _once(kind: str, expected: Sequence[str], found: Sequence[str]) -> None:
    wrong = Counter(found)
    wrong.subtract(Counter(expected))
    off = {name: number for name, number in wrong.items() if number}
    _expect(not off, f"{kind} more (or less) than once: {off}")


def _expect(held: bool, message: str) -> None:
    if not held:
        raise BrokenPromiseError(message)


def systematic(scenario: Scenario, number: int) -> Iterator[Schedule]:
    """A kill at each point in turn."""
    for at in range(1, number + 1):
        yield Schedule(scenario, (Kill(at=at),))


def at_random(scenario: Scenario, number: int, chance: random.Random) -> Schedule:
    """One to five kills, anywhere."""
    kills = [
        Kill(after=chance.uniform(0.0, 0.2))
        if chance.random() < 0.25
        else Kill(at=chance.randint(1, max(2, number)))
        for _ in range(chance.choice((1, 1, 2, 2, 3, 4, 5)))
    ]
    return Schedule(scenario, tuple(kills))
