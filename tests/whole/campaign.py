"""A share of a campaign, in a process of its own."""

from __future__ import annotations

import os
import shutil
import time
import traceback
from collections import Counter
from pathlib import Path

from whole.drawing import draw
from whole.judging import hold
from whole.spoiling import draw_spoilt


def work(
    seeds: range, folder: Path, seconds: float, *, spoilt: bool = False
) -> tuple[Counter[str], list[tuple[int, str]]]:
    os.environ["BULKFLOW_CONFIG_DIR"] = str(folder / "config")
    counts: Counter[str] = Counter()
    wrong: list[tuple[int, str]] = []
    ends = time.monotonic() + seconds
    for seed in seeds:
        if time.monotonic() > ends:
            break
        place = folder / str(seed)
        place.mkdir()
        case = draw_spoilt(seed) if spoilt else draw(seed)
        counts[case.operation] += 1
        counts["cases"] += 1
        counts["rows"] += sum(len(each.rows) for each in case.files)
        try:
            hold(case, place)
        except Exception as error:  # noqa: BLE001 - told below
            lines = traceback.format_exception_only(error)
            wrong.append((seed, "".join(lines)[:3000]))
            print(f"--- seed {seed}\n{wrong[-1][1]}", flush=True)
        shutil.rmtree(place)
    return counts, wrong
