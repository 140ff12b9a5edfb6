"""Tests of the plugin without a pipeline and without an org."""

from __future__ import annotations

import csv
import json
from itertools import islice
from pathlib import Path

import bulkflow_acme.plugin
import duckdb
import pytest
from attrs import evolve
from bulkflow_acme.customers import COLUMNS, make_customers, open_customers
from bulkflow_acme.preview import preview
from bulkflow_acme.receipt import receipt
from bulkflow_acme.report import RunReport, listener
from bulkflow_acme.shorten import shorten
from click.testing import CliRunner

from bulkflow.errors import DataError, ExitCode, StepError
from bulkflow.model.event import (
    JobOutcome,
    JobPrepared,
    Notice,
    NoticeLevel,
    Progress,
    RunFinished,
    RunStarted,
    StepFailed,
    StepFinished,
    StepStarted,
)
from bulkflow.model.job_phase import Phase
from bulkflow.model.part import Counts, Manifest
from bulkflow.plugin import JobRows, SourceRequest, SourceRows
from bulkflow.testing import (
    check_plugin,
    check_row_clause,
    check_sink,
    check_source,
    make_job,
    make_span,
    run_step,
)


def test_the_plugin_keeps_the_rules() -> None:
    """Hooks, phrases, slots and descriptions follow the rules of bulkflow."""
    assert check_plugin(bulkflow_acme.plugin, types=["column"]) == []
    assert check_plugin(listener) == []


def test_the_source_keeps_the_rules(tmp_path: Path) -> None:
    """It gives the same rows each time, and refuses what is not there."""
    (source,) = bulkflow_acme.plugin.bulkflow_sources()
    request = SourceRequest("acme://customers?rows=200", tmp_path, {})
    assert check_source(source, request, missing="acme://orders") == []


def test_the_sink_keeps_the_rules(tmp_path: Path) -> None:
    """It writes nothing but its file, and every row."""
    (sink,) = bulkflow_acme.plugin.bulkflow_sinks()
    assert check_sink(sink, tmp_path) == []
    assert len((tmp_path / "full.md").read_text("utf-8").splitlines()) == 3004


def test_the_row_clause_keeps_the_rules() -> None:
    """It cuts texts off, and nothing else."""
    assert (
        check_row_clause(
            shorten,
            ["Name", "City"],
            [("Acme Rockets", "Tucson"), (None, "Kraków"), ("Große", "Zürich")],
            slots={"column": "name", "length": 4},
            expected=[("Acme", "Tucson"), (None, "Kraków"), ("Groß", "Zürich")],
        )
        == []
    )


def test_a_column_that_is_not_there_is_found_before_the_run() -> None:
    """The message names it."""
    assert shorten.check is not None
    with duckdb.connect() as connection:
        relation = connection.sql("SELECT 'Acme' AS \"Name\"")
        rows = JobRows(relation, ("Name",), connection, "customers")
        (problem,) = shorten.check(rows, column="Nmae", length=4)
    assert problem.message == "there is no column Nmae to shorten"


def test_a_receipt_has_the_outcome_of_the_rows(tmp_path: Path) -> None:
    """The step is called as the engine would call it."""
    job = make_job("customers", phase=Phase.FINISHED)
    job.counts = Counts(rows=10, loaded=9, failed=1)
    path = tmp_path / "new" / "receipt.json"
    run = run_step(receipt, job=job, path=path)
    written = json.loads(path.read_text("utf-8"))
    assert (written["job"], written["loaded"], written["failed"]) == ("customers", 9, 1)
    assert written["at"] == run.clock.now
    assert run.notices == [f"receipt for job customers: {path}"]
    assert job.saved == [str(path)]


def test_a_receipt_that_cannot_be_written_fails_the_step(tmp_path: Path) -> None:
    """A file has the path of its folder."""
    (tmp_path / "file").touch()
    job = make_job("customers", phase=Phase.FINISHED)
    with pytest.raises(StepError, match="cannot write the receipt"):
        run_step(receipt, job=job, path=tmp_path / "file" / "receipt.json")


def _open(location: str) -> list[SourceRows]:
    found = list(open_customers(SourceRequest(location, Path(), {})))
    return [each for each in found if isinstance(each, SourceRows)]


