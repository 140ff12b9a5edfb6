"""What can go wrong between the results and the rows that they belong to."""

from __future__ import annotations

from bulkflow.errors import StepError


class FatesError(StepError):
    """The results of a job cannot be brought together with its source rows, or not be written."""


class UnsuitedError(FatesError):
    """Not all that matters is among the rows that were looked at, so all of them must be.

    Does not leave this package.
    """
