"""Paths that lead nowhere, in each place that takes one: refused in words of the user's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bulkflow.cli.failure import to_bulkflow_error
from bulkflow.errors import UsageError
from bulkflow_csv import CsvError, spool
from support.workshop import Workshop

PIPELINE = """\
org sandbox
job a
    insert Account
    from "{source}"
load job a
save results of job a to "{target}"
"""
ODD = {
    "a loop of links": "loop",
    "below a loop of links": "loop/x",
    "a name that is too long": "n" * 300,
    "below a file": "a.csv/x",
    "a name that is not UTF-8": "\udcff",
    "in a folder of the system's": "/proc/x",
    "nothing": "",
}
MISNAMED = ("made a mistake", "fault of the plugin", "Traceback", "[Errno", "Error: ", "codec")


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.chdir(tmp_path)
    made = Workshop(tmp_path, {})
    made.write("a.csv", "Name\nA\n")
    made.write("p.bulkflow", PIPELINE.format(source="a.csv", target="out/"))
    for name in ("loop", "loop.bulkflow"):
        (tmp_path / name).symlink_to(name)
    return made


def checked(workshop: Workshop, *arguments: str) -> int:
    ran = workshop.command(*arguments)
    said = ran.out + ran.err
    assert not [words for words in MISNAMED if words in said.replace("StepError: ", "")], said
    assert ran.code in {0, 1, 2}, said
    return ran.code


@pytest.mark.parametrize("path", ODD.values(), ids=ODD)
@pytest.mark.parametrize("command", ["check", "plan", "run", "fmt", "graph"])
def test_a_pipeline_file(workshop: Workshop, command: str, path: str) -> None:
    for each in (path, f"{path}.bulkflow"):
        assert checked(workshop, command, each) == 2


@pytest.mark.parametrize("path", ODD.values(), ids=ODD)
@pytest.mark.parametrize(
    "command",
    [
        ("run", "p.bulkflow"),
        ("runs",),
        ("resume",),
        ("abort",),
        ("retry", "x"),
        ("undo", "--yes", "x"),
        ("prune", "--older-than", "1d"),
    ],
    ids=" ".join,
)
def test_a_state_directory(workshop: Workshop, command: tuple[str, ...], path: str) -> None:
    code = checked(workshop, *command, "--state-dir", path)
    # A run makes the folder, but for the one whose name is empty: that is the working directory.
    assert command[0] != "run" or code == 2 or path == ""


@pytest.mark.parametrize("path", [each for each in ODD.values() if each.isascii()])
def test_a_source_and_a_target(workshop: Workshop, path: str) -> None:
    workshop.write("s.bulkflow", PIPELINE.format(source=path, target="out/"))
    for command in (("check", "--sources"), ("plan",), ("run",)):
        assert checked(workshop, *command, "s.bulkflow") == 2
    if path:
        workshop.write("t.bulkflow", PIPELINE.format(source="a.csv", target=f"{path}/"))
        assert checked(workshop, "run", "t.bulkflow") in {1, 2}


@pytest.mark.parametrize("path", ODD.values(), ids=ODD)
@pytest.mark.parametrize("variable", ["SSL_CERT_DIR", "SSL_CERT_FILE", "XDG_CONFIG_HOME", "HOME"])
def test_a_variable(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, variable: str, path: str
) -> None:
    workshop.environ |= {
        "SF_ACCESS_TOKEN": "a-token-of-eleven",
        "SF_ORG_INSTANCE_URL": "https://127.0.0.1:9",
        "BULKFLOW_PATIENCE": "0s",
        variable: path,
    }
    monkeypatch.setenv(variable, path)
    # Nobody listens there, and how that is waited out is tested elsewhere.
    monkeypatch.setattr(
        "bulkflow_salesforce.http.retry.RetryPolicy.compute_wait", lambda *_, **__: None
    )
    for command in (("org", "list"), ("org", "show", "prod"), ("org", "test", "env")):
        checked(workshop, *command)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full"])
def test_a_stream_without_an_end_and_without_rows(tmp_path: Path, device: str) -> None:
    if not Path(device).exists():
        pytest.skip("this system has no such device")
    with open(device, "rb") as stream, pytest.raises(CsvError, match="NUL bytes only"):  # noqa: PTH123
        spool(stream, tmp_path, name=device)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (PermissionError(13, "Permission denied", "/data/x"), "/data/x: Permission denied"),
        (UnicodeEncodeError("utf-8", "a\udcff", 1, 2, "surrogates not allowed"), "is not UTF-8"),
    ],
)
def test_what_no_place_has_caught_is_named_all_the_same(failure: Exception, said: str) -> None:
    error = to_bulkflow_error(failure)
    assert isinstance(error, UsageError)
    assert said in error.message
    assert os.fsencode(str(error))


def test_a_pipeline_without_its_suffix_is_suggested_with_it(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, {})
    file = workshop.write("load.bulkflow", "org sandbox\n")
    ran = workshop.command("check", str(file.with_suffix("")))
    assert ran.code == 2
    assert f"did you mean {file}?" in ran.err
