"""`make fuzz`: damages of the corpus for a while; what is not taken is kept, to become a test.

PYTHONPATH=tests python -m fuzz [--seconds N] [--seed N] [--only TEXT] [--folder DIR]
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import Random

from fuzz.damage import damaged
from fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for all readers together")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", default="", help="readers with this in their names")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"))
    asked = parser.parse_args()
    seed = Random().getrandbits(32) if asked.seed is None else asked.seed
    print(f"--seed {seed}")
    chosen = [each for each in TARGETS if asked.only in each.name]
    found = 0
    for target in chosen:
        random = Random(f"{seed} {target.name}")
        corpus = target.corpus()
        end = time.monotonic() + asked.seconds / len(chosen)
        tries = 0
        with tempfile.TemporaryDirectory() as place, target.opened(Path(place)) as take:
            while time.monotonic() < end:
                data = damaged(random, corpus)
                tries += 1
                began = time.monotonic()
                try:
                    take(data)
                    assert time.monotonic() - began < target.longest, "too slow"
                except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
                    found += 1
                    kept = asked.folder / target.name / hashlib.sha256(data).hexdigest()[:12]
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    kept.write_bytes(data)
                    print(f"{kept}\n{traceback.format_exc(limit=-3)}")
        print(f"{target.name}: {tries:,} inputs")
    print(f"{found} not taken")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
