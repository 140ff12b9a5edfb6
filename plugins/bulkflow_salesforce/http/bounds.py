"""How much is taken of what a server says: every bound of answers, with its reason.

A server that is not the org, or a broken one, may answer without an end. Each bound is several
times what an org sends, so that it is met by no honest answer.
"""

from __future__ import annotations

from typing import Final

ANSWER_BYTES: Final = 1 << 20
"""Of an answer that is held in memory: the limits of an org are 10 KB, a job's properties 1 KB."""

LIST_BYTES: Final = 4 << 20
"""Of a page of a list: 1,000 jobs of 600 bytes each. As JSON may take 25 times its size in memory,
this is 100 MB at the most."""

DESCRIBE_BYTES: Final = 16 << 20
"""Of a describe: 800 fields, hundreds of them picklists, are some megabytes."""

REFUSAL_BYTES: Final = 64 << 10
"""Of an answer that refuses: a hundred errors in Salesforce's words."""

DOWNLOAD_BYTES: Final = 16 << 30
"""Of a download of which the caller knows no size: an org gives results of 1 GB a file."""

DEPTH: Final = 32
"""Levels of lists and objects in JSON: a describe has five."""

PAGE_CHARACTERS: Final = 16 << 10
"""Of a page for people, in which its first words are sought."""

FAULTS: Final = 10
"""Errors of one refusal that are kept: Salesforce sends one, seldom a few."""

FAULT_CHARACTERS: Final = 2_000
"""Of each text that the org gives as a reason: of a Salesforce message that is a few hundred, and
of an Apex exception its beginning."""

LINE_CHARACTERS: Final = 200
"""Of an answer that a message quotes in its line."""


def cut(text: str, most: int) -> str:
    """Cut a text to so many characters; an ellipsis ends what is cut."""
    return text if len(text) <= most else text[: most - 1] + "…"
