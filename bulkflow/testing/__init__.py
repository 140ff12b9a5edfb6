"""For plugin authors: run a step, load plugins from memory, check what a plugin declares.

    from bulkflow.testing import check_plugin, run_step

    def test_that_it_greets():
        run = run_step(greet, whom="Ada")
        assert run.notices == ["hello, Ada"]

    def test_that_it_keeps_the_rules():
        assert check_plugin(bulkflow_acme.plugin) == []

Nothing here needs pytest or touches a network. `docs/plugins.md` shows more.
"""

from bulkflow.testing.conformance import check_plugin
from bulkflow.testing.context import Recorded, RecordingContext, RecordingJournal, TestClock
from bulkflow.testing.hosts import make_entry_point, make_host
from bulkflow.testing.steps import make_job, make_span, run_step

__all__ = [
    "Recorded",
    "RecordingContext",
    "RecordingJournal",
    "TestClock",
    "check_plugin",
    "make_entry_point",
    "make_host",
    "make_job",
    "make_span",
    "run_step",
]
