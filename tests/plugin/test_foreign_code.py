"""Plugins that exit, raise anything, print, block, or leave threads: the program goes its way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bulkflow.cli import watchdog
from bulkflow.engine.resources import SharedResources
from bulkflow.errors import PluginError
from bulkflow.model.event import RunStarted
from bulkflow.plugin import Problem, hookimpl, step
from bulkflow.plugin.error_boundary import attribute_errors
from bulkflow.plugin.records import Provider
from bulkflow.testing import make_host

ACME = Provider("acme", "bulkflow-acme", "1.2")


class Odd(BaseException):
    """No `Exception`."""


BAD = [SystemExit(0), SystemExit(7), Odd("odd")]
bad_ends = pytest.mark.parametrize("error", BAD, ids=["exit 0", "exit 7", "odd"])


def raising(error: BaseException):
    def function(**_: object) -> None:
        raise error

    return function


@bad_ends
def test_what_leaves_a_plugin_has_its_name(error: BaseException) -> None:
    with (
        pytest.raises(PluginError, match=r"acme \(bulkflow-acme 1.2\)"),
        attribute_errors(ACME, "x"),
    ):
        raise error


def test_the_user_can_interrupt_a_plugin() -> None:
    with pytest.raises(KeyboardInterrupt), attribute_errors(ACME, "x"):
        raise KeyboardInterrupt


def test_what_a_plugin_finds_may_be_looked_at_in_part() -> None:
    class Plugin:
        @hookimpl
        def bulkflow_job_problems(self):
            yield Problem("one")
            yield Problem("two")

    problems = make_host(bad=Plugin()).catalogue.job_problems({})
    assert next(iter(problems)).message == "one"


@bad_ends
def test_a_listener_that_ends_the_program_is_named_and_the_others_hear(
    error: BaseException,
) -> None:
    heard = []

    class Bad:
        @hookimpl
        def bulkflow_run_started(self, event):
            raise error

    class Good:
        @hookimpl
        def bulkflow_run_started(self, event):
            heard.append(event)

    host = make_host(bad=Bad(), good=Good())
    ((provider, failure),) = host.notify(RunStarted("1", "x", "y", 0.0))
    assert provider.plugin == "bad"
    assert type(error).__name__ in failure.message
    assert len(heard) == 1


@bad_ends
def test_a_plugin_that_ends_the_program_when_it_is_asked_is_broken(error: BaseException) -> None:
    class Bad:
        @hookimpl
        def bulkflow_steps(self):
            raise error

    class Good:
        @hookimpl
        def bulkflow_steps(self):
            @step("greet")
            def greet(context):
                """Greet."""

            return [greet]

    host = make_host(bad=Bad(), good=Good())
    assert [each.phrases[0].text for each in host.catalogue.steps] == ["greet"]
    assert [each.provider.plugin for each in host.broken] == ["bad"]


@bad_ends
def test_a_plugin_that_ends_the_program_when_it_is_looked_at_is_broken(
    error: BaseException,
) -> None:
    class Bad:
        def __dir__(self):
            raise error

    host = make_host(bad=Bad())
    assert [each.provider.plugin for each in host.broken] == ["bad"]


@bad_ends
def test_what_a_run_shares_is_closed_whatever_closing_raises(error: BaseException) -> None:
    closed = []
    shared = SharedResources()
    shared.get("first", lambda: "first", closed.append)
    shared.get("bad", lambda: "bad", lambda _: raising(error)())
    (failure,) = shared.close()
    assert "could not close bad" in failure.message
    assert closed == ["first"]


# ------------------------------------------------------------------- in a process of its own

PLUGIN = '''
import atexit, os, sys, threading
from bulkflow.plugin import hookimpl, step

print("imported")
sys.stdout.write("written\\n")
os.write(1, b"to the descriptor\\n")


class Odd(BaseException):
    pass


@step("leave {code:number}")
def leave(context, code):
    """Leave."""
    sys.exit(code)


@step("throw")
def throw(context):
    """Throw."""
    raise Odd("odd")


@step("chat")
def chat(context):
    """Chat."""
    print("chatter")
    os.system("echo from a child")


@step("linger")
def linger(context):
    """Leave a thread."""
    threading.Thread(target=wait).start()


@step("block")
def block(context):
    """Block at exit."""
    atexit.register(wait)


def wait():
    threading.Event().wait()


@hookimpl
def bulkflow_steps():
    print("asked")
    return [leave, throw, chat, linger, block]


@hookimpl
def bulkflow_run_started(event):
    if os.environ.get("LISTENER"):
        sys.exit(0)
'''


@pytest.fixture
def bulkflow(tmp_path: Path):
    """Runs a pipeline with the plugin installed."""
    place = tmp_path / "installed"
    about = place / "bulkflow_odd-1.0.dist-info"
    about.mkdir(parents=True)
    (place / "odd.py").write_text(PLUGIN)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bulkflow-odd\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[bulkflow]\nodd = odd\n")

    def run(*arguments: str, text: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "x.bulkflow").write_text(text)
        known = {name: value for name, value in os.environ.items() if "BULKFLOW" not in name}
        return subprocess.run(
            [sys.executable, "-m", "bulkflow", *arguments],
            cwd=tmp_path,
            env={**known, "PYTHONPATH": str(place), "PYTHONUTF8": "1", **environ},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )

    return run


def ended(ran: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """The last event; every line has to be one."""
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    assert events[-1]["event"] == "run_finished"
    return events[-1]


@pytest.mark.parametrize("verb", ["leave 0", "leave 7", "throw"])
def test_a_step_that_ends_the_program_fails_and_the_run_ends_as_it_should(bulkflow, verb) -> None:
    text = f'{verb}\n    on failure log "handled"\nalways\n    log "always"\n'
    ran = bulkflow("run", "x.bulkflow", "--json", text=text)
    assert ran.returncode == 1
    assert ended(ran)["exit_code"] == 1
    assert "odd (bulkflow-odd 1.0)" in ran.stdout
    for said in ("handled", "always"):
        assert f'"message": "{said}"' in ran.stdout or said in ran.stdout
    assert "Traceback" not in ran.stderr


def test_a_listener_that_ends_the_program_is_named_and_the_run_goes_on(bulkflow) -> None:
    ran = bulkflow("run", "x.bulkflow", "--json", text="chat\n", LISTENER="1")
    assert ended(ran)["exit_code"] == ran.returncode == 0
    assert "SystemExit" in ran.stdout
    assert '"step_finished"' in ran.stdout


def test_prints_of_plugins_go_to_standard_error(bulkflow) -> None:
    ran = bulkflow("run", "x.bulkflow", "--json", text="chat\n")
    assert ran.returncode == 0
    assert ended(ran)["exit_code"] == 0
    for said in ("imported", "written", "to the descriptor", "asked", "chatter", "from a child"):
        assert said in ran.stderr
    checked = bulkflow("check", "--format", "json", "x.bulkflow", text="chat\n")
    assert json.loads(checked.stdout) == []


def test_help_is_still_written_to_standard_output(bulkflow) -> None:
    assert "Usage: bulkflow check" in bulkflow("check", "--help").stdout
    assert "Usage: bulkflow " in bulkflow("--help").stdout


@pytest.mark.parametrize("verb", ["linger", "block"])
def test_what_holds_up_the_end_is_named_and_cut_off(bulkflow, verb: str) -> None:
    ran = bulkflow("run", "x.bulkflow", "--json", text=f"{verb}\n")
    assert ran.returncode == 0
    assert ended(ran)["exit_code"] == 0
    words = ran.stderr.splitlines()[-1]
    assert words == (
        f"warning: odd (bulkflow-odd 1.0) kept the program from exiting for "
        f"{watchdog.SECONDS:g} s, and was stopped"
    )


def test_a_plugin_that_exits_while_it_is_imported_is_broken(bulkflow, tmp_path: Path) -> None:
    (tmp_path / "installed" / "odd.py").write_text("import sys\nsys.exit(0)\n")
    ran = bulkflow("check", "x.bulkflow", text="log 1\n")
    assert ran.returncode == 0
    listed = json.loads(bulkflow("plugins", "--json").stdout)
    assert listed[-1]["status"] == "broken"
