"""Whatever is damaged of what a killed run left: no row is loaded twice, and somebody is told."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bulkflow.journal.store import FILE_NAME
from bulkflow_sandbox.testing import LocalOrg, local_org
from support.proxy import Handler, Proxy, answering, proxied
from support.workshop import Ran, Workshop

JOB = "/jobs/ingest/[^/]+"
NAMES = [f"row {number}" for number in range(8)]
PIPELINE = """\
org env
job people
    insert Contact
    from "people.csv"
    parts of 2 rows
    over 1 connections
load job people
"""
LOG = f"{FILE_NAME}-wal"
SEEDS = 24
DOUBT = "may have loaded rows that the journal does not know of"


@pytest.fixture
def org() -> Iterator[LocalOrg]:
    with local_org() as running:
        yield running


@pytest.fixture
def proxy(org: LocalOrg) -> Iterator[Proxy]:
    with proxied(org.url) as made:
        yield made


@pytest.fixture
def project(tmp_path: Path, org: LocalOrg, proxy: Proxy) -> Workshop:
    environ = {**org.environment, "SF_ORG_INSTANCE_URL": proxy.url, "BULKFLOW_PATIENCE": "1s"}
    made = Workshop(tmp_path / "project", environ)
    made.write("people.csv", "LastName\n" + "".join(f"{name}\n" for name in NAMES))
    made.write("load.bulkflow", PIPELINE)
    return made


@pytest.fixture
def left(project: Workshop, proxy: Proxy, org: LocalOrg) -> Path:
    """The state as it was when the third of four parts was closed, and the run was killed."""
    kept = project.folder.parent / "left"

    def keep(_: Handler, forward: Callable[[], None]) -> None:
        forward()
        shutil.copytree(project.folder / ".bulkflow", kept)

    def pass_on(_: Handler, forward: Callable[[], None]) -> None:
        forward()

    for _ in range(2):
        proxy.on("PATCH", JOB, pass_on)
    proxy.on("PATCH", JOB, keep)
    refuse = answering(403, [{"errorCode": "X", "message": "not any more"}])

    def from_then_on(handler: Handler, forward: Callable[[], None]) -> None:
        (refuse if kept.exists() else pass_on)(handler, forward)

    for method in ("POST", "PUT", "PATCH"):
        proxy.on(
            method, "", lambda *both: (refuse if kept.exists() else pass_on)(*both), times=None
        )
    ran = project.command("run", str(project.folder / "load.bulkflow"))
    assert ran.code == 1, ran.err
    proxy.rules.clear()
    assert (kept / LOG).stat().st_size
    assert names(org) == NAMES[:6]
    return kept


def restore(project: Workshop, left: Path) -> Path:
    state = project.folder / ".bulkflow"
    shutil.rmtree(state)
    shutil.copytree(left, state)
    return state


def names(org: LocalOrg) -> list[str]:
    return sorted(str(each["LastName"]) for each in org.records("Contact"))


def both(project: Workshop) -> tuple[Ran, Ran]:
    """What going on comes to, and what beginning anew does."""
    file = str(project.folder / "load.bulkflow")
    return project.command("resume", file), project.command("run", file)


def test_what_a_killed_run_left_is_gone_on_with(
    project: Workshop, org: LocalOrg, left: Path
) -> None:
    restore(project, left)
    resumed, begun = both(project)
    assert resumed.code == 0, resumed.err
    assert "were handed over before" in begun.err
    assert names(org) == NAMES


@pytest.mark.parametrize("lost", ["truncated", "deleted", "flipped", "copied alone", "moved away"])
def test_a_log_that_is_lost_is_noticed(
    project: Workshop, org: LocalOrg, left: Path, lost: str
) -> None:
    state = restore(project, left)
    log = state / LOG
    match lost:
        case "truncated":
            os.truncate(log, log.stat().st_size // 4)
        case "deleted":
            log.unlink()
        case "flipped":
            content = bytearray(log.read_bytes())
            content[len(content) // 4] ^= 1
            log.write_bytes(content)
        case "copied alone":
            for each in state.iterdir():
                if each.name != FILE_NAME:
                    shutil.rmtree(each) if each.is_dir() else each.unlink()
        case _:
            for each in state.glob(f"{FILE_NAME}*"):
                each.unlink()
    seen = len(names(org))
    resumed, begun = both(project)
    assert len(names(org)) == seen
    assert resumed.code == begun.code == 2, (resumed.err, begun.err)
    if lost == "moved away":
        assert "every run is finished" in resumed.err
    else:
        assert DOUBT in resumed.err
    assert DOUBT in begun.err
    assert "nothing was sent" in begun.err


def test_who_has_looked_gives_the_run_up_and_loads_what_is_missing(
    project: Workshop, org: LocalOrg, left: Path
) -> None:
    state = restore(project, left)
    os.truncate(state / LOG, (state / LOG).stat().st_size // 4)
    file = str(project.folder / "load.bulkflow")
    assert project.command("abort", file).code == 0
    # Given up, and still not known to have sent so little.
    refused = project.command("run", file)
    assert refused.code == 2
    assert DOUBT in refused.err
    other = project.write("other.bulkflow", PIPELINE.replace("people.csv", "more.csv"))
    project.write("more.csv", "LastName\nother\n")
    assert project.command("run", str(other)).code == 0
    project.write("people.csv", "LastName\nmissing\n")
    assert project.command("run", "--fresh", file).code == 0
    project.write("people.csv", "LastName\nlater\n")
    assert project.command("run", file).code == 0
    assert names(org) == sorted([*NAMES[:6], "later", "missing", "other"])


def test_a_run_of_another_file_is_not_begun_before_somebody_has_looked(
    project: Workshop, left: Path
) -> None:
    state = restore(project, left)
    (state / LOG).unlink()
    other = project.write("other.bulkflow", PIPELINE)
    ran = project.command("run", str(other))
    assert ran.code == 2
    assert DOUBT in ran.err
    assert "bulkflow abort" in ran.err


def test_a_journal_with_a_changed_request_is_noticed(project: Workshop, left: Path) -> None:
    state = restore(project, left)
    with closing(sqlite3.connect(state / FILE_NAME)) as connection:
        connection.execute("UPDATE intent SET action = 'create' WHERE action = 'close'")
        connection.commit()
    resumed, begun = both(project)
    assert DOUBT in resumed.err
    assert "other requests than it recorded" in begun.err


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_damage_of_any_file_loads_a_row_twice(
    project: Workshop, org: LocalOrg, left: Path, seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(4):
        state = restore(project, left)
        told = damage(state, chance)
        before = Counter(names(org))
        for ran in both(project):
            assert ran.code in {0, 1, 2}, (told, ran.err)
            assert "internal error" not in ran.err, (told, ran.err)
            assert "fault of the plugin" not in ran.err, (told, ran.err)
        # Those of the fourth part were not handed over, as far as what was left tells.
        more = Counter(names(org)) - before
        assert more in ({}, dict.fromkeys(NAMES[6:], 1)), told


def damage(state: Path, chance: random.Random) -> str:
    """Damage a file or two, in a way in which disks and copies do; says how."""
    files = sorted(
        each for each in state.rglob("*") if each.is_file() and each.parent.name != "locks"
    )
    # The log first of all: it is what is lost most easily.
    weights = [6 if each.name in {LOG, FILE_NAME} else 1 for each in files]
    told = []
    for path in chance.choices(files, weights, k=chance.choice([1, 1, 1, 2])):
        if not path.exists():
            continue
        size = path.stat().st_size
        way = chance.choice(["flip", "flip", "cut", "delete", "zeros", "garbage"])
        at = chance.randrange(size) if size else 0
        told.append(f"{way} {path.name} at {at} of {size}")
        if way == "delete" or not size:
            path.unlink()
            continue
        content = bytearray(path.read_bytes())
        match way:
            case "flip":
                content[at] ^= 1 << chance.randrange(8)
            case "cut":
                del content[at:]
            case "zeros":
                content[at : at + 512] = bytes(len(content[at : at + 512]))
            case _:
                content[at : at + 64] = chance.randbytes(len(content[at : at + 64]))
        path.write_bytes(content)
    return ", ".join(told)
