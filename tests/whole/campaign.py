"""A share of a campaign, in a process of its own."""

from __future__ import annotations

import os
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from whole.case import Case
from whole.drawing import draw
from whole.judging import hold
from whole.spoiling import draw_spoilt

KINDS = {"sound": draw, "spoilt": draw_spoilt}


@frozen
class Share:
    """Some seeds, the kinds of cases to draw from each, and where and how long to work."""

    seeds: range
    folder: Path
    kinds: Sequence[str] = tuple(KINDS)
    seconds: float = float("inf")

    def work(self) -> tuple[Counter[str], int]:
        """Hold each case; returns how many of what there were, and how many were wrong."""
        os.environ["BULKFLOW_CONFIG_DIR"] = str(self.folder / "config")
        counts: Counter[str] = Counter()
        wrong = 0
        ends = time.monotonic() + self.seconds
        for seed in self.seeds:
            for kind in self.kinds:
                if time.monotonic() > ends:
                    return counts, wrong
                place = self.folder / f"{kind}-{seed}"
                place.mkdir()
                case = KINDS[kind](seed)
                counts.update(_kinds(kind, case))
                try:
                    hold(case, place)
                except Exception as error:  # noqa: BLE001 - told, and the campaign goes on
                    wrong += 1
                    told = "".join(traceback.format_exception_only(error))
                    print(f"--- {kind} case of seed {seed}\n{told[:3000]}", flush=True)
                shutil.rmtree(place)
        return counts, wrong


def _kinds(kind: str, case: Case) -> list[str]:
    """What a case is counted as."""
    there = {
        "in trouble that passes": case.faults and not case.hidden,
        "in trouble that hides rows": case.hidden,
        "run from somewhere": case.ways,
        "run twice": len(case.ways) > 1,
    }
    return [f"{kind}, {case.operation}", *(f"{kind}, {name}" for name, has in there.items() if has)]
