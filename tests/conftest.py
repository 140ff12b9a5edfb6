"""No test depends on how fast the machine is, or finds the orgs that its user has named."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support.scanner import built

# How long an example takes says nothing here, or how long it takes to make one: it depends on what
# else the machine does.
settings.register_profile("bulkflow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bulkflow")


@pytest.fixture(autouse=True, scope="session")
def no_orgs_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = os.environ.get("BULKFLOW_CONFIG_DIR")
    os.environ["BULKFLOW_CONFIG_DIR"] = str(tmp_path_factory.mktemp("config"))
    yield
    if before is None:
        del os.environ["BULKFLOW_CONFIG_DIR"]
    else:
        os.environ["BULKFLOW_CONFIG_DIR"] = before


@pytest.fixture(autouse=True, scope="session")
def programs_that_hear_signals() -> Iterator[None]:
    """Let programs that tests start have the signals that this process was started to ignore.

    `nohup` and a shell's `&` have SIGHUP or SIGINT ignored, and programs inherit that. A handler
    is not inherited: where there is one, they begin with what is usual.
    """
    names = [each for each in ("SIGINT", "SIGHUP") if hasattr(signal, each)]
    ignored = [
        each for name in names if signal.getsignal(each := signal.Signals[name]) is signal.SIG_IGN
    ]
    for each in ignored:
        signal.signal(each, lambda *_: None)
    yield
    for each in ignored:
        signal.signal(each, signal.SIG_IGN)


@pytest.fixture(scope="session")
def scanner_or_reason(tmp_path_factory: pytest.TempPathFactory) -> Path | str:
    """The folder that bulkflow-scanner was installed into, or why it cannot be built here."""
    root = tmp_path_factory.getbasetemp()
    return built(root.parent if "PYTEST_XDIST_WORKER" in os.environ else root)


@pytest.fixture(scope="session")
def scanner(scanner_or_reason: Path | str) -> Path:
    """The folder that bulkflow-scanner was installed into, for PYTHONPATH."""
    if isinstance(scanner_or_reason, str):
        pytest.skip(scanner_or_reason)
    return scanner_or_reason
