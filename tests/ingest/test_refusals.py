"""How a part that did not complete is told."""

from __future__ import annotations

from bulkflow_ingest.parts import PartJob
from bulkflow_ingest.refusals import describe


def test_a_job_that_is_gone_before_it_was_seen_has_no_state_to_tell() -> None:
    part = PartJob(None, None, id="7505g0000000000AAA")
    part.deleted = True
    assert describe(part).startswith("part 1, job 7505g0000000000AAA, is gone from the org; rows ")
