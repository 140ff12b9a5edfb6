"""The same rows are handed over once, however a file is run again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bulkflow.journal.store import FILE_NAME
from bulkflow_ingest.parts.ledger import makes_records
from bulkflow_ingest.settings import IngestSettings
from bulkflow_sandbox.org import USER_ID
from bulkflow_sandbox.testing import LocalOrg, local_org
from support.proxy import Handler, Proxy, answering, lose_answer, proxied
from support.workshop import Ran, Workshop

JOB = "/jobs/ingest/[^/]+"
HEADER = 'org env\njob people\n    insert Contact\n    from "people.csv"\n'
LOAD = HEADER + "load job people\n"
STAGED = HEADER + "upload then close job people\nwait for job people\n"
NAMES = [f"row {number}" for number in range(10)]
REFUSED = answering(403, [{"errorCode": "NO_ACCESS", "message": "not yours"}])


@pytest.fixture
def org() -> Iterator[LocalOrg]:
    with local_org() as running:
        yield running


@pytest.fixture
def proxy(org: LocalOrg) -> Iterator[Proxy]:
    with proxied(org.url) as made:
        yield made


@pytest.fixture
def project(
    tmp_path: Path, org: LocalOrg, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> Workshop:
    """A folder of its own, which is not the working directory."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    environ = {**org.environment, "SF_ORG_INSTANCE_URL": proxy.url, "BULKFLOW_PATIENCE": "1s"}
    made = Workshop(tmp_path / "project", environ)
    write_rows(made)
    made.write("load.bulkflow", LOAD)
    return made


def write_rows(project: Workshop, name: str = "people.csv", rows: list[str] = NAMES) -> Path:
    return project.write(name, "LastName\n" + "".join(f"{row}\n" for row in rows))


def load(project: Workshop, file: Path | str = "load.bulkflow", *arguments: str) -> Ran:
    return project.command("run", str(project.folder / file), "--json", *arguments)


def loaded(org: LocalOrg) -> list[str]:
    return sorted(str(each["LastName"]) for each in org.records("Contact"))


def run_of(ran: Ran) -> str:
    return str(ran.event("run_finished")["run"])


def known_runs(project: Workshop, file: Path | str = "load.bulkflow") -> list[str]:
    ran = project.command("runs", str(project.folder / file), "--json")
    return [str(each["id"]) for each in json.loads(ran.out)]


def assert_refused(ran: Ran, run: str, code: int = 2) -> None:
    """That rows were not sent; with 1, of a run that had begun to send them."""
    assert ran.code == code, ran.out + ran.err
    (error,) = ran.event("run_finished")["errors"]
    assert error["type"] == "HandedOverBeforeError"
    assert f"were handed over before, by run {run}" in error["message"]
    assert f"`bulkflow runs {run}" in error["help"]
    assert f"`bulkflow retry {run} --rows all" in error["help"]
    assert "--fresh" in error["help"]
    assert f"run {run}" in str(error["notes"])


# ------------------------------------------------------------------------ however it is spelled


def by_the_same_command(project: Workshop) -> Path:
    return project.folder / "load.bulkflow"


def from_its_own_folder(project: Workshop) -> Path:
    os.chdir(project.folder)
    return Path("load.bulkflow")


def by_dots(project: Workshop) -> Path:
    (project.folder / "in").mkdir()
    return project.folder / "in" / ".." / "load.bulkflow"


def by_a_link_to_the_folder(project: Workshop) -> Path:
    link = project.folder.with_name("link")
    link.symlink_to(project.folder)
    return link / "load.bulkflow"


def by_a_link_to_the_file(project: Workshop) -> Path:
    folder = project.folder.with_name("links")
    folder.mkdir()
    (folder / "load.bulkflow").symlink_to(project.folder / "load.bulkflow")
    shutil.copy(project.folder / "people.csv", folder)
    return folder / "load.bulkflow"


def in_a_folder_that_was_moved(project: Workshop) -> Path:
    project.folder = project.folder.rename(project.folder.with_name("moved"))
    return project.folder / "load.bulkflow"


