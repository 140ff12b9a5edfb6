"""Runs a case through the command line, and holds all that came of it to the reference."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from bulkflow_sandbox.faults.fault import FailJob, LockRows
from bulkflow_sandbox.testing import LocalOrg, local_org
from support.workshop import Ran, Workshop
from whole.case import Case
from whole.fates import hold_fates, hold_sums
from whole.org import SCHEMA, id_of, record_before
from whole.parts import hold_parts
from whole.saved import Saved
from whole.wrong import expect


def hold(case: Case, folder: Path) -> Ran:
    """Load a case into an org of its own, and judge. Raises `WrongError`."""
    with local_org(schema=SCHEMA) as org:
        for number in range(case.before):
            (made,) = org.insert(case.object, record_before(number))
            expect(made == id_of(number), f"the id {made}")
        if case.locks:
            org.sandbox.inject(LockRows(case.locks))
        if case.failing:
            rows, times = case.failing
            org.sandbox.inject(FailJob(rows, times=times))
        ran = run(case, folder, org)
        org.settle()
        expect("Traceback" not in ran.out + ran.err, ran.out + ran.err)
        if case.fault:
            _hold_refused(case, folder, org, ran)
        else:
            expect(ran.code in {0, 3}, f"exit code {ran.code}: {ran.out}{ran.err}")
            hold_parts(case, org)
            saved = Saved.read(case, folder)
            saved.hold()
            hold_sums(case, org, ran, saved)
            hold_fates(case, org, saved)
    return ran


def run(case: Case, folder: Path, org: LocalOrg) -> Ran:
    """Write the files and the pipeline of a case, and run it."""
    workshop = Workshop(folder, dict(org.environment))
    stdin = b""
    for file in case.files:
        content = file.content(case.delimiter, case.encoding)
        if case.location == "-":
            stdin = content
        else:
            workshop.write(file.name, content)
    with _given(stdin):
        return workshop.run(case.pipeline())


@contextmanager
def _given(content: bytes) -> Iterator[None]:
    """A standard input, and no pauses before rows are sent again."""
    stream = io.TextIOWrapper(io.BytesIO(content))
    with (
        mock.patch.object(sys, "stdin", stream),
        mock.patch("bulkflow_ingest.execution.retry.LONGEST_PAUSE", 0.0),
    ):
        yield


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
