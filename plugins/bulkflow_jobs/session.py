"""The HTTP sessions of a run: one for each org."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import define, field

from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_jobs.bounds import MAX_CONNECTIONS, MAX_STATUS_REQUESTS
from bulkflow_salesforce import LimitInfo, Network, OrgAddress, RetryNotice, Session

if TYPE_CHECKING:
    from bulkflow.plugin import Context

PAUSE_BETWEEN_NOTICES: Final = 5.0
"""Seconds between two warnings about the same trouble; those in between are shown as details."""


@define(eq=False, repr=False)
class _LatestStep:
    """The context of the step that started last.

    The session outlives the step that opened it. A step of an `always` block may wait although the
    run is to stop, and an earlier step may not.
    """

    context: Context

    def sleep(self, seconds: float) -> None:
        """Sleep in the latest step."""
        self.context.sleep(seconds)


@define(eq=False, repr=False)
class _RetryNotices:
    """Emits notices about retried requests, one at a time for each kind of trouble."""

    context: Context
    org: str
    _emitted: dict[str, float] = field(factory=dict)

    def emit(self, notice: RetryNotice) -> None:
        """Emit a notice: as a detail if one about the same trouble was emitted a moment ago."""
        now = self.context.clock.monotonic()
        kind = f"{notice.method} {notice.reason.partition(notice.path)[0]}"
        if now - self._emitted.get(kind, -PAUSE_BETWEEN_NOTICES) < PAUSE_BETWEEN_NOTICES:
            level = NoticeLevel.DETAIL
        else:
            level = NoticeLevel.WARNING
            self._emitted[kind] = now
        self.context.emit(Notice(_format_retry(self.org, notice), level))


def open_session(context: Context) -> Session:
    """Return the session with the step's org; the first call opens it.

    Sessions are kept by the access to an org and not by its name, so that nothing of one org, above
    all its token, gets into requests to another.
    """
    org = context.open_org()
    latest = context.share("jobs:latest-step", lambda: _LatestStep(context), lambda _: None)
    latest.context = context

    def connect() -> Session:
        return Session(
            OrgAddress(org.instance_url, org.api_version),
            org.tokens,
            connections=MAX_CONNECTIONS + MAX_STATUS_REQUESTS,
            network=Network.of(context.environ),
            on_retry=_RetryNotices(context, org.name).emit,
            on_slow=lambda info: context.emit(
                Notice(_format_slowdown(org.name, info), NoticeLevel.WARNING)
            ),
            sleep=latest.sleep,
            now=context.clock.time,
            clock=context.clock.monotonic,
        )

    return context.share(f"salesforce:{org.name}:{id(org)}", connect, Session.close)


def _format_retry(org: str, notice: RetryNotice) -> str:
    return (
        f"{notice.reason}; retrying {notice.method} {notice.path} of org {org} in "
        f"{notice.wait:.1f} s ({notice.bound})"
    )


def _format_slowdown(org: str, info: LimitInfo) -> str:
    return (
        f"org {org} has {info.left:,} of its {info.total:,} daily API requests left; "
        "bulkflow is slowing down"
    )
