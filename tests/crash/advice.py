"""The commands that bulkflow advises: those in backticks of what it said."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from crash.forks import Ended

VERBS = frozenset({"run", "resume", "retry", "abort", "undo"})
"""The commands that work on a run; others change nothing that is judged here."""

_COMMAND = re.compile(r"`bulkflow ((?:[^`])+)`")


def advised(ended: Ended, file: str, run: str | None) -> list[list[str]]:
    """The commands that an attempt advises, in order, each once, as they are to be typed.

    Args:
        ended: The attempt.
        file: What FILE stands for, and what is run where the advice leaves it out.
        run: What RUN stands for; None where there is no run: advice that names one is left out.
    """
    found: list[list[str]] = []
    for text in _texts(ended):
        for said in _COMMAND.findall(text):
            words = [{"FILE": file, "RUN": run}.get(word, word) for word in shlex.split(said)]
            if words[0] not in VERBS or None in words:
                continue
            command = [word for word in words if word is not None]
            if command[0] == "run" and all(word.startswith("-") for word in command[1:]):
                command.append(file)
            if command not in found:
                found.append(command)
    return found


def _texts(ended: Ended) -> Iterator[str]:
    for line in ended.out.splitlines():
        yield from _strings(json.loads(line))
    yield ended.err


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _strings(each)
        case list():
            for each in value:
                yield from _strings(each)
