"""Every example is run, and does what its README says."""

from __future__ import annotations

import csv
import io
import runpy
import shutil
from pathlib import Path

import pytest

from support.workshop import Workshop

EXAMPLES = Path(__file__).parents[2] / "examples"
PIPELINES = sorted(
    path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.glob("*/[!.]*.bulkflow")
)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path, {})


def run(workshop: Workshop, pipeline: str) -> dict[str, dict[str, object]]:
    """Run a copy of an example, and give its jobs' outcomes."""
    folder = pipeline.partition("/")[0]
    shutil.copytree(EXAMPLES / folder, workshop.folder / folder)
    shutil.rmtree(workshop.folder / folder / "out", ignore_errors=True)
    state = str(workshop.folder / "state")
    file = str(workshop.folder / pipeline)
    ran = workshop.command("run", file, "--state-dir", state, "--json")
    assert ran.code == 0, ran.out + ran.err
    return {str(job["job"]): job for job in ran.event("run_finished")["jobs"]}


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_every_example_is_checked_without_a_word(workshop: Workshop, pipeline: str) -> None:
    ran = workshop.command("check", str(EXAMPLES / pipeline))
    assert (ran.code, ran.err) == (0, "1 file is fine\n")


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_every_example_has_a_readme_and_runs(workshop: Workshop, pipeline: str) -> None:
    assert (EXAMPLES / pipeline).with_name("README.md").is_file()
    jobs = run(workshop, pipeline)
    assert all(job["phase"] == "finished" for job in jobs.values())


def test_the_quickstart_loads_all_but_seven_rows(workshop: Workshop) -> None:
    jobs = run(workshop, "quickstart/accounts.bulkflow")
    assert (jobs["accounts"]["loaded"], jobs["accounts"]["failed"]) == (9_993, 7)
    failed = workshop.folder / "quickstart/out/accounts-failed.csv"
    with failed.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 7


def test_each_of_the_two_orgs_gets_the_accounts(workshop: Workshop) -> None:
    jobs = run(workshop, "two-orgs/both.bulkflow")
    counts = {name: (job["loaded"], job["failed"]) for name, job in jobs.items()}
    assert counts == {"trial": (58, 2), "accounts": (58, 2)}


def test_the_quickstarts_file_is_what_its_generator_writes() -> None:
    written = io.StringIO(newline="")
    runpy.run_path(str(EXAMPLES / "quickstart/generate.py"))["write"](written)
    assert (EXAMPLES / "quickstart/accounts.csv").read_bytes() == written.getvalue().encode()


def test_the_nightly_load_finds_the_account_of_every_contact(workshop: Workshop) -> None:
    jobs = run(workshop, "nightly/nightly.bulkflow")
    assert (jobs["accounts"]["loaded"], jobs["contacts"]["loaded"]) == (120, 300)
    results = workshop.folder / "nightly/out/EMEA/contacts"
    assert len(list(results.iterdir())) == 9


def test_every_file_of_the_inbox_is_a_job_of_its_own(workshop: Workshop) -> None:
    jobs = run(workshop, "one-job-per-file/leads.bulkflow")
    assert sorted(jobs) == [
        f"leads[inbox/leads-{day}.csv]" for day in ("monday", "tuesday", "wednesday")
    ]
    assert all(job["loaded"] == 40 for job in jobs.values())


def test_the_streamed_leads_leave_nothing_but_the_one_that_failed(workshop: Workshop) -> None:
    jobs = run(workshop, "streamed/leads.bulkflow")
    assert (jobs["leads"]["loaded"], jobs["leads"]["failed"]) == (1_999, 1)
    failed = workshop.folder / "streamed/out/leads-failed.csv"
    with failed.open(encoding="utf-8", newline="") as file:
        assert [row["LastName"] for row in csv.DictReader(file)] == ["Lead 1500"]
    assert not [path for path in (workshop.folder / "state").rglob("*.csv") if "data" in path.parts]


def test_the_office_s_workbook_is_loaded_from_its_sheet(workshop: Workshop) -> None:
    jobs = run(workshop, "excel-office/customers.bulkflow")
    assert jobs["customers"]["loaded"] == 40
    with (workshop.folder / "excel-office/out/customers.csv").open(encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    assert (first["Kundennummer"], first["Kunde seit"]) == ("00001", "2020-01-02")


def test_every_day_of_the_lake_is_loaded(workshop: Workshop) -> None:
    assert run(workshop, "parquet-lake/leads.bulkflow")["leads"]["loaded"] == 150


def test_the_warehouse_s_changes_are_loaded(workshop: Workshop) -> None:
    jobs = run(workshop, "warehouse/customers.bulkflow")
    assert 0 < jobs["customers"]["loaded"] < 200


def test_columns_of_another_program_become_those_of_leads(workshop: Workshop) -> None:
    jobs = run(workshop, "columns/leads.bulkflow")
    assert jobs["leads"]["loaded"] == 5
    with (workshop.folder / "columns/out/leads.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="~"))
    assert rows[0]["Remarks"] == "met at\nstand 0"
    assert [row["_line"] for row in rows] == ["2", "4", "6", "8", "10"]


def test_the_backup_has_the_old_numbers_and_puts_them_back(workshop: Workshop) -> None:
    jobs = run(workshop, "backup/update.bulkflow")
    assert (jobs["before"]["fetched"], jobs["restore"]["loaded"]) == (4, 4)
    with (workshop.folder / "backup/out/before.csv").open(encoding="utf-8", newline="") as file:
        assert [row["Phone"] for row in csv.DictReader(file)][1] == ""


def test_the_cleanup_deletes_what_its_query_finds(workshop: Workshop) -> None:
    jobs = run(workshop, "delete-by-query/cleanup.bulkflow")
    assert (jobs["old"]["fetched"], jobs["cleanup"]["loaded"]) == (2, 2)
    assert (workshop.folder / "delete-by-query/out/deleted-tasks.csv.gz").is_file()


def test_the_copy_has_all_accounts_of_the_other_org(workshop: Workshop) -> None:
    jobs = run(workshop, "org-copy/copy.bulkflow")
    assert (jobs["theirs"]["fetched"], jobs["ours"]["loaded"]) == (4, 4)


def test_the_incremental_extract_saves_a_watermark(workshop: Workshop) -> None:
    jobs = run(workshop, "incremental/changes.bulkflow")
    assert jobs["changes"]["fetched"] == 4
    assert (workshop.folder / "incremental/out/accounts.watermark").is_file()
