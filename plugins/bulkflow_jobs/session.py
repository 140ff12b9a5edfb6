"""The sessions with the run's orgs: one with each, for the whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import define, field

from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.settings import MOST_CONNECTIONS, SHORT_CALLS
from bulkflow_salesforce import LimitInfo, Network, OrgAddress, RetryNotice, Session

if TYPE_CHECKING:
    from bulkflow.plugin import Context

PAUSE_BETWEEN_NOTICES: Final = 5.0
"""Seconds between two warnings of the same trouble; those in between are details."""


@define(eq=False, repr=False)
class _Latest:
    """The context of the step that began last.

    An `always` block may wait although the run was asked to stop; the step that opened the session
    may not.
    """

    context: Context

    def sleep(self, seconds: float) -> None:
        """Wait as that step may."""
        self.context.sleep(seconds)


@define(eq=False, repr=False)
class _Throttle:
    """Says what is waited out, and not for each of many requests that meet the same trouble."""

    context: Context
    org: str
    _said: dict[str, float] = field(factory=dict)

    def emit(self, notice: RetryNotice) -> None:
        """Show a notice, unless the same kind of request was told of a moment ago."""
        now = self.context.clock.monotonic()
        kind = f"{notice.method} {notice.reason.partition(notice.path)[0]}"
        if now - self._said.get(kind, -PAUSE_BETWEEN_NOTICES) < PAUSE_BETWEEN_NOTICES:
            level = NoticeLevel.DETAIL
        else:
            level = NoticeLevel.WARNING
            self._said[kind] = now
        self.context.emit(Notice(_again(self.org, notice), level))


def session_of(context: Context) -> Session:
    """The session with the org of the step; connects at the first call.

    One for each way into an org, not for each name: what is of one org, its token above all, never
    gets into requests to another.
    """
    org = context.open_org()
    latest = context.share("ingest:latest-step", lambda: _Latest(context), lambda _: None)
    latest.context = context

    def connect() -> Session:
        return Session(
            OrgAddress(org.instance_url, org.api_version),
            org.tokens,
            connections=MOST_CONNECTIONS + SHORT_CALLS,
            network=Network.of(context.environ),
            on_retry=_Throttle(context, org.name).emit,
            on_slow=lambda info: context.emit(Notice(_slower(org.name, info), NoticeLevel.WARNING)),
            sleep=latest.sleep,
            now=context.clock.time,
            clock=context.clock.monotonic,
        )

    return context.share(f"salesforce:{org.name}:{id(org)}", connect, Session.close)


def _again(org: str, notice: RetryNotice) -> str:
    return (
        f"{notice.reason}; {notice.method} {notice.path} of org {org} again in "
        f"{notice.wait:.1f} s ({notice.bound})"
    )


def _slower(org: str, info: LimitInfo) -> str:
    return (
        f"org {org} has {info.left:,} of its {info.total:,} API requests of the day left; "
        "going on slowly"
    )
