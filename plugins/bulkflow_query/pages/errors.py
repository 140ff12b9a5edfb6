"""Why pages of a result cannot be fetched where they were."""

from __future__ import annotations

from bulkflow.errors import StepError


class ResultGoneError(StepError):
    """The job, its result or a locator is no longer in the org, so the query has to run again."""


class PagesChangedError(StepError):
    """The org lists other pages than before, so all pages have to be fetched again."""
