"""The body of `/limits`: the limits that the sandbox counts, and fixed values for all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.core.limits import BULK_BATCHES

if TYPE_CHECKING:
    from collections.abc import Mapping

_BATCHES_RENAMED: Final = 49
"""The first version with the present name of the daily batches (two recorded bodies)."""

_NOT_COUNTED: Final = {
    "AnalyticsExternalDataSizeMB": 40_960,
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentSyncReportRuns": 20,
    "DailyAsyncApexExecutions": 250_000,
    "DailyAsyncApexTests": 500,
    "DailyDeliveredPlatformEvents": 10_000,
    "DailyDurableGenericStreamingApiEvents": 10_000,
    "DailyDurableStreamingApiEvents": 10_000,
    "DailyGenericStreamingApiEvents": 10_000,
    "DailyStandardVolumePlatformEvents": 10_000,
    "DailyStreamingApiEvents": 10_000,
    "DailyWorkflowEmails": 1_000,
    "DataStorageMB": 1_024,
    "DurableStreamingApiConcurrentClients": 20,
    "FileStorageMB": 1_024,
    "HourlyAsyncReportRuns": 1_200,
    "HourlyDashboardRefreshes": 200,
    "HourlyDashboardResults": 5_000,
    "HourlyDashboardStatuses": 999_999_999,
    "HourlyLongTermIdMapping": 100_000,
    "HourlyODataCallout": 1_000,
    "HourlyPublishedPlatformEvents": 50_000,
    "HourlyPublishedStandardVolumePlatformEvents": 1_000,
    "HourlyShortTermIdMapping": 100_000,
    "HourlySyncReportRuns": 500,
    "HourlyTimeBasedWorkflow": 1_000,
    "MassEmail": 5_000,
    "PermissionSets": 1_500,
    "SingleEmail": 5_000,
    "StreamingApiConcurrentClients": 20,
}
"""Limits that the sandbox never uses."""


def build_limits(counted: Mapping[str, tuple[int, int]], version: str) -> dict[str, dict[str, int]]:
    """Build the body for an API version, sorted by name.

    Args:
        counted: The use and the maximum of each limit that the sandbox counts.
        version: The version, such as `"66.0"`.
    """
    old = float(version) < _BATCHES_RENAMED
    limits = {name: (0, maximum) for name, maximum in _NOT_COUNTED.items()} | {
        ("DailyBulkApiRequests" if old and name == BULK_BATCHES else name): pair
        for name, pair in counted.items()
    }
    return {
        name: {"Max": maximum, "Remaining": max(0, maximum - used)}
        for name, (used, maximum) in sorted(limits.items())
    }
