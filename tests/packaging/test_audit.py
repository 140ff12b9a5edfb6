"""What the look at known weaknesses says of each answer that it may get."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from attrs import Factory, define

from support.audit import audit

INSTALLED = "attrs==25.4.0\nurllib3==2.5.0\n"
CLEAN = [
    {"name": "attrs", "version": "25.4.0", "vulns": []},
    {"name": "urllib3", "version": "2.5.0", "vulns": []},
]
WEAK = [CLEAN[0], {**CLEAN[1], "vulns": [{"id": "CVE-2026-1", "fix_versions": ["2.5.1"]}]}]
UNKNOWN = [{"name": each["name"], "skip_reason": "not found"} for each in CLEAN]


@define(eq=False)
class Service:
    """Answers in the place of pip and pip-audit."""

    folder: Path
    answer: object = None
    complaint: str = ""
    installs: bool = True
    commands: list[list[str]] = Factory(list)

    def command(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        self.commands.append(command)
        if "pip_audit" not in command:
            return subprocess.CompletedProcess(command, int(not self.installs), "", "")
        answer = "" if self.answer is None else json.dumps({"dependencies": self.answer})
        # Its exit code is 0 for what it could not look up.
        return subprocess.CompletedProcess(command, 0, answer, self.complaint)

    def audit(
        self, installed: str = INSTALLED, day: str = "2026-11-22", *, must: bool = False
    ) -> int:
        return audit(installed, self.folder, day, self.command, must_ask=must)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    (tmp_path / "pyvenv.cfg").touch()
    return Service(tmp_path)


@pytest.mark.parametrize("must", [False, True])
def test_a_known_weakness_fails_it_each_time(
    service: Service, capsys: pytest.CaptureFixture[str], must: bool
) -> None:
    service.answer = WEAK
    for _ in range(2):
        assert service.audit(must=must) == 1
        assert "urllib3 2.5.0: CVE-2026-1, mended in 2.5.1" in capsys.readouterr().err


def test_a_weakness_among_what_is_unknown_fails_it(service: Service) -> None:
    service.answer = [UNKNOWN[0], WEAK[1]]
    assert service.audit() == 1


@pytest.mark.parametrize(
    ("answer", "complaint", "installs", "reason"),
    [
        (None, "Traceback\nConnectionError: no route to host\n", True, "no route to host"),
        (None, "", True, "pip-audit gave no answer"),
        (UNKNOWN, "No known vulnerabilities found", True, "none is known to the service"),
        (CLEAN, "", False, "pip-audit cannot be installed"),
    ],
)
def test_where_nobody_can_be_asked_it_says_so(
    service: Service,
    capsys: pytest.CaptureFixture[str],
    answer: object,
    complaint: str,
    installs: bool,
    reason: str,
) -> None:
    service.answer, service.complaint, service.installs = answer, complaint, installs
    asked = 0
    for _ in range(2):
        assert service.audit() == 0
        said = capsys.readouterr()
        assert "NOTHING WAS LOOKED UP" in said.err
        assert reason in said.err
        assert "no weakness" not in said.out
        # Not again today, as it may take minutes.
        asked = asked or len(service.commands)
        assert len(service.commands) == asked
    assert service.audit(must=True) == 1
    service.answer, service.installs = WEAK, True
    assert service.audit(day="2026-11-23") == 1


def test_it_asks_once_a_day_as_long_as_the_same_is_installed(service: Service) -> None:
    service.answer = CLEAN
    assert service.audit() == 0
    asked = len(service.commands)
    assert asked
    assert service.audit() == 0
    assert len(service.commands) == asked
    assert service.audit(day="2026-11-23") == 0
    assert service.audit(INSTALLED + "lark==1.3.0\n", "2026-11-23") == 0
    assert len(service.commands) == 3 * asked


def test_what_is_unknown_is_named_and_asked_for_again(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.answer = [CLEAN[0], UNKNOWN[1]]
    assert service.audit() == 0
    assert "not looked up, as unknown: urllib3" in capsys.readouterr().err
    asked = len(service.commands)
    assert service.audit() == 0
    assert len(service.commands) == 2 * asked
