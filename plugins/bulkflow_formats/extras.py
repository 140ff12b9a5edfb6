"""Libraries that only some formats need, and that not everybody has."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from bulkflow.errors import DataError

if TYPE_CHECKING:
    from types import ModuleType


def load_library(module: str, *, extra: str, reads: str, place: str) -> ModuleType:
    """Import a library.

    Args:
        module: What to import.
        extra: The extra of bulkflow that installs it.
        reads: What is read with it, as in "Excel workbooks".
        place: What the user wants to read.

    Raises:
        DataError: It is not installed.
    """
    if not is_installed(module):
        raise make_missing_error(module, extra=extra, reads=reads, place=place)
    return import_module(module)


def is_installed(module: str) -> bool:
    """Return whether a library can be imported."""
    try:
        return find_spec(module) is not None
    except (ModuleNotFoundError, ValueError):
        return False


def make_missing_error(module: str, *, extra: str, reads: str, place: str) -> DataError:
    """Make the error for a library that is not installed."""
    library = module.partition(".")[0].replace("_", "-")
    return DataError(
        f"{reads} are read with {library}, which is not installed",
        place=place,
        help=f"install it: pip install 'bulkflow-sf[{extra}]'",
    )
