"""Whole commands, in this process, with streams of the test's own."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import bulkflow
from support.workshop import Workshop

FINE = 'org sandbox\njob a\n    insert Account\n    from "a.csv"\nload job a\n'


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path, {})


def test_a_file_without_mistakes_is_fine(workshop: Workshop) -> None:
    ran = workshop.command("check", str(workshop.write("fine.bulkflow", FINE)))
    assert (ran.code, ran.out, ran.err) == (0, "", "1 file is fine\n")


def test_mistakes_of_several_files_are_shown_together(workshop: Workshop) -> None:
    one = workshop.write("one.bulkflow", FINE.replace("load", "laod"))
    two = workshop.write("two.bulkflow", FINE.replace("Account", "{"))
    ran = workshop.command("check", str(one), str(two))
    assert ran.code == 2
    assert "one.bulkflow:5:1" in ran.err
    assert "two.bulkflow:3" in ran.err
    assert "did you mean `load`" in ran.err


def test_mistakes_for_programs(workshop: Workshop) -> None:
    file = workshop.write("one.bulkflow", FINE.replace("load", "laod"))
    ran = workshop.command("check", "--format", "json", str(file))
    assert ran.code == 2
    assert json.loads(ran.out)
    github = workshop.command("check", "--format", "github", str(file))
    assert github.code == 2
    assert github.out.startswith("::error file=")


@pytest.mark.parametrize("command", ["check", "run", "plan"])
def test_a_file_that_is_not_there(workshop: Workshop, command: str) -> None:
    ran = workshop.command(command, str(workshop.folder / "none.bulkflow"))
    assert ran.code == 2
    assert "none.bulkflow" in ran.err
    assert "help:" in ran.err


@pytest.mark.parametrize("command", ["check", "run", "plan", "fmt"])
def test_a_file_of_rows_in_place_of_a_pipeline_is_one_mistake(
    workshop: Workshop, command: str
) -> None:
    file = workshop.write("Accounts.CSV", "Name,Phone\n" + "A,1\n" * 9)
    ran = workshop.command(command, str(file))
    assert ran.code == 2
    assert ran.err.count("error: ") == 1
    assert f"{file} looks like a data file, not a pipeline\n" in ran.err
    assert 'the rows in one of its jobs: `from "Accounts.CSV"`\n' in ran.err


@pytest.mark.parametrize("content", [b"\xff\xfeo\x00r\x00g\x00", b"org sandbox\x80\n"])
def test_a_file_that_is_not_utf_8(workshop: Workshop, content: bytes) -> None:
    ran = workshop.command("check", str(workshop.write("odd.bulkflow", content)))
    assert ran.code == 2
    assert "UTF-8" in ran.err


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(workshop: Workshop) -> None:
    data = b"\xef\xbb\xbf" + FINE.replace("\n", "\r\n").encode()
    assert workshop.command("check", str(workshop.write("fine.bulkflow", data))).code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("region", "has no value"),
        ("=EMEA", "has no name"),
        ("nosuch=1", "nosuch"),
    ],
)
def test_settings_that_do_not_fit(workshop: Workshop, text: str, said: str) -> None:
    file = workshop.write("fine.bulkflow", 'param region = "x" "Which"\n' + FINE)
    ran = workshop.command("check", "--set", text, str(file))
    assert ran.code == 2
    assert said in ran.err


def test_a_param_reaches_the_source(workshop: Workshop) -> None:
    file = workshop.write(
        "fine.bulkflow", 'param region "Which"\n' + FINE.replace("a.csv", "{region}.csv")
    )
    workshop.write("EMEA.csv", "Name\nOne\n")
    assert workshop.command("plan", str(file)).code == 2
    ran = workshop.command("plan", "--set", "region=EMEA", str(file))
    assert ran.code == 0, ran.err
    assert "EMEA.csv" in ran.out


def test_the_org_of_the_command_line_takes_the_place_of_the_files(workshop: Workshop) -> None:
    file = workshop.write("fine.bulkflow", FINE.replace("org sandbox\n", ""))
    assert workshop.command("check", str(file)).code == 2
    assert workshop.command("check", "--org", "sandbox", str(file)).code == 0
    ran = workshop.command("check", "--org", "sandbxo", str(file))
    assert ran.code == 2
    assert "sandbox" in ran.err


def test_a_plan_counts_jobs_parts_bytes_rows_and_calls(workshop: Workshop) -> None:
    workshop.write("a.csv", "Name\n" + "x\n" * 25)
    file = workshop.write("fine.bulkflow", FINE.replace('"a.csv"', '"a.csv"\n    parts of 10 rows'))
    ran = workshop.command("plan", "--json", str(file))
    assert ran.code == 0, ran.err
    plan = json.loads(ran.out)
    (job,) = plan["jobs"]
    assert [part["rows"] for part in job["parts"]] == [10, 10, 5]
    assert (plan["rows"], plan["bytes"], plan["requests"]) == (25, 3 * 5 + 25 * 2, 12)
    assert not (workshop.folder / ".bulkflow").exists()


def test_a_plan_reports_bad_data(workshop: Workshop) -> None:
    workshop.write("a.csv", 'Name\n"open\n')
    ran = workshop.command("plan", str(workshop.write("fine.bulkflow", FINE)))
    assert ran.code == 2
    assert "a.csv" in ran.err
    assert "line 2" in ran.err


def test_words_are_listed_with_who_brought_them(workshop: Workshop) -> None:
    ran = workshop.command("words", "--json")
    listed = json.loads(ran.out)
    rows = {(row["kind"], row["phrase"]): row for row in listed}
    wait = "wait [for {job}] [up to {timeout:duration}] [every {interval:duration}]"
    assert [row["plugin"] for row in listed if row["phrase"] == wait] == [
        f"ingest (bulkflow-sf {bulkflow.__version__})",
        f"query (bulkflow-sf {bulkflow.__version__})",
    ]
    assert ("clause", "insert {object}") in rows
    assert ("value type", "duration") in rows
    assert all(row["doc"] for row in rows.values())


def test_an_unknown_word_is_a_mistake_of_the_command_line(workshop: Workshop) -> None:
    assert workshop.command("words", "nosuch").code == 2


def test_plugins_are_listed_with_what_they_bring(workshop: Workshop) -> None:
    rows = {row["plugin"]: row for row in json.loads(workshop.command("plugins", "--json").out)}
    assert {"control", "csv", "ingest", "query", "salesforce", "sandbox"} <= set(rows)
    assert all(row["status"] == "loaded" for row in rows.values())
    assert rows["sandbox"]["brings"]["orgs"] == ["sandbox"]


def test_a_blocked_plugin_is_not_loaded_and_its_words_are_unknown(workshop: Workshop) -> None:
    workshop.environ["BULKFLOW_BLOCK"] = "control"
    rows = {row["plugin"]: row for row in json.loads(workshop.command("plugins", "--json").out)}
    assert rows["control"]["status"] == "blocked"
    file = workshop.write("fine.bulkflow", FINE + 'log "done"\n')
    ran = workshop.command("check", str(file))
    assert ran.code == 2
    assert "unknown step `log`" in ran.err


@pytest.mark.parametrize(
    "arguments", [["nosuch"], ["run"], ["run", "a", "b"], ["check", "--nosuch"]]
)
def test_a_wrong_command_line_ends_with_2_and_says_why(
    workshop: Workshop, arguments: list[str]
) -> None:
    ran = workshop.command(*arguments)
    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert "\nhelp: " in ran.err


def test_the_journal_keeps_no_value_of_the_environment(workshop: Workshop) -> None:
    workshop.environ["MY_KEY"] = "hunter2"
    workshop.write("a.csv", "Name\nOne\n")
    ran = workshop.run(
        'param key = env MY_KEY "A key"\nparam text = "x{key}y" "Made of it"\n'
        'param region = "EMEA" "Which"\nparam size = 3 "How many"\n'
        + FINE
        + 'log "{text}{size}"\n',
        "--set",
        "region=APAC",
    )
    assert ran.code == 0, ran.err
    connection = sqlite3.connect(workshop.folder / "state" / "journal.sqlite")
    ((told,),) = connection.execute("SELECT parameters FROM run").fetchall()
    connection.close()
    assert json.loads(told) == {
        "key": "env MY_KEY",
        "text": '"x{key}y"',
        "region": "APAC",
        "size": "3",
    }
    kept = [path for path in (workshop.folder / "state").rglob("*") if path.is_file()]
    assert not any(b"hunter2" in path.read_bytes() for path in kept)


def test_a_state_folder_that_takes_no_runs_is_named(workshop: Workshop) -> None:
    workshop.write("a.csv", "Name\nOne\n")
    workshop.write("state/runs", "")
    ran = workshop.run(FINE)
    assert ran.code == 2
    assert "--state-dir" in ran.err
    assert str(Path("state") / "runs") in ran.err


def test_a_question_that_nobody_can_answer_is_no_interruption(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.write("a.csv", "Name\nAcme\n")
    state = str(workshop.folder / "state")
    file = str(workshop.write("fine.bulkflow", FINE))
    ran = workshop.command("run", file, "--state-dir", state, "--json")
    run = json.loads(ran.out.splitlines()[-1])["run"]
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    asked = workshop.command("undo", run, "--state-dir", state)
    assert asked.code == 2
    assert "no answer on standard input" in asked.err
    assert "--yes" in asked.err


@pytest.mark.parametrize(
    ("arguments", "error", "advice"),
    [
        (["rnu"], "unknown command `rnu`", "did you mean `bulkflow run`?"),
        (["org", "lgoin"], "unknown command `lgoin`", "did you mean `bulkflow org login`?"),
        (["zzz"], "unknown command `zzz`", "`bulkflow --help` lists the commands"),
        (["p.bulkflow"], "unknown command `p.bulkflow`", "`bulkflow run p.bulkflow`"),
        (["help"], "unknown command `help`", "`bulkflow --help` lists the commands"),
        (["version"], "unknown command `version`", "`bulkflow --version`"),
        (["run"], "`bulkflow run` needs FILE", "write `bulkflow run FILE`"),
        (["run", "a", "b"], "unexpected argument `b`", "write `bulkflow run FILE`"),
        (["run", "a", "--dry-run"], "unknown option `--dry-run`", "`bulkflow plan FILE` shows"),
        (["run", "a", "--param", "x"], "unknown option", "did you mean `--set NAME=VALUE`?"),
        (["run", "a", "--verbos"], "unknown option `--verbos`", "did you mean `--verbose`?"),
        (["run", "a", "--quiet"], "unknown option `--quiet`", "`bulkflow run --help` lists"),
        (["run", "a", "--org"], "`--org` needs a value", "write `--org VALUE`"),
        (["run", "a", "--json=3"], "`--json` does not take a value", "write only `--json`"),
        (["check", "a", "--format", "x"], "`--format`: 'x' is not one", "`bulkflow check --help`"),
        (["prune", "--older-than", "1x"], "invalid age '1x'", "`bulkflow prune --help`"),
        (["words", "upser"], "starts with `upser`", "did you mean `upsert`?"),
    ],
)  # fmt: skip
def test_a_wrong_command_line_gets_a_suggestion(
    workshop: Workshop, arguments: list[str], error: str, advice: str
) -> None:
    ran = workshop.command(*arguments)
    said, helped = ran.err.splitlines()
    assert (ran.code, ran.out) == (2, "")
    assert said.startswith("error: ")
    assert error in said
    assert helped.startswith("help: ")
    assert advice in helped


def test_a_group_without_a_command_shows_its_help(workshop: Workshop) -> None:
    ran = workshop.command("org")
    assert ran.code == 2
    assert "Usage: bulkflow org " in ran.err
    assert "Log in to and manage orgs." in ran.err


@pytest.mark.parametrize("command", [["runs"], ["prune"]])
def test_a_state_folder_that_does_not_exist_is_an_error(
    workshop: Workshop, command: list[str]
) -> None:
    ran = workshop.command(*command, "--state-dir", str(workshop.folder / "nope"))
    assert ran.code == 2
    assert str(workshop.folder / "nope") in ran.err
    assert "--state-dir" in ran.err


def test_without_a_state_folder_there_are_no_runs_yet(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workshop.folder)
    ran = workshop.command("runs")
    assert (ran.code, ran.out, ran.err) == (0, "", "no runs yet\n")


def test_the_help_of_a_run_has_a_table_of_exit_codes() -> None:
    command = [sys.executable, "-m", "bulkflow", "run", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    table = text.partition("Exit codes:\n")[2].partition("\n\n")[0]
    codes = [line.split()[0] for line in table.splitlines()]
    assert [each for each in codes if each.isdigit()] == ["0", "1", "2", "3", "130"]
