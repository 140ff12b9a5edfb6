"""The names of a job's files."""

from __future__ import annotations

import hashlib
import re


def make_label(key: str) -> str:
    """Return a part of a file name that is unique for a job's key on every system."""
    label = re.sub(r"[^\w.-]+", "-", key).strip("-.")
    if label == key == key.lower():
        return label
    return f"{label}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
