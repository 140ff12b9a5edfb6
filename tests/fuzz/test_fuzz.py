"""A short piece of `make fuzz`: the corpus as it is, and a few hundred damages of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.damage import damaged
from fuzz.targets import TARGETS, Target

targets = pytest.mark.parametrize("target", TARGETS, ids=lambda each: each.name)


@targets
def test_the_corpus_is_taken(target: Target, tmp_path: Path) -> None:
    with target.opened(tmp_path) as take:
        for data in target.corpus():
            take(data)


@targets
def test_damages_of_the_corpus_are_taken_or_refused(target: Target, tmp_path: Path) -> None:
    corpus = target.corpus()
    with target.opened(tmp_path) as take:

        @settings(
            deadline=None, max_examples=target.examples, suppress_health_check=list(HealthCheck)
        )
        @given(st.randoms(use_true_random=False))
        def hold(random) -> None:
            take(damaged(random, corpus))

        hold()
