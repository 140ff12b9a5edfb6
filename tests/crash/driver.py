"""Runs one schedule: a load that is killed, gone on with, killed again; and holds the org to it."""

from __future__ import annotations

import gzip
import random
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from attrs import frozen

from bulkflow.app import runs
from bulkflow.app.state import RunSelection
from bulkflow_sandbox import Choices
from bulkflow_sandbox.org import USER_ID
from bulkflow_sandbox.testing import LocalOrg, local_org
from crash.forks import Ended, Forks
from crash.judging import (
    JUDGES,
    BrokenPromiseError,
    Found,
    elsewhere,
    expect,
    extracted,
    over,
    whole_or_old,
)
from crash.scenarios import Kill, Scenario

MAX_ATTEMPTS = 14
"""How often a load is gone on with before the schedule is taken for one without an end."""

LIMIT = 1_000_000


@frozen
class Schedule:
    """A load, and what happens to each attempt at it; those behind the last kill live.

    Where the scenario says what is done with the run afterwards, that is what `kills` are for, and
    `before` are those of the load.
    """

    scenario: Scenario
    kills: tuple[Kill, ...] = ()
    without: str | None = None
    before: tuple[Kill, ...] = ()


def points(forks: Forks, scenario: Scenario, folder: Path) -> int:
    """How many points a run passes when nobody kills it, in all of its attempts.

    Where something is done with it afterwards, only that counts.
    """
    ended = drive(forks, Schedule(scenario), folder)
    counted = {scenario.after} if scenario.after else {"run", "resume"}
    return sum(len(each.passed) for each in ended if each.command in counted)


