"""Every row once, wherever a load is killed: a selection of what `make crash` does in thousands."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crash.campaign import journey
from crash.driver import Schedule, at_random, drive, points, systematic
from crash.forks import Forks
from crash.journey import HELD, LOST
from crash.judging import BrokenPromiseError
from crash.scenarios import AFTER, ALL, CALM, QUERIES, ROUGH, WAYS, Kill
from crash.walk import walk

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

SCENARIOS = {each.name: each for each in ALL}
SHARE = 3
"""How many schedules each test runs."""


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with Forks.start() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is such a place: nothing here is about a power cut."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path / "load"
        return
    with tempfile.TemporaryDirectory(prefix="bulkflow-crash-", dir=memory) as made:
        yield Path(made) / "load"


@pytest.mark.parametrize(
    "name",
    [
        "insert, staged, parts",
        "insert, streamed, parts",
        "upsert, streamed, parts",
        "deleted afterwards",
        "two jobs side by side",
        "two loops, and an always",
        "given up: one of three closed",
        "given up: streamed",
        "sent again: locked rows",
        "taken back: upsert",
        "taken back: a failed deletion",
        "sent while read: load",
        "sent while read: gz, staged",
        "two orgs: side by side",
        "extract: calm",
        "extract: copied",
        "extract: pages#3=delete",
    ],
)
def test_a_load_that_is_killed_at_a_point_loads_each_row_once(
    forks: Forks, folder: Path, name: str
) -> None:
    scenario = SCENARIOS[name]
    every = list(systematic(scenario, points(forks, scenario, folder)))
    for schedule in random.Random(name).sample(every, SHARE):
        drive(forks, schedule, folder)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("weather", ["calm", "rough", "afterwards", "ways", "queries"])
def test_a_load_that_is_killed_again_and_again_loads_each_row_once(
    forks: Forks, folder: Path, weather: str, seed: int
) -> None:
    chance = random.Random(f"{weather} {seed}")
    weathers = {"calm": CALM, "rough": ROUGH, "afterwards": AFTER, "ways": WAYS, "queries": QUERIES}
    for _ in range(SHARE):
        scenario = chance.choice(weathers[weather])
        drive(forks, at_random(scenario, 90, chance), folder)


@pytest.mark.parametrize("name", ["sent while read: staged", "sent while read: gz, staged"])
def test_a_stream_that_is_up_and_not_closed_is_gone_on_with(
    forks: Forks, folder: Path, name: str
) -> None:
    killed = drive(forks, Schedule(SCENARIOS[name], (Kill(at="intends to close"),)), folder)
    assert [(each.command, each.status) for each in killed] == [
        ("run", -9), ("run", 2), ("resume", 0),
    ]  # fmt: skip


def test_jobs_that_were_aborted_when_all_of_their_rows_were_loaded_hold_nothing_up(
    forks: Forks, folder: Path
) -> None:
    scenario = SCENARIOS["asked to end: given up in a slow org"]
    (ended,) = drive(forks, Schedule(scenario), folder)
    closed = len(ended.passed) - ended.passed[::-1].index("PATCH: after")
    looked_at = ended.passed.index("GET: after", closed) + 1
    drive(forks, Schedule(scenario, (Kill(at=looked_at),)), folder)


@pytest.mark.parametrize("name", ["staged: upload=cut-after", "streamed: createx2=cut-after"])
def test_a_load_whose_answers_are_lost_loads_each_row_once(
    forks: Forks, folder: Path, name: str
) -> None:
    ended = drive(forks, Schedule(SCENARIOS[name]), folder)
    assert [each.status for each in ended] == [0]


@pytest.mark.parametrize(
    ("without", "name"),
    [
        ("close after its intent", "insert, staged, one part"),
        ("one upload for each job", "staged: upload=cut-after"),
        ("the job of a part", "insert, streamed, one part"),
        ("spoilt uploads", "insert, staged, one part"),
        ("the job of a part", "given up: nothing closed"),
        ("what rows created", "taken back: upsert"),
        ("the end of the last page", "extract: calm"),
    ],
)
def test_the_harness_notices_that_an_invariant_is_broken(
    forks: Forks, folder: Path, without: str, name: str
) -> None:
    scenario = SCENARIOS[name]
    # Where most of them show first.
    names = ("PUT: within", "PUT: after", "PATCH: after")
    if scenario.extracted:
        names = ("intends to page",)
    kills = [*((Kill(at=at),) for at in names), (), *((Kill(at=at),) for at in range(14, 60))]

    def drive_all() -> None:
        for each in kills:
            drive(forks, Schedule(scenario, each, without), folder)

    with pytest.raises(BrokenPromiseError):
        drive_all()


@pytest.mark.parametrize("name", sorted(LOST))
def test_a_journey_comes_to_its_end_and_misses_no_invariant(
    forks: Forks, folder: Path, name: str
) -> None:
    walk(forks, LOST[name], folder)
    with pytest.raises(BrokenPromiseError):
        walk(forks, LOST[name], folder, name)


@pytest.mark.parametrize("name", sorted(HELD))
def test_a_fault_that_a_journey_met_is_met_no_more(forks: Forks, folder: Path, name: str) -> None:
    walk(forks, HELD[name], folder)


@pytest.mark.parametrize("number", range(2))
def test_whatever_is_done_with_a_project_loads_each_row_once(
    forks: Forks, folder: Path, number: int
) -> None:
    for each in range(number * SHARE, (number + 1) * SHARE):
        walk(forks, journey(0, each), folder)
