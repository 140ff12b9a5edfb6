"""Limits for responses: how much bulkflow accepts of what a server sends, and why.

A broken server, or one that is not the org, may send without end. Each limit is several times what
an org sends, so no genuine response reaches it.
"""

from __future__ import annotations

from typing import Final

RESPONSE_BYTES: Final = 1 << 20
"""Of a response that is held in memory: an org's limits are 10 KB, a job's properties 1 KB."""

LIST_BYTES: Final = 4 << 20
"""Of a page of a list: 1,000 jobs of 600 bytes each. Parsed JSON may take 25 times its size in
memory, so this is 100 MB at most."""

DESCRIBE_BYTES: Final = 16 << 20
"""Of a describe: 800 fields, hundreds of them picklists, take some megabytes."""

ERROR_BYTES: Final = 64 << 10
"""Of an error response: enough for a hundred of Salesforce's errors."""

DOWNLOAD_BYTES: Final = 16 << 30
"""Of a download of unknown size: an org's result files have 1 GB each."""

DEPTH: Final = 32
"""Levels of lists and objects in JSON: a describe has five."""

PAGE_CHARACTERS: Final = 16 << 10
"""Of an HTML page, when its first words are extracted."""

FAULTS: Final = 10
"""Errors kept of one error response: Salesforce sends one, rarely a few."""

FAULT_CHARACTERS: Final = 2_000
"""Of each reason in an error response: a Salesforce message has a few hundred, and of an Apex
exception the beginning is enough."""

LINE_CHARACTERS: Final = 200
"""Of a response that a message quotes in one line."""


def cut(text: str, most: int) -> str:
    """Shorten a text to at most `most` characters, with an ellipsis at the end."""
    return text if len(text) <= most else text[: most - 1] + "…"
