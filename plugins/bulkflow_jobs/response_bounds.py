"""The most that is read of what an org says about its jobs, each bound with its reason."""

from __future__ import annotations

from typing import Final

MAX_JOBS_PER_PAGE: Final = 5_000
"""Salesforce gives 1,000."""

MAX_PAGES: Final = 2_000
"""Pages of one list of jobs: a page has up to 1,000 jobs, and each costs the org a request."""

MAX_JOBS: Final = 150_000
"""Jobs of one list: at 15,000 batches a day and at least one batch per job, an org has at most
105,000 in the seven days that Salesforce keeps them."""

MAX_LIST_BYTES: Final = 128 << 20
"""Of all pages of one list: as many jobs of 600 bytes each, and half as much again."""

MAX_RECORDS: Final = 10**10
"""Records that a job may count: an org takes 150 million a day, and keeps a job for seven days."""

MAX_STATE_LENGTH: Final = 40
"""Characters of a state: the longest known one has 14."""
