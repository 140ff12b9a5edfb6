"""What `-v`, `-vv` and `BULKFLOW_LOG` write."""

from __future__ import annotations

import logging
import re
import stat
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest

from bulkflow.cli import plugin_commands
from support.workshop import Workshop

PIPELINE = """\
org sandbox
job a
    insert Account
    from "a.csv"
load job a
"""
LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING|ERROR) [\w.]+ \[[^\]]+\]: "
)
SESSION = "00D000000000001!AQ0AQABC.secretsecretsecret"


def list_levels(text: str) -> set[str]:
    return {found[1] for line in text.splitlines() if (found := LINE.match(line))}


@pytest.fixture
def bench(tmp_path: Path) -> Workshop:
    bench = Workshop(tmp_path, {})
    bench.write("a.csv", "Name\nAcme\n")
    bench.write("a.bulkflow", PIPELINE)
    return bench


def test_nothing_is_logged_unless_asked_for(bench: Workshop) -> None:
    ran = bench.command("run", str(bench.folder / "a.bulkflow"))
    assert ran.code == 0
    assert list_levels(ran.err) == set()


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(("option", "levels"), [("-v", {"INFO"}), ("-vv", {"INFO", "DEBUG"})])
def test_the_number_of_v_chooses_the_level(
    bench: Workshop, option: str, levels: set[str], before: bool
) -> None:
    words = (option, "run") if before else ("run", option)
    ran = bench.command(*words, str(bench.folder / "a.bulkflow"))
    assert ran.code == 0
    assert list_levels(ran.err) == levels
    assert "step `load job a` started" in ran.err
    # Twice asked for, once written.
    both = bench.command("-v", "run", "-v", str(bench.folder / "a.bulkflow"), "--fresh")
    assert both.err.count("step `load job a` started") == 1


def test_a_log_file_is_appended_to_and_private(bench: Workshop) -> None:
    file = bench.folder / "x.log"
    bench.environ["BULKFLOW_LOG"] = f"DEBUG, {file}"
    ran = bench.command("run", str(bench.folder / "a.bulkflow"))
    assert list_levels(ran.err) == set()
    first = file.read_text("utf-8")
    assert list_levels(first) == {"INFO", "DEBUG"}
    bench.command("run", str(bench.folder / "a.bulkflow"), "--fresh")
    both = file.read_text("utf-8")
    assert both.startswith(first)
    assert len(both) > len(first)
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_logging_of_the_process_is_as_it_was(bench: Workshop) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("urllib3").level)
    bench.environ["BULKFLOW_LOG"] = f"debug,{bench.folder / 'x.log'}"
    bench.command("run", "-vv", str(bench.folder / "a.bulkflow"))
    assert (root.level, list(root.handlers), logging.getLogger("urllib3").level) == before


@pytest.mark.parametrize("value", ["loud", "loud,x.log", ",x.log", "debug,", "debug,no/such/x.log"])
def test_a_wrong_value_is_refused_before_anything_is_done(bench: Workshop, value: str) -> None:
    bench.environ["BULKFLOW_LOG"] = value
    ran = bench.command("run", str(bench.folder / "a.bulkflow"))
    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert "BULKFLOW_LOG" in ran.err
    assert not (bench.folder / ".bulkflow").exists()


def test_lines_are_redacted_with_their_tracebacks(bench: Workshop, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        try:
            raise ValueError(f"sent {SESSION}")
        except ValueError:
            logging.getLogger("acme").exception("with %s", SESSION)

    monkeypatch.setattr("bulkflow.app.plan_execution.get_state_options", lambda _: fail() or ())
    ran = bench.command("run", "-v", str(bench.folder / "a.bulkflow"))
    assert ran.code == 0, ran.err
    assert "acme" in ran.err
    assert "Traceback" in ran.err
    assert "[hidden]" in ran.err
    assert "secretsecret" not in ran.err


def test_a_line_that_no_plugin_can_redact_is_not_written(bench: Workshop, monkeypatch) -> None:
    def fail(self: object, text: str) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr("bulkflow.plugin.host.PluginHost.redact", fail)
    ran = bench.command("run", "-vv", str(bench.folder / "a.bulkflow"))
    assert ran.code == 0
    assert list_levels(ran.err) == set()


@pytest.mark.parametrize(
    "name", ["bulkflow.app.load_plugins", "bulkflow.plugin.host.PluginHost.redact"]
)
def test_a_redaction_that_logs_does_not_log_itself(
    bench: Workshop, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    original = resolve_name(name)

    def log_first(*arguments: object) -> object:
        logging.getLogger("acme").warning("loading")
        return original(*arguments)

    monkeypatch.setattr(name, log_first)
    plugin_commands._host.cache_clear()
    try:
        ran = bench.command("-vv", "run", str(bench.folder / "a.bulkflow"))
    finally:
        plugin_commands._host.cache_clear()
    assert ran.code == 0, ran.err
    assert "step `load job a` started" in ran.err


def test_other_commands_have_the_option_too(bench: Workshop) -> None:
    assert bench.command("-vv", "check", str(bench.folder / "a.bulkflow")).code == 0
    assert bench.command("-vv", "org", "list").code == 0