def by_another_file(project: Workshop) -> Path:
    return project.write("other.bulkflow", LOAD.replace("job people", "job humans"))


def from_a_copy_of_the_rows(project: Workshop) -> Path:
    shutil.copy(project.folder / "people.csv", project.folder / "copy.csv")
    return project.write("copy.bulkflow", LOAD.replace("people.csv", "copy.csv"))


def in_other_parts(project: Workshop) -> Path:
    return project.write("parts.bulkflow", LOAD.replace('csv"\n', 'csv"\n    parts of 3 rows\n'))


def streamed(project: Workshop) -> Path:
    return project.write("streamed.bulkflow", LOAD.replace('csv"\n', 'csv"\n    streamed\n'))


def with_rows_added(project: Workshop) -> Path:
    write_rows(project, rows=[*NAMES, "another"])
    return project.folder / "load.bulkflow"


def in_another_order_of_jobs(project: Workshop) -> Path:
    write_rows(project, "new.csv", ["new"])
    first = LOAD.replace("job people", "job new").replace("people.csv", "new.csv")
    return project.write("both.bulkflow", first.replace("load job new\n", "") + LOAD[8:])


SPELLINGS = [
    by_the_same_command,
    from_its_own_folder,
    by_dots,
    by_a_link_to_the_folder,
    by_a_link_to_the_file,
    in_a_folder_that_was_moved,
    by_another_file,
    from_a_copy_of_the_rows,
    in_other_parts,
    streamed,
    with_rows_added,
    in_another_order_of_jobs,
]


@pytest.mark.parametrize("again", SPELLINGS, ids=lambda each: each.__name__)
def test_rows_are_handed_over_once_however_their_file_is_run(
    project: Workshop, org: LocalOrg, proxy: Proxy, again: Callable[[Workshop], Path]
) -> None:
    first = load(project)
    assert first.code == 0, first.out
    file = again(project)
    created = proxy.count("POST", "/jobs/ingest")
    for _ in range(2):
        ran = project.command("run", str(file), "--json")
        assert_refused(ran, run_of(first))
    assert loaded(org) == NAMES
    # A run that was refused is none, and sends nothing.
    assert proxy.count("POST", "/jobs/ingest") == created
    same = file.resolve() == project.folder / "load.bulkflow"
    assert known_runs(project, file) == [run_of(first)] * same


def test_parts_of_rows_that_were_loaded_are_found_when_the_file_is_cut_in_another_way(
    project: Workshop, org: LocalOrg
) -> None:
    narrow = LOAD.replace('csv"\n', 'csv"\n    parts of 3 rows\n')
    first = load(project, project.write("parts.bulkflow", narrow))
    assert first.code == 0, first.out
    again = load(project)
    assert_refused(again, run_of(first))
    assert "part 1 of job people: insert Contact, 3 rows" in again.out
    assert loaded(org) == NAMES


# ------------------------------------------------------------------------- however it ended


FAILS = "require successful rows of job people under 1\n"


def well(project: Workshop, proxy: Proxy) -> Ran:
    return load(project)


def failed_after_the_load(project: Workshop, proxy: Proxy) -> Ran:
    ran = load(project, project.write("load.bulkflow", LOAD + FAILS))
    assert ran.code == 1
    return ran


def given_up(project: Workshop, proxy: Proxy) -> Ran:
    ran = failed_after_the_load(project, proxy)
    state = str(project.folder / ".bulkflow")
    assert project.command("abort", run_of(ran), "--state-dir", state).code == 0
    return ran


def with_what_is_not_known(project: Workshop, proxy: Proxy) -> Ran:
    """The answer to the close is lost, and so is every answer after it."""
    proxy.on("PATCH", JOB, lose_answer)
    proxy.on("GET", JOB, lose_answer, times=None)
    proxy.on("PATCH", JOB, lose_answer, times=None)
    ran = load(project, project.write("load.bulkflow", STAGED))
    assert ran.code == 1
    proxy.rules.clear()
    return ran


