"""Errors about jobs in an org."""

from __future__ import annotations

from bulkflow.errors import StepError


class JobGoneError(StepError):
    """A job is no longer in the org, although this run did not delete it."""


class JobStatusError(StepError):
    """The status of a job could not be read, so the job may be in any state."""