def test_the_source_gives_as_many_rows_as_asked_for() -> None:
    """Every row has a value, or None, for every column."""
    (source,) = _open("acme://customers?rows=20")
    rows = list(source.rows)
    assert len(rows) == 20
    assert {len(row) for row in rows} == {len(source.columns)}


def test_the_source_gives_the_same_rows_every_time() -> None:
    """Otherwise an upsert that is run again would change records."""
    assert list(make_customers(50)) == list(make_customers(90))[:50]


def test_the_source_makes_rows_one_by_one() -> None:
    """The first of a billion rows is made immediately."""
    assert len(list(islice(make_customers(10**9), 3))) == 3


@pytest.mark.parametrize(
    "location", ["acme://orders", "acme://customers/1", "acme://customers?rows=many"]
)
def test_a_location_that_means_nothing_is_refused(location: str) -> None:
    """The message names the location."""
    with pytest.raises(DataError, match="acme://"):
        _open(location)


SPAN = make_span("load")
FINISHED = RunFinished(
    "20260101-000000-abcd",
    ExitCode.FAILED,
    9.0,
    1.5,
    (JobOutcome("customers", "finished", Counts(rows=3, loaded=2, failed=1)),),
    (StepError("too many"),),
)


def _listen(environ: dict[str, str]) -> RunReport:
    """Send the events of a whole run to a listener."""
    report = RunReport(environ)
    report.bulkflow_job_prepared(JobPrepared("customers", Manifest((), ("Name",), 3, 40)))
    report.bulkflow_run_started(RunStarted(FINISHED.run, "test.bulkflow", "sandbox", 0.0))
    for text in ("load", "require"):
        report.bulkflow_step_started(StepStarted("x", text, "customers", SPAN, 1.0))
    report.bulkflow_notice(Notice("slow", NoticeLevel.WARNING))
    report.bulkflow_notice(Notice("hello"))
    report.bulkflow_progress(Progress("customers", 2.0, 1, 1, 40, 40, 3, 1, 3, {"JobComplete": 1}))
    report.bulkflow_step_finished(StepFinished("x", "load", "customers", SPAN, 3.0, 2.0))
    error = StepError("too many")
    report.bulkflow_step_failed(StepFailed("x", "require", "customers", SPAN, 3.0, 0.0, error))
    report.bulkflow_run_finished(FINISHED)
    return report


def test_a_report_is_written_to_the_folder(tmp_path: Path) -> None:
    """One file, named after the run."""
    _listen({"ACME_REPORTS": str(tmp_path)})
    (path,) = tmp_path.iterdir()
    assert path.name == f"{FINISHED.run}.json"
    assert json.loads(path.read_text("utf-8")) == {
        "run": FINISHED.run,
        "pipeline": "test.bulkflow",
        "org": "sandbox",
        "exit_code": 1,
        "seconds": 1.5,
        "jobs": {
            "customers": {
                "rows": 3,
                "bytes": 40,
                "states": {"JobComplete": 1},
                "phase": "finished",
                "loaded": 2,
                "failed": 1,
            }
        },
        "steps": [
            {"step": "load", "job": "customers", "seconds": 2.0},
            {"step": "require", "job": "customers", "seconds": 0.0, "error": "too many"},
        ],
        "warnings": ["slow"],
        "errors": ["too many"],
    }


def test_the_next_run_begins_with_nothing(tmp_path: Path) -> None:
    """One process may run several pipelines."""
    report = _listen({"ACME_REPORTS": str(tmp_path)})
    report.bulkflow_run_finished(evolve(FINISHED, run="second", jobs=(), errors=()))
    second = json.loads((tmp_path / "second.json").read_text("utf-8"))
    assert (second["jobs"], second["steps"], second["warnings"]) == ({}, [], [])


def test_without_a_folder_there_is_no_report(tmp_path: Path) -> None:
    """The plugin writes nothing unless it is asked to."""
    _listen({"HOME": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_csv() -> None:
    """A header and the rows."""
    result = CliRunner().invoke(preview, ["--rows", "3"], standalone_mode=False)
    header, *rows = csv.reader(result.output.splitlines())
    assert tuple(header) == COLUMNS
    assert len(rows) == 3
