from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bulkflow.journal import Journal, RunJournal


@pytest.fixture
def open_journal(tmp_path: Path) -> Iterator[Callable[[], Journal]]:
    """Opens the journal of one folder, as often as asked; time counts up from 100."""
    opened: list[Journal] = []
    time = itertools.count(100.0)

    def open_() -> Journal:
        opened.append(Journal.open(tmp_path, lambda: next(time)))
        return opened[-1]

    yield open_
    for journal in opened:
        journal.close()


@pytest.fixture
def journal(open_journal: Callable[[], Journal]) -> Journal:
    return open_journal()


@pytest.fixture
def begin() -> Callable[..., RunJournal]:
    """Begins a run."""

    def begin_(journal: Journal, run: str = "r1") -> RunJournal:
        return RunJournal.begin(
            journal,
            run,
            pipeline="/data/nightly.bulkflow",
            texts={"/data/nightly.bulkflow": "org prod\n"},
            text_digest="0" * 64,
            orgs={"prod": "prod"},
            chosen_orgs={},
            settings={},
            parameters={"region": "EMEA"},
            version="0.1.0",
        )

    return begin_


@pytest.fixture
def run(journal: Journal, begin: Callable[..., RunJournal]) -> RunJournal:
    return begin(journal)
