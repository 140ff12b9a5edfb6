"""The plugin's hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import hookimpl
from bulkflow_control.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.plugin import Step


@hookimpl
def bulkflow_steps() -> Iterable[Step]:
    """Return the steps that control a run."""
    return STEPS