def while_the_org_lost_its_job(project: Workshop, proxy: Proxy) -> Ran:
    gone = answering(404, [{"errorCode": "NOT_FOUND", "message": "no such job"}])
    proxy.on("GET", JOB, gone, times=None)
    ran = load(project)
    assert ran.code == 1
    proxy.rules.clear()
    return ran


@pytest.mark.parametrize(
    "ended",
    [
        well,
        failed_after_the_load,
        given_up,
        with_what_is_not_known,
        while_the_org_lost_its_job,
    ],
    ids=lambda each: each.__name__,
)
def test_rows_are_handed_over_once_however_their_run_ended(
    project: Workshop, org: LocalOrg, proxy: Proxy, ended: Callable[[Workshop, Proxy], Ran]
) -> None:
    first = ended(project, proxy)
    # By another file, as the last run of the same one may not be over.
    again = load(project, project.write("other.bulkflow", LOAD))
    assert_refused(again, run_of(first))
    org.sandbox.settle()
    assert loaded(org) == NAMES
    assert load(project).code == 2
    assert loaded(org) == NAMES


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize("done", [True, False], ids=["closed", "not closed"])
def test_a_killed_run_is_found_from_anywhere(
    project: Workshop, org: LocalOrg, proxy: Proxy, tmp_path: Path, *, done: bool
) -> None:
    process: list[subprocess.Popen[bytes]] = []

    def kill(handler: Handler, _: Callable[[], None]) -> None:
        if done:
            handler.exchange()
        process[0].kill()
        handler.cut()

    proxy.on("PATCH", JOB, kill)
    with proxy.held():
        process.append(
            subprocess.Popen(
                [sys.executable, "-m", "bulkflow", "run", "load.bulkflow"],
                cwd=project.folder,
                env={**os.environ, **project.environ},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
    assert process[0].wait() == -signal.SIGKILL
    (run,) = known_runs(project)
    refused = load(project)
    assert (refused.code, run in refused.err) == (2, True)
    assert_refused(load(project, project.write("other.bulkflow", LOAD)), run)
    resumed = load(project, by_a_link_to_the_folder(project), "--resume")
    assert resumed.code == 0, resumed.out
    assert loaded(org) == NAMES


def test_rows_of_which_none_was_loaded_may_go_again(project: Workshop, org: LocalOrg) -> None:
    project.write("people.csv", "LastName\n" + "x" * 81 + "\n")
    assert [load(project).code for _ in range(2)] == [3, 3]
    assert len(org.jobs()) == 2


def test_rows_of_a_run_that_was_given_up_before_it_handed_them_over_may_go(
    project: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    proxy.on("PATCH", JOB, REFUSED)
    first = load(project)
    assert first.code == 1
    state = str(project.folder / ".bulkflow")
    assert project.command("abort", run_of(first), "--state-dir", state).code == 0
    assert load(project).code == 0
    assert loaded(org) == NAMES


def test_rows_whose_records_were_deleted_again_may_go(project: Workshop, org: LocalOrg) -> None:
    first = load(project)
    state = str(project.folder / ".bulkflow")
    undone = project.command("undo", run_of(first), "--yes", "--state-dir", state)
    assert undone.code == 0, undone.err
    assert load(project).code == 0
    assert loaded(org) == NAMES


# --------------------------------------------------------------------------------- at once


def during(proxy: Proxy, method: str, path: str, act: Callable[[], Ran]) -> list[Ran]:
    """Do something while a request is on its way; what it came to."""
    came: list[Ran] = []

    def fault(_: Handler, forward: Callable[[], None]) -> None:
        came.append(act())
        forward()

    proxy.on(method, path, fault)
    return came


def test_two_files_of_a_folder_run_at_once(project: Workshop, org: LocalOrg, proxy: Proxy) -> None:
    write_rows(project, "others.csv", ["other"])
    project.write("others.bulkflow", LOAD.replace("people.csv", "others.csv"))
    inside = during(proxy, "PATCH", JOB, lambda: load(project, "others.bulkflow"))
    assert load(project).code == 0
    assert inside[0].code == 0, inside[0].out
    assert loaded(org) == sorted([*NAMES, "other"])


def test_the_second_of_two_runs_at_once_does_not_hand_the_same_rows_over(
    project: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    project.write("other.bulkflow", LOAD)
    inside = during(proxy, "PATCH", JOB, lambda: load(project, "other.bulkflow"))
    first = load(project)
    assert first.code == 0, first.out
    assert_refused(inside[0], run_of(first))
    assert loaded(org) == NAMES


def test_a_run_that_another_came_before_does_not_hand_its_rows_over(
    project: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    project.write("other.bulkflow", LOAD)
    inside = during(proxy, "PUT", f"{JOB}/batches", lambda: load(project, "other.bulkflow"))
    first = load(project)
    assert inside[0].code == 0, inside[0].out
    assert_refused(first, run_of(inside[0]), code=1)
    assert f"`bulkflow abort {run_of(first)}" in first.out
    assert loaded(org) == NAMES
    # Its own job is open and is never closed, whatever is done with the run.
    state = str(project.folder / ".bulkflow")
    assert project.command("resume", run_of(first), "--state-dir", state).code == 1
    assert project.command("abort", run_of(first), "--state-dir", state).code == 0
    assert {str(job.state) for job in org.jobs()} == {"JobComplete", "Aborted"}
    assert loaded(org) == NAMES


# ----------------------------------------------------------------------- what may be repeated


def test_upserts_updates_and_deletes_may_be_repeated(project: Workshop, org: LocalOrg) -> None:
    project.write("people.csv", "External_Id__c,LastName\nA,a\nB,b\n")
    upsert = LOAD.replace("insert Contact", "upsert Contact by External_Id__c")
    project.write("upsert.bulkflow", upsert)
    assert [load(project, "upsert.bulkflow").code for _ in range(2)] == [0, 0]
    ids = [str(each["Id"]) for each in org.records("Contact")]
    project.write("people.csv", "Id,LastName\n" + "".join(f"{each},c\n" for each in ids))
    project.write("update.bulkflow", LOAD.replace("insert", "update"))
    assert [load(project, "update.bulkflow").code for _ in range(2)] == [0, 0]
    project.write("people.csv", "Id\n" + "".join(f"{each}\n" for each in ids))
    project.write("delete.bulkflow", LOAD.replace("insert", "delete"))
    # The second time there is nothing to delete, as the org says of each row.
    assert [load(project, "delete.bulkflow").code for _ in range(2)] == [0, 3]


@pytest.mark.parametrize(
    ("settings", "columns", "makes"),
    [
        (IngestSettings("insert", "Contact"), ("Id",), True),
        (IngestSettings("upsert", "Contact", "Id"), ("LastName",), True),
        (IngestSettings("upsert", "Contact", "id"), ("ID", "LastName"), False),
        (IngestSettings("upsert", "Contact", "Key__c"), ("Key__c",), False),
        (IngestSettings("update", "Contact"), ("Id",), False),
        (IngestSettings("delete", "Contact"), ("Id",), False),
    ],
)
def test_what_makes_other_records_each_time_is_handed_over_once(
    settings: IngestSettings, columns: tuple[str, ...], *, makes: bool
) -> None:
    assert makes_records(settings, columns) is makes


def test_the_same_rows_may_go_into_another_object(project: Workshop, org: LocalOrg) -> None:
    project.write("people.csv", "LastName,Company\na,b\n")
    drop = 'csv"\n    drop Company\n'
    assert load(project, project.write("load.bulkflow", LOAD.replace('csv"\n', drop))).code == 0
    lead = LOAD.replace("Contact", "Lead")
    assert load(project, project.write("lead.bulkflow", lead)).code == 0
    assert len(org.records("Lead")) == len(org.records("Contact")) == 1


def test_the_same_rows_may_go_into_another_org(project: Workshop, org: LocalOrg) -> None:
    assert load(project).code == 0
    with local_org() as other:
        project.environ |= other.environment
        assert load(project).code == 0
        assert loaded(other) == NAMES
        assert load(project).code == 2
    assert loaded(org) == NAMES


def other_organization(project: Workshop, org: LocalOrg) -> str:
    """A token by which the same host says to be another org, as a refreshed sandbox does."""
    token = "00D000000000XYZ!another"
    org.sandbox.sessions.admit(token, USER_ID)
    project.environ["SF_ACCESS_TOKEN"] = token
    return token


def test_the_same_rows_may_go_into_a_refreshed_org(project: Workshop, org: LocalOrg) -> None:
    assert load(project).code == 0
    other_organization(project, org)
    ran = load(project)
    assert ran.code == 0, ran.out
    assert load(project).code == 2


def test_the_same_org_is_known_under_another_name(project: Workshop, org: LocalOrg) -> None:
    first = load(project)
    assert first.code == 0
    with proxied(org.url) as renamed:
        project.environ["SF_ORG_INSTANCE_URL"] = renamed.url
        assert_refused(load(project), run_of(first))
    assert loaded(org) == NAMES


# ---------------------------------------------------------------------------------- --fresh


def test_fresh_loads_rows_once_more_and_is_asked_for_each_time(
    project: Workshop, org: LocalOrg
) -> None:
    runs = [run_of(load(project)), run_of(load(project, "load.bulkflow", "--fresh"))]
    assert loaded(org) == sorted(NAMES * 2)
    assert_refused(load(project), runs[1])
    assert known_runs(project) == runs[::-1]


def test_a_fresh_run_is_resumed_as_one(project: Workshop, org: LocalOrg, proxy: Proxy) -> None:
    project.write("load.bulkflow", STAGED)
    assert load(project).code == 0
    proxy.on("PATCH", JOB, REFUSED)
    fresh = load(project, "load.bulkflow", "--fresh")
    assert fresh.code == 1
    assert loaded(org) == NAMES
    resumed = load(project, "load.bulkflow", "--resume")
    assert resumed.code == 0, resumed.out
    assert run_of(resumed) == run_of(fresh)
    assert loaded(org) == sorted(NAMES * 2)


def test_a_fresh_run_does_not_pass_over_what_was_handed_over_since_it_began(
    project: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    project.write("load.bulkflow", STAGED)
    proxy.on("PATCH", JOB, REFUSED)
    fresh = load(project, "load.bulkflow", "--fresh")
    assert fresh.code == 1
    other = load(project, project.write("other.bulkflow", LOAD))
    assert other.code == 0, other.out
    assert_refused(load(project, "load.bulkflow", "--resume"), run_of(other), code=1)
    assert loaded(org) == NAMES


# ---------------------------------------------------------------------------- older journals


def test_rows_that_an_older_version_handed_over_are_known(
    project: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    first = load(project)
    with closing(sqlite3.connect(project.folder / ".bulkflow" / FILE_NAME)) as journal:
        # As the format before left it, which kept hosts alone.
        journal.executescript(
            """
            DROP TABLE hand_over;
            UPDATE decision SET value = json_quote(json_extract(value, '$[1]'))
                WHERE place LIKE 'org:%';
            ALTER TABLE intent DROP COLUMN kind;
            ALTER TABLE run DROP COLUMN witnessed;
            ALTER TABLE run DROP COLUMN pruned;
            ALTER TABLE run DROP COLUMN fresh;
            ALTER TABLE run DROP COLUMN home;
            ALTER TABLE run DROP COLUMN file;
            ALTER TABLE remote_state DROP COLUMN processed;
            ALTER TABLE remote_state DROP COLUMN failed;
            PRAGMA user_version = 5;
            """
        )
    again = load(project)
    assert_refused(again, run_of(first))
    assert "outcome unknown" in again.out
    assert loaded(org) == NAMES
    assert load(project, "load.bulkflow", "--fresh").code == 0


# ------------------------------------------------------------------------------ run --resume


def test_the_last_run_is_resumed_if_it_is_not_over_else_another_begins(
    project: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    proxy.on("PATCH", JOB, REFUSED)
    first = load(project, "load.bulkflow", "--resume")
    assert first.code == 1
    second = load(project, "load.bulkflow", "--resume")
    assert second.code == 0, second.out
    assert run_of(second) == run_of(first)
    assert loaded(org) == NAMES
    assert_refused(load(project, "load.bulkflow", "--resume"), run_of(first))
    write_rows(project, rows=["new"])
    third = load(project, "load.bulkflow", "--resume")
    assert third.code == 0, third.out
    assert loaded(org) == sorted([*NAMES, "new"])


def test_a_run_with_other_parameters_is_not_resumed(
    project: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    project.write(
        "load.bulkflow", 'param file = "people.csv"\n' + LOAD.replace("people.csv", "{file}")
    )
    proxy.on("PATCH", JOB, REFUSED)
    first = load(project, "load.bulkflow", "--resume")
    assert first.code == 1, first.out + first.err
    write_rows(project, "new.csv", ["new"])
    other = load(project, "load.bulkflow", "--resume", "--set", "file=new.csv")
    assert other.code == 2
    said = " ".join(other.err.split())
    assert f"with other parameters or orgs, {run_of(first)}, is unfinished" in said
    assert loaded(org) == []


# ----------------------------------------------------------------------- where state is kept


def test_state_is_kept_beside_the_file_wherever_the_command_is_started(
    project: Workshop, org: LocalOrg
) -> None:
    assert load(project).code == 0
    assert (project.folder / ".bulkflow").is_dir()
    assert list(Path.cwd().iterdir()) == []


def test_a_run_that_was_kept_in_the_working_directory_is_named(
    project: Workshop, org: LocalOrg
) -> None:
    first = load(project, "load.bulkflow", "--state-dir", ".bulkflow")
    assert first.code == 0
    refused = load(project)
    assert refused.code == 2
    (error,) = refused.event("run_finished")["errors"]
    assert f"run {run_of(first)} of " in error["message"]
    assert str(Path.cwd() / ".bulkflow") in error["message"]
    assert loaded(org) == NAMES
    # Both ways that its help names keep the rows from being loaded twice.
    assert_refused(load(project, "load.bulkflow", "--state-dir", ".bulkflow"), run_of(first))
    Path(".bulkflow").rename(project.folder / ".bulkflow")
    assert_refused(load(project), run_of(first))
    assert loaded(org) == NAMES


def test_a_run_is_resumed_from_anywhere_and_after_its_folder_was_moved(
    project: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    proxy.on("PATCH", JOB, REFUSED)
    first = load(project)
    assert first.code == 1
    in_a_folder_that_was_moved(project)
    assert load(project).code == 2
    resumed = project.command("resume", str(project.folder / "load.bulkflow"), "--json")
    assert resumed.code == 0, resumed.out
    assert loaded(org) == NAMES


# ------------------------------------------------------------------------- who the org is


def test_a_refreshed_org_is_noticed_when_a_run_is_resumed(
    project: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    project.write("load.bulkflow", STAGED)
    proxy.on("PATCH", JOB, REFUSED)
    assert load(project).code == 1
    sent = len(proxy.seen)
    token = project.environ["SF_ACCESS_TOKEN"]
    other_organization(project, org)
    ran = load(project, "load.bulkflow", "--resume")
    assert ran.code == 1
    (error,) = ran.event("run_finished")["errors"]
    host = proxy.url.removeprefix("http://")
    assert error["type"] == "MovedOrgError"
    assert error["message"] == (
        f"org env is now {host} (organization 00D000000000XYZ), but was {host} (organization "
        f"{token[:15]}) earlier in this run"
    )
    assert f"make env lead to {host} (organization {token[:15]}) again" in error["help"]
    assert len(proxy.seen) == sent
    # The run is still there for when the name leads into its org again.
    project.environ["SF_ACCESS_TOKEN"] = token
    ran = load(project, "load.bulkflow", "--resume")
    assert ran.code == 0, ran.out
    assert loaded(org) == NAMES


def test_an_org_with_another_host_is_the_same_by_its_id(
    project: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    project.write("load.bulkflow", STAGED)
    proxy.on("PATCH", JOB, REFUSED)
    assert load(project).code == 1
    with proxied(org.url) as renamed:
        project.environ["SF_ORG_INSTANCE_URL"] = renamed.url
        ran = load(project, "load.bulkflow", "--resume")
    assert ran.code == 0, ran.out
    assert loaded(org) == NAMES
