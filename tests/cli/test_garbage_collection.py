"""How often a command collects garbage."""

from __future__ import annotations

import gc
import io
import subprocess
import sys

from bulkflow.cli import main
from bulkflow.cli.entry import COLLECT_AFTER
from bulkflow.cli.environment import Environment

PROGRAM = """
import gc, sys
from bulkflow.cli import main
main(["explain", "B203"])
print(gc.isenabled(), gc.get_threshold()[0], file=sys.stderr)
"""


def test_a_process_of_our_own_collects_garbage_but_seldom() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == f"True {COLLECT_AFTER}"


def test_a_command_in_another_process_leaves_its_collector_alone() -> None:
    before = gc.get_threshold()
    assert main(["explain", "B203"], Environment(io.StringIO(), io.StringIO(), {})) == 0
    assert gc.get_threshold() == before
