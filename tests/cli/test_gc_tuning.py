"""How often a command has Python look for garbage."""

from __future__ import annotations

import gc
import io
import subprocess
import sys

from bulkflow.cli import main
from bulkflow.cli.environment import Environment
from bulkflow.cli.gc_tuning import YOUNG_IN_RUNS

PROGRAM = """
import gc, sys
from bulkflow.cli import main
main(["explain", "B203"])
print(gc.get_threshold()[0], file=sys.stderr)
"""


def test_a_process_of_its_own_collects_seldom_and_collects() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == str(YOUNG_IN_RUNS)


def test_a_command_in_somebody_s_process_leaves_its_collector_alone() -> None:
    before = gc.get_threshold()
    assert main(["explain", "B203"], Environment(io.StringIO(), io.StringIO(), {})) == 0
    assert gc.get_threshold() == before
