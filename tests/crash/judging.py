"""Holds what came of a schedule against what was promised."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from attrs import frozen

from bulkflow.app import runs
from bulkflow.app.state import RunSelection
from bulkflow_sandbox.testing import LocalOrg
from crash.forks import Ended
from crash.scenarios import OLD, Scenario


class BrokenPromiseError(AssertionError):
    """A row was not loaded exactly once, or something else is not as it was promised."""


@frozen
class Found:
    """What the org has, before something is done with a run afterwards."""

    contacts: dict[str, str]
    """The names of contacts that are alive, by their ids."""
    jobs: frozenset[str]

    @classmethod
    def of(cls, org: LocalOrg) -> Self:
        alive = {str(each["Id"]): str(each["LastName"]) for each in org.records("Contact")}
        return cls(alive, frozenset(each.id for each in org.jobs()))


def loaded(
    scenario: Scenario, folder: Path, org: LocalOrg, ended: Sequence[Ended], before: Found
) -> None:
    """Every row once, and all that is told of it true."""
    last = ended[-1]
    expect(
        last.killed or last.status in scenario.codes,
        f"ended with {last.status}: {last.out}{last.err}",
    )
    _once("Contact", scenario.contacts, [str(each["LastName"]) for each in org.records("Contact")])
    _once("Account", scenario.accounts, [str(each["Name"]) for each in org.records("Account")])
    for field, value in scenario.fields.items():
        off = [each["LastName"] for each in org.records("Contact") if each[field] != value]
        expect(not off, f"{field} is not {value} of {off}")
    rows = len(scenario.contacts) + len(scenario.accounts)
    if scenario.once:
        processed = sum(each.processed for each in org.jobs())
        expect(processed == rows, f"{processed} rows were processed, not {rows}")
    rows += len(scenario.elsewhere)
    if last.finished is not None:
        _told(last.finished, rows=rows, loaded=rows, failed=0, unprocessed=0)
    else:
        expect(last.killed, "it ended and did not say so")
    _nothing_left(org, ended)
    if scenario.saved:
        _saved(folder / "saved.csv", scenario, org)


def elsewhere(scenario: Scenario, other: LocalOrg, ended: Sequence[Ended]) -> None:
    """The same of what is for the other org."""
    found = [str(each["LastName"]) for each in other.records("Contact")]
    _once("Contact elsewhere", scenario.elsewhere, found)
    processed = sum(each.processed for each in other.jobs())
    expect(processed == len(found), f"{processed} rows were processed elsewhere")
    _nothing_left(other, ended)


def given_up(
    scenario: Scenario, folder: Path, org: LocalOrg, ended: Sequence[Ended], before: Found
) -> None:
    """No row twice, nothing running, the run over, and all rows accounted for."""
    names = [str(each["LastName"]) for each in org.records("Contact")]
    twice = [name for name, number in Counter(names).items() if number > 1]
    expect(not twice, f"Contact more than once: {twice}")
    _nothing_left(org, ended)
    expect(over(folder), "a run that was given up is not over")
    finished = ended[-1].finished
    expect(finished is not None, "it ended and did not say so")
    assert finished is not None
    rows = len(scenario.contacts)
    _told(finished, rows=rows, loaded=len(names), failed=0, unprocessed=rows - len(names))


def taken_back(
    scenario: Scenario, folder: Path, org: LocalOrg, ended: Sequence[Ended], before: Found
) -> None:
    """What the run made is deleted, each record once, and nothing else."""
    after = Found.of(org)
    kept = [name for name in before.contacts.values() if name in scenario.others]
    expect(sorted(kept) == sorted(scenario.others), f"only {kept} were there before")
    alive = sorted(after.contacts.values())
    expect(alive == sorted(scenario.others), f"not only the others are alive: {alive}")
    deleted = sum(
        each.processed - each.failed
        for each in org.jobs()
        if each.id not in before.jobs and each.operation.value == "delete"
    )
    made = len(before.contacts) - len(scenario.others)
    expect(deleted == made, f"{deleted} records were deleted, not {made}")
    _nothing_left(org, ended)


def extracted(
    scenario: Scenario, folder: Path, org: LocalOrg, ended: Sequence[Ended], before: Found
) -> None:
    """The file complete and exact, whatever the number of queries, and each copy made once."""
    last = ended[-1]
    expect(
        last.killed or last.status in scenario.codes,
        f"ended with {last.status}: {last.out}{last.err}",
    )
    content = (folder / "extracted.csv").read_text("utf-8")
    expect(content == _whole(scenario), f"the file is {content}")
    _once("Contact", scenario.others, [str(each["LastName"]) for each in org.records("Contact")])
    _once("Account", scenario.accounts, [str(each["Name"]) for each in org.records("Account")])


def whole_or_old(folder: Path, scenario: Scenario) -> None:
    """The file that is there before is replaced only by a whole one."""
    content = (folder / "extracted.csv").read_text("utf-8")
    expect(content in {OLD, _whole(scenario)}, f"the file is {content}")


def _whole(scenario: Scenario) -> str:
    return '"LastName"\n' + "".join(f'"{name}"\n' for name in scenario.extracted)


Judge = Callable[[Scenario, Path, LocalOrg, Sequence[Ended], Found], None]

JUDGES: dict[str | None, Judge] = {
    None: loaded,
    "abort": given_up,
    "retry": loaded,
    "undo": taken_back,
}
"""By what is done with the run afterwards."""


def over(folder: Path) -> bool:
    """Whether the journal says that the last run is over: nobody has to go on with it."""
    return all(
        each.finished is not None for each in runs.list_runs(RunSelection(folder / ".bulkflow"))[:1]
    )


def expect(held: bool, message: str) -> None:
    """Raise `BrokenPromiseError` unless something holds."""
    if not held:
        raise BrokenPromiseError(message)


def _told(finished: dict[str, Any], **expected: int) -> None:
    for name, number in expected.items():
        told = sum(int(each[name]) for each in finished["jobs"])
        expect(told == number, f"{told} {name} are told, not {number}")
    expect(not any(each["left"] for each in finished["jobs"]), "jobs are said to be left")


def _nothing_left(org: LocalOrg, ended: Sequence[Ended]) -> None:
    """One upload for each job, and none that runs on but those that are empty and named."""
    puts = Counter(
        each.path
        for each in org.requests
        if each.method == "PUT" and (each.status is None or each.status < 400)
    )
    expect(all(number == 1 for number in puts.values()), f"two uploads into a job: {puts}")
    said = "".join(each.out for each in ended)
    for job in org.jobs():
        # One whose creation nobody heard of is empty, and named; where the org refuses to list its
        # jobs, it is said that there may be some.
        if str(job.state) == "Open":
            named = (
                job.id in said or "left empty jobs in the org, and they cannot be listed" in said
            )
            expect(job.uploads == 0, f"job {job.id} is left open with data in it")
            expect(named, f"job {job.id} is left open and nobody says so")
        else:
            final = str(job.state) in {"JobComplete", "Failed", "Aborted"}
            expect(final, f"job {job.id} is left {job.state}")


def _saved(path: Path, scenario: Scenario, org: LocalOrg) -> None:
    ids = {str(each["LastName"]): str(each["Id"]) for each in org.records("Contact")}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expect([row["LastName"] for row in rows] == list(scenario.contacts), "the saved rows differ")
    for row in rows:
        expect(row["_outcome"] == "loaded", f"saved as {row}")
        expect(row["_id"] == ids[row["LastName"]], f"saved with the id of another: {row}")


def _once(kind: str, expected: Sequence[str], found: Sequence[str]) -> None:
    wrong = Counter(found)
    wrong.subtract(Counter(expected))
    off = {name: number for name, number in wrong.items() if number}
    expect(not off, f"{kind} more (or less) than once: {off}")
