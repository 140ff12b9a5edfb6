"""Asks all readers of CSV the same thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bulkflow_csv import CsvError
from bulkflow_csv.scanning.protocol import Readers

T = TypeVar("T")


class Alike:
    """Gives the answer of all readers there are, once it is seen to be one."""

    def __init__(self, readers: tuple[Readers, ...]) -> None:
        self.readers = readers

    def __call__(self, ask: Callable[[Readers], T]) -> T:
        first, *others = self.readers
        expected = _answer(ask, first)
        for each in others:
            answer = _answer(ask, each)
            if isinstance(expected, CsvError) and isinstance(answer, CsvError):
                assert (str(answer), answer.notes) == (str(expected), expected.notes), each
            else:
                assert answer == expected, each
        if isinstance(expected, CsvError):
            raise expected
        return expected


def _answer(ask: Callable[[Readers], T], readers: Readers) -> T | CsvError:
    try:
        return ask(readers)
    except CsvError as error:
        return error
