"""One process's share of the schedules."""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from crash.driver import Schedule, at_random, drive, points, systematic
from crash.forks import Forks
from crash.judging import BrokenPromiseError
from crash.scenarios import Kill, Scenario


def work(
    number: int, scenarios: list[Scenario], most: int, seed: int, base: Path, stop: bool
) -> tuple[Counter[str], list[str]]:
    """One process's share: every point of each scenario in turn, then at random to the number."""
    os.environ["TMPDIR"] = str(base)
    tempfile.tempdir = str(base)
    counts: Counter[str] = Counter()
    broken: list[str] = []
    chance = random.Random(f"{seed} {number}")
    folder = base / f"worker-{number}"
    with Forks.start() as forks:
        lengths: dict[str, int] = {}

        def one(kind: str, schedule: Schedule) -> None:
            counts[f"schedules: {kind}"] += 1
            counts[f"in {schedule.scenario.name}"] += 1
            try:
                ended = drive(forks, schedule, folder)
            except BrokenPromiseError as error:
                broken.append(describe(schedule, error))
                print(broken[-1], file=sys.stderr, flush=True)
                if stop:
                    raise
            else:
                counts["attempts"] += len(ended)
                counts["kills"] += sum(each.killed for each in ended)

        for scenario in scenarios:
            try:
                lengths[scenario.name] = points(forks, scenario, folder)
            except BrokenPromiseError as error:
                broken.append(describe(Schedule(scenario), error))
                print(broken[-1], file=sys.stderr, flush=True)
                lengths[scenario.name] = 60
        turns = [
            schedule
            for scenario in scenarios
            for schedule in systematic(scenario, lengths[scenario.name])
        ]
        if len(turns) > most * 2 // 3:
            turns = chance.sample(turns, most * 2 // 3)
        for schedule in turns:
            one("killed at one point", schedule)
        for _ in range(max(0, most - len(turns))):
            scenario = chance.choice(scenarios)
            one("killed at random", at_random(scenario, lengths[scenario.name], chance))
    return counts, broken


def describe(schedule: Schedule, error: BrokenPromiseError) -> str:
    kills = ", ".join(_kill(each) for each in schedule.kills) or "never"
    before = ", ".join(_kill(each) for each in schedule.before)
    loading = f" (while loading: {before})" if before else ""
    return f"BROKEN {schedule.scenario.name}, killed {kills}{loading}: {str(error)[-1500:]}"


def _kill(kill: Kill) -> str:
    return f"at {kill.at}" if kill.at is not None else f"after {kill.after:.3f} s"