def drive(forks: Forks, schedule: Schedule, folder: Path) -> list[Ended]:
    """Run a schedule to its end in an org of its own.

    Raises:
        BrokenPromiseError: what came of it is not what was promised.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    scenario = schedule.scenario
    for name, content in scenario.files.items():
        data = content.encode()
        (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    (folder / "load.bulkflow").write_text(scenario.header + scenario.pipeline, "utf-8")
    with ExitStack() as stack:
        org = stack.enter_context(
            local_org(
                processing=scenario.processing,
                faults=scenario.faults,
                choices=Choices(query_page_rows=5) if scenario.extracted else None,
            )
        )
        other = stack.enter_context(local_org()) if scenario.elsewhere else None
        for name in scenario.others:
            org.insert("Contact", {"LastName": name, "External_Id__c": name})
        driver = _Driver(forks, schedule, folder, org, _environment(folder, org, other))
        if scenario.after is None:
            ended = list(driver.load(schedule.kills))
            before = Found.of(org)
        else:
            ended = list(driver.load(schedule.before, once=scenario.after == "abort"))
            org.settle()
            before = Found.of(org)
            ended += driver.afterwards(scenario.after)
        org.settle()
        judge = extracted if scenario.extracted else JUDGES[scenario.after]
        judge(scenario, folder, org, ended, before)
        if other is not None:
            other.settle()
            elsewhere(scenario, other, ended)
    return ended


def _environment(folder: Path, org: LocalOrg, other: LocalOrg | None) -> dict[str, str]:
    """The variables of each attempt; the other org has a profile, named `other`."""
    environ = {**org.environment, "BULKFLOW_GRACE": "2"}
    if other is not None:
        profile = folder / "config" / "orgs" / "other.toml"
        profile.parent.mkdir(parents=True)
        profile.write_text(
            f'flow = "token"\ninstance-url = "{other.url}"\n'
            '[secrets]\naccess-token = "env:OTHER_TOKEN"\n'
        )
        environ |= {"BULKFLOW_CONFIG_DIR": str(folder / "config"), "OTHER_TOKEN": other.token}
    return environ


@frozen
class _Driver:
    """The user, who does what bulkflow says."""

    forks: Forks
    schedule: Schedule
    folder: Path
    org: LocalOrg
    environ: dict[str, str]

    def load(self, kills: tuple[Kill, ...], *, once: bool = False) -> Iterator[Ended]:
        """Run the file; go on for as long as bulkflow says that the run is not over.

        `once`: no more often than it is killed, and once more.
        """
        command = ["run", "load.bulkflow", "--json"]
        for number in range(MAX_ATTEMPTS):
            ended = self._attempt(command, number, kills)
            yield ended
            if once and number >= len(kills) and ended.status != 2:
                return
            if ended.command in {"run", "resume"} and (
                ended.status in {0, 3} or (ended.killed and self._came_to_its_end())
            ):
                return
            command = self._advised(ended)
        raise BrokenPromiseError(f"no end after {MAX_ATTEMPTS} attempts: {ended.out[-2000:]}")

    def _advised(self, ended: Ended) -> list[str]:
        """What bulkflow says that is to be done now; else the file is run again."""
        if ended.command in {"run", "resume"}:
            if said := re.search(
                r"abort the run with `bulkflow abort (\S+)`, then run", ended.said
            ):
                processed = sum(each.processed for each in self.org.jobs())
                expect(processed == 0, f"{processed} rows were processed, and are to be sent anew")
                return ["abort", said[1], "--json"]
            if said := re.search(r"bulkflow retry (\S+) --rows (\w+)`", ended.said):
                return ["retry", said[1], "--rows", said[2], "--json"]
            if ended.status == 2 and (said := re.search(r"bulkflow resume (\S+)`", ended.said)):
                return ["resume", said[1], "--json"]
        if ended.command == "retry" and ended.status == 0 and ended.finished is not None:
            # All rows are loaded; the steps that follow the load are left.
            return ["resume", str(ended.finished["run"]), "--json"]
        # One that was asked to end before it began has nothing to tell.
        told = ended.killed or ended.status == 130 or ended.finished is not None
        expect(told, ended.err)
        return ["run", "load.bulkflow", "--json"]

    def afterwards(self, verb: str) -> Iterator[Ended]:
        """Do something with the run, again and again until it is done."""
        (last, *_) = runs.list_runs(RunSelection(self.folder / ".bulkflow"))
        command = [verb, last.id, "--json", *(["--yes"] if verb == "undo" else [])]
        for number in range(MAX_ATTEMPTS):
            ended = self._attempt(command, number, self.schedule.kills)
            yield ended
            if ended.status == 0:
                return
            expect(ended.killed or ended.finished is not None, ended.err)
        raise BrokenPromiseError(f"no end after {MAX_ATTEMPTS} attempts: {ended.out[-2000:]}")

    def _attempt(self, command: list[str], number: int, kills: tuple[Kill, ...]) -> Ended:
        kill = kills[number] if number < len(kills) else Kill()
        if number:
            # A user logs in again, and a day has passed.
            self.org.sandbox.sessions.admit(self.org.token, USER_ID)
            self.org.sandbox.limits.set("DailyApiRequests", LIMIT)
        if number >= len(kills) + 4:
            self.org.sandbox.faults.clear()
        ended = self.forks.run(
            self.folder,
            command,
            self.environ,
            kill_at=kill.at,
            kill_after=kill.after,
            signal_number=self.schedule.scenario.signal_number,
            without=self.schedule.without,
        )
        expect("Traceback" not in ended.err, ended.err)
        expect("internal error" not in ended.err, ended.err)
        if self.schedule.scenario.extracted:
            whole_or_old(self.folder, self.schedule.scenario)
        return ended

    def _came_to_its_end(self) -> bool:
        """Whether the journal says that the file was run to its end: it was killed behind that."""
        last = runs.list_runs(RunSelection(self.folder / ".bulkflow"))[:1]
        return over(self.folder) and any(each.exit_code in {0, 3} for each in last)


def systematic(scenario: Scenario, number: int) -> Iterator[Schedule]:
    """A kill at each point in turn."""
    for at in range(1, number + 1):
        yield Schedule(scenario, (Kill(at=at),))


def at_random(scenario: Scenario, number: int, chance: random.Random) -> Schedule:
    """One to five kills, anywhere; of the load as well, where something is done afterwards."""
    kills = [_kill(number, chance) for _ in range(chance.choice((1, 1, 2, 2, 3, 4, 5)))]
    before = [_kill(90, chance) for _ in range(chance.choice((0, 1, 2)) if scenario.after else 0)]
    return Schedule(scenario, tuple(kills), before=tuple(before))


def _kill(number: int, chance: random.Random) -> Kill:
    if chance.random() < 0.25:
        return Kill(after=chance.uniform(0.0, 0.2))
    return Kill(at=chance.randint(1, max(2, number)))
