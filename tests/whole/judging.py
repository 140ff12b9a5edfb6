"""Runs a case through the command line, and holds all that came of it to the reference."""

from __future__ import annotations

import io
import re
import sys
from contextlib import chdir
from pathlib import Path
from unittest import mock

from bulkflow_sandbox.faults.fault import FailJob, LockRows
from bulkflow_sandbox.testing import LocalOrg, local_org
from crash.places import Project
from support.haste import hasty
from support.workshop import Ran, Workshop
from whole.case import Case
from whole.fates import hold_fates, hold_sums
from whole.org import SCHEMA, id_of, record_before
from whole.parts import hold_parts
from whole.repeating import Snapshot, hold_repeated
from whole.saved import Saved
from whole.truth import Truth
from whole.wrong import expect

FILE = "test.bulkflow"


PAUSE = 0.005
"""Seconds of the machine's time that any wait takes at the most."""

PATIENCE, LITTLE = "15m", "10s"
"""By bulkflow's own clock, which its waits move on: where troubles pass, and where they stay."""


def hold(case: Case, folder: Path) -> Ran:
    """Load a case into an org of its own, and judge. Raises `WrongError`."""
    project = Project(folder)
    with local_org(schema=SCHEMA, processing=case.pace, faults=case.faults) as org:
        for number in range(case.before):
            (made,) = org.insert(case.object, record_before(number))
            expect(made == id_of(number), f"the id {made}")
        if case.locks:
            org.sandbox.inject(LockRows(case.locks))
        if case.failing:
            rows, times = case.failing
            org.sandbox.inject(FailJob(rows, times=times))
        first, *others = case.ways or (None,)
        if first is not None:
            project.lay_out({FILE: case.pipeline()})
        home = folder if first is None else project.folder
        write(case, home)
        ran = run(case, project, org, first)
        # What has been waited for is there by now.
        org.sandbox.commit_late()
        org.settle()
        expect("Traceback" not in ran.out + ran.err, ran.out + ran.err)
        if case.fault:
            _hold_refused(case, home, org, ran)
            return ran
        expect(ran.code in {0, 3}, f"exit code {ran.code}: {ran.out}{ran.err}")
        truth = Truth.of(case, org)
        hold_parts(case, org)
        saved = Saved.read(case, home)
        saved.hold()
        hold_sums(case, truth, ran, saved)
        hold_fates(case, org, truth, saved)
        for way in others:
            before = Snapshot.of(case, org, home)
            again = run(case, project, org, way)
            org.settle()
            hold_repeated(case, org, truth, before, again, Snapshot.of(case, org, home))
    return ran


def write(case: Case, folder: Path) -> None:
    """Write the data files of a case, as far as they are files."""
    workshop = Workshop(folder, {})
    for file in case.files if case.location != "-" else ():
        workshop.write(file.name, file.content(case.delimiter, case.encoding))


def run(case: Case, project: Project, org: LocalOrg, way: str | None = None) -> Ran:
    """Run the file of a case from somewhere; by its whole path, with a state folder, if not."""
    stdin = b""
    if case.location == "-":
        stdin = case.files[0].content(case.delimiter, case.encoding)
    patience = LITTLE if case.hidden else PATIENCE
    environ = {**org.environment, "BULKFLOW_PATIENCE": patience}
    with mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))), hasty(PAUSE):
        if way is None:
            return Workshop(project.base, environ).run(case.pipeline())
        directory, path = project.way(way, FILE)
        with chdir(directory):
            return Workshop(project.folder, environ).command("run", path, "--json")


def _hold_refused(case: Case, folder: Path, org: LocalOrg, ran: Ran) -> None:
    """The fault is told with its place, and nothing is sent or, of a stream, nothing processed."""
    said = ran.out + ran.err
    expect(ran.code in ({1, 2} if case.streamed else {2}), f"{case.fault}: {ran.code}: {said}")
    expect(case.streamed or not org.requests, f"{case.fault}: requests were sent: {said}")
    expect(len(org.records(case.object)) == case.before, f"{case.fault}: rows were loaded")
    expect(not any(each.closed for each in org.jobs()), f"{case.fault}: a job was closed")
    errors = ran.event("run_finished")["errors"]
    expect(errors, f"{case.fault}: no error is told: {said}")
    if case.place:
        told = re.search(re.escape(case.place) + r"\b", str(errors))
        expect(told, f"{case.fault}: not told at {case.place}: {errors}")
    expect(not list((folder / "out").glob("*")), f"{case.fault}: something was saved")
