"""The judge of a journey: what the org has, beside all that bulkflow says of it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import Factory, define

from bulkflow_sandbox.testing import LocalOrg
from crash.forks import Ended
from crash.journey import NAMES, Journey
from crash.judging import expect

LOADS = frozenset({"run", "resume", "retry"})
"""The commands whose exit code 0 says that all rows are loaded."""

NOT_LOADED = ("failed", "unprocessed", "withheld", "unknown")


@define(eq=False)
class Ledger:
    """What is in one org, and what each run last said of its rows.

    Attributes:
        journey: The journey.
        org: Its org.
        fresh: How often rows were loaded on purpose that may have been there.
        said: The jobs of each run as it told them last; None where it was killed since.
        undone: Whether records were taken back, so that rows are missing on purpose.
        elsewhere: The runs that came to the org before it was refreshed: it is another one now.
        requests: How many requests the org had before the command.
    """

    journey: Journey
    org: LocalOrg
    fresh: int = 0
    said: dict[str, list[dict[str, Any]] | None] = Factory(dict)
    undone: bool = False
    elsewhere: set[str] = Factory(set)
    requests: int = 0
    _began: datetime = Factory(lambda: datetime.now(UTC))

    def begin(self) -> None:
        """A command is about to be run."""
        self.requests = self.org.sandbox.requests.total
        self._began = datetime.now(UTC)

    def judge(self, ended: Ended, files: str, known: set[str]) -> None:
        """Hold what a command said against what there is.

        Args:
            ended: The command.
            files: The pipeline files that it ran, or whose run it worked on.
            known: The runs that there are.

        Raises:
            BrokenPromiseError: It does not hold.
        """
        expect("Traceback" not in ended.err, ended.err[-3000:])
        expect("internal error" not in ended.err, ended.err[-3000:])
        for gone in self.said.keys() - known:
            del self.said[gone]
        finished = ended.finished
        if finished is None:
            expect(ended.killed, f"it ended with {ended.status} and no last event: {ended.err}")
            self.said = dict.fromkeys(known - self.elsewhere)
            return
        if finished["run"] in self.elsewhere:
            loads = ended.command in LOADS and ended.status == 0
            expect(not loads, "it is done with a run whose org is another one now")
            self._nothing_was_sent()
            return
        expect(finished["exit_code"] == ended.status or ended.killed, "two exit codes")
        if ended.status == 2:
            self._nothing_was_sent()
        if ended.command == "undo":
            self.undone = True
        elif finished["run"] in known:
            self.said[finished["run"]] = finished["jobs"]
        for job in finished["jobs"]:
            told = sum(job[each] for each in ("loaded", *NOT_LOADED))
            expect(told <= job["rows"], f"more rows are told than there are: {job}")
        if ended.command in LOADS and ended.status == 0:
            self._all_is_loaded(finished, files)
        if ended.status == 3:
            missing = sum(job[each] for job in finished["jobs"] for each in NOT_LOADED)
            expect(missing > 0, f"it ended with 3, and no rows are missing: {finished['jobs']}")

    def judge_org(self) -> None:
        """Hold the org against all that was said until now. Raises `BrokenPromiseError`."""
        for what in ("Contact", "Account"):
            twice = {
                name: number for name, number in self.alive(what).items() if number > 1 + self.fresh
            }
            expect(not twice, f"{what} loaded more than once: {twice}")
        for job in self.org.jobs():
            expect(job.uploads <= 1, f"job {job.id} got {job.uploads} uploads")
        if self.journey.is_insert and not self.fresh:
            self._guesses_nothing()
        if self.undone:
            return
        stored = self.alive("Contact").total() + self.alive("Account").total()
        if self.journey.is_insert:
            loaded = sum(job["loaded"] for job in self._told())
            expect(loaded <= stored, f"{loaded} rows are told as loaded, {stored} are there")
            if None in self.said.values():
                return
            open_ = sum(job["rows"] - sum(job[each] for each in NOT_LOADED) for job in self._told())
            most = open_ + sum(job["unknown"] for job in self._told())
            expect(stored <= most, f"{stored} rows are there, {most} are told as loaded or unknown")

    def _guesses_nothing(self) -> None:
        """See that no row which is in no result of its job was handed over once more."""
        files = self.org.sandbox.ingest.get_files
        closed = [each for each in self.org.jobs() if each.closed is not None]
        given = {job.id: _names_in(files(job).upload) for job in closed}
        for job in closed:
            if str(job.state) != "JobComplete":
                continue
            told = _names_in(files(job).successful) | _names_in(files(job).failed)
            for other in closed:
                again = (given[job.id] - told) & given[other.id]
                expect(
                    other.id <= job.id or other.object != job.object or not again,
                    f"job {job.id} tells nothing of {sorted(again)}, which {other.id} got, too",
                )

    def forget_the_org(self, known: set[str]) -> None:
        """The org is another one from now on."""
        self.elsewhere |= known
        self.said.clear()
        self.fresh = 0
        self.undone = False

    def missing(self) -> int:
        """How many rows of people are neither in the org nor told as unknown."""
        there = self.alive("Contact")
        return sum(1 for name in NAMES if not there[name]) - self.unknown()

    def unknown(self) -> int:
        """How many rows of people are told as unknown."""
        return sum(job["unknown"] for job in self._told() if job["job"] == "people")

    def alive(self, what: str) -> Counter[str]:
        """How often each name is in the org."""
        field = "LastName" if what == "Contact" else "Name"
        names = (str(each[field]) for each in self.org.records(what))
        return Counter(name for name in names if name.startswith("row"))

    def _told(self) -> list[dict[str, Any]]:
        return [job for jobs in self.said.values() if jobs is not None for job in jobs]

    def _all_is_loaded(self, finished: dict[str, Any], files: str) -> None:
        for job in finished["jobs"]:
            absent = {each: job[each] for each in NOT_LOADED if job[each]}
            expect(not absent, f"it ended with 0 and rows are missing: {job}")
            expect(job["loaded"] == job["rows"], f"it ended with 0 and rows are missing: {job}")
        if self.undone:
            return
        names = {job["job"] for job in finished["jobs"]} or {files}
        orders = "orders" in names
        stored = self.alive("Account" if orders else "Contact")
        missing = [name for name in NAMES if not stored[name]]
        expect(not missing, f"it ended with 0 and these are not in the org: {missing}")

    def _nothing_was_sent(self) -> None:
        sent = [
            f"{each.method} {each.path}"
            for each in self.org.sandbox.requests.list_after(self.requests)
            if each.method in {"PUT", "PATCH"}
            and each.status is not None
            and each.status < 300
            # Not one of a process that was killed before.
            and each.at >= self._began
        ]
        expect(not sent, f"it ended with 2 and sent {sent}")


def _names_in(path: Path) -> set[str]:
    """The names of rows in one of the sandbox's files."""
    data = path.read_bytes() if path.exists() else b""
    return {each.decode() for each in re.findall(rb"row[0-9]{3}", data)}
