"""Helpers for plugin authors: run a step, load plugins from memory, check declarations.

    from bulkflow.testing import check_plugin, run_step

    def test_greeting():
        run = run_step(greet, whom="Ada")
        assert run.notices == ["hello, Ada"]

    def test_conformance():
        assert check_plugin(bulkflow_acme.plugin) == []

Nothing here needs pytest or a network. `docs/plugins.md` has more.
"""

from bulkflow.testing.conformance import check_plugin
from bulkflow.testing.context import Recorded, RecordingContext, RecordingJournal, TestClock
from bulkflow.testing.hosts import make_entry_point, make_host
from bulkflow.testing.row_clauses import check_row_clause
from bulkflow.testing.sinks import check_sink
from bulkflow.testing.sources import check_source
from bulkflow.testing.steps import make_job, make_span, run_step

__all__ = [
    "Recorded",
    "RecordingContext",
    "RecordingJournal",
    "TestClock",
    "check_plugin",
    "check_row_clause",
    "check_sink",
    "check_source",
    "make_entry_point",
    "make_host",
    "make_job",
    "make_span",
    "run_step",
]
