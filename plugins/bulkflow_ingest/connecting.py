"""The sessions with the run's orgs: one with each, for the whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define

from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.settings import MOST_CONNECTIONS, SHORT_CALLS
from bulkflow_salesforce import LimitInfo, Network, OrgAddress, RetryNotice, Session

if TYPE_CHECKING:
    from bulkflow.plugin import Context


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


def session_of(context: Context) -> Session:
    """The session with the org of the step; connects at the first call.

    One for each way into an org, not for each name: what is of one org, its token above all, never
    gets into requests to another.
    """
    org = context.org()
    latest = context.shared("ingest:latest-step", lambda: _Latest(context), lambda _: None)
    latest.context = context

    def connect() -> Session:
        return Session(
            OrgAddress(org.instance_url, org.api_version),
            org.tokens,
            connections=MOST_CONNECTIONS + SHORT_CALLS,
            network=Network.of(context.environ),
            on_retry=lambda notice: context.emit(
                Notice(_again(org.name, notice), NoticeLevel.WARNING)
            ),
            on_slow=lambda info: context.emit(Notice(_slower(org.name, info), NoticeLevel.WARNING)),
            sleep=latest.sleep,
            now=context.clock.time,
            clock=context.clock.monotonic,
        )

    return context.shared(f"salesforce:{org.name}:{id(org)}", connect, Session.close)


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
