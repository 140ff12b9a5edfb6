"""Runs the same operation with all backends that read CSV."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bulkflow_csv import CsvError
from bulkflow_csv.scanning.protocol import ReaderBackend

T = TypeVar("T")


class Alike:
    """Runs an operation with every backend, and checks that the results are equal."""

    def __init__(self, backends: tuple[ReaderBackend, ...]) -> None:
        self.backends = backends

    def __call__(self, operation: Callable[[ReaderBackend], T]) -> T:
        first, *others = self.backends
        expected = _run(operation, first)
        for each in others:
            answer = _run(operation, each)
            if isinstance(expected, CsvError) and isinstance(answer, CsvError):
                assert (str(answer), answer.notes) == (str(expected), expected.notes), each
            else:
                assert answer == expected, each
        if isinstance(expected, CsvError):
            raise expected
        return expected


def _run(operation: Callable[[ReaderBackend], T], backend: ReaderBackend) -> T | CsvError:
    try:
        return operation(backend)
    except CsvError as error:
        return error
