"""One process's share of the schedules."""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from attrs import define, frozen

from crash.driver import Schedule, at_random, drive, points, systematic
from crash.forks import Forks
from crash.journey import Journey, draw
from crash.judging import BrokenPromiseError
from crash.scenarios import Kill, Scenario
from crash.walk import walk


@frozen
class Share:
    """What one process does.

    Attributes:
        number: Which one it is, from 0.
        scenarios: Its scenarios, each of which is killed at every point, and at random.
        schedules: How many schedules of these.
        journeys: The numbers of its journeys.
        seed: The seed of the campaign.
        base: A folder for all that is written.
        stop: Whether the first that fails ends it.
        without: The invariant that journeys miss (see `faulty`).
    """

    number: int
    scenarios: Sequence[Scenario]
    schedules: int
    journeys: Sequence[int]
    seed: int
    base: Path
    stop: bool = False
    without: str | None = None


def journey(seed: int, number: int) -> Journey:
    """The journey of a number in a campaign."""
    return draw(random.Random(f"{seed} journey {number}"))


def work(share: Share) -> tuple[Counter[str], list[str]]:
    """Do a share: counts of what was done, and what was broken."""
    os.environ["TMPDIR"] = str(share.base)
    tempfile.tempdir = str(share.base)
    with Forks.start() as forks:
        worker = _Worker(share, forks, share.base / f"worker-{share.number}")
        try:
            worker.kill_scenarios()
            worker.walk_journeys()
        except BrokenPromiseError:
            # It is among what is broken, and was to be the last.
            pass
        return worker.counts, worker.broken


@define(eq=False)
class _Worker:
    share: Share
    forks: Forks
    folder: Path
    counts: Counter[str]
    broken: list[str]

    def __init__(self, share: Share, forks: Forks, folder: Path) -> None:
        self.share, self.forks, self.folder = share, forks, folder
        self.counts, self.broken = Counter(), []

    def kill_scenarios(self) -> None:
        """Every point of each scenario in turn, then at random to the number."""
        scenarios, most = self.share.scenarios, self.share.schedules
        if not scenarios or not most:
            return
        chance = random.Random(f"{self.share.seed} {self.share.number}")
        lengths: dict[str, int] = {}
        for scenario in scenarios:
            try:
                lengths[scenario.name] = points(self.forks, scenario, self.folder)
            except BrokenPromiseError as error:
                self._note(describe(Schedule(scenario), error), error)
                lengths[scenario.name] = 60
        turns = [
            schedule
            for scenario in scenarios
            for schedule in systematic(scenario, lengths[scenario.name])
        ]
        if len(turns) > most * 2 // 3:
            turns = chance.sample(turns, most * 2 // 3)
        for schedule in turns:
            self._drive("killed at one point", schedule)
        for _ in range(max(0, most - len(turns))):
            scenario = chance.choice(scenarios)
            self._drive("killed at random", at_random(scenario, lengths[scenario.name], chance))

    def walk_journeys(self) -> None:
        """Walk each journey of the share."""
        for number in self.share.journeys:
            drawn = journey(self.share.seed, number)
            self.counts["schedules: journeys"] += 1
            try:
                log = walk(self.forks, drawn, self.folder, self.share.without)
            except BrokenPromiseError as error:
                self._note(f"BROKEN journey {number}: {drawn}\n{error}", error)
            else:
                self.counts["commands on journeys"] += len(log)
                self.counts["kills"] += sum(each.kill != Kill() for each in drawn.moves)

    def _drive(self, kind: str, schedule: Schedule) -> None:
        self.counts[f"schedules: {kind}"] += 1
        self.counts[f"in {schedule.scenario.name}"] += 1
        try:
            ended = drive(self.forks, schedule, self.folder)
        except BrokenPromiseError as error:
            self._note(describe(schedule, error), error)
        else:
            self.counts["attempts"] += len(ended)
            self.counts["kills"] += sum(each.killed for each in ended)

    def _note(self, text: str, error: BrokenPromiseError) -> None:
        self.broken.append(text)
        print(text, file=sys.stderr, flush=True)
        if self.share.stop:
            raise error


def describe(schedule: Schedule, error: BrokenPromiseError) -> str:
    """A schedule and what it broke, as a text."""
    kills = ", ".join(_kill(each) for each in schedule.kills) or "never"
    before = ", ".join(_kill(each) for each in schedule.before)
    loading = f" (while loading: {before})" if before else ""
    return f"BROKEN {schedule.scenario.name}, killed {kills}{loading}: {str(error)[-1500:]}"


def _kill(kill: Kill) -> str:
    return f"at {kill.at}" if kill.at is not None else f"after {kill.after:.3f} s"
