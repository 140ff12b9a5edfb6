"""The later steps of a job, for plugins that prepare for them. Not part of the plugin API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow.model.value import Written
    from bulkflow.plugin.context import Context
    from bulkflow.plugin.records import Step


@frozen
class StepAhead:
    """A later step of the same job.

    Attributes:
        step: The step.
        word: The text of its phrase.
        arguments: Its slots, as written.
    """

    step: Step
    word: str
    arguments: Mapping[str, Written]


def get_steps_ahead(context: Context) -> Sequence[StepAhead]:
    """Get the later steps of the job that run if nothing fails, in order.

    Steps inside a condition or a loop are not included, as they may be skipped.
    """
    found: Sequence[StepAhead] = getattr(context, "steps_ahead", ())
    return found
