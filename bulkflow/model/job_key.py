"""The keys of jobs: unique within a run, and the same in every attempt at it.

A key is the job's name, `[ITERATION]` for each loop around it, and `#2` and so on for further jobs
with the same key. A job that a plugin derives from another, such as one that deletes what the other
created, has that job's key, a colon and a word: `accounts[a.csv]:undo`.
"""

from __future__ import annotations

import re
from typing import Final

_NAME_END: Final = re.compile(r"[\[#:]")
_DERIVED: Final = re.compile(r":[a-z]+(?:#[0-9]+)?$")


def derive_key(key: str, word: str, number: int = 1) -> str:
    """Build the key of a job that is derived from another.

    Args:
        key: The key of the other job.
        word: What the derived job does, in lower-case letters.
        number: Counts derived jobs of this kind from 1.
    """
    return f"{key}:{word}" + (f"#{number}" if number > 1 else "")


def is_derived(key: str) -> bool:
    """Whether a key belongs to a derived job."""
    return _DERIVED.search(key) is not None


def get_job_name(key: str) -> str:
    """Get the name that the file has for the job of a key."""
    return _NAME_END.split(key, maxsplit=1)[0]
