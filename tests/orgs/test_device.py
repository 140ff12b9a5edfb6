"""The device flow with an org whose clock the test moves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import define, field

from bulkflow_salesforce.http.network import Network
from bulkflow_salesforce.http.origin import Origin
from bulkflow_salesforce.login.device import DeviceLogin
from bulkflow_salesforce.login.endpoint import TokenEndpoint
from bulkflow_salesforce.login.errors import LoginError
from bulkflow_sandbox import ManualClock
from bulkflow_sandbox.org import USER_ID
from bulkflow_sandbox.testing import LocalOrg, local_org


@define(eq=False)
class User:
    """Types the code after some polls, or runs another action."""

    org: LocalOrg
    clock: ManualClock
    polls: int = 2
    allowed: bool = True
    hurry: float = 1.0
    seconds: float = 0.0
    code: str = ""
    slept: list[float] = field(factory=list)

    def show(self, page: str, code: str) -> None:
        assert page == f"{self.org.url}/setup/connect"
        self.code = code

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        self.clock.advance(timedelta(seconds=seconds * self.hurry))
        if len(self.slept) == self.polls:
            grants = self.org.sandbox.logins.grants
            assert grants.answer_device(self.code, USER_ID, allowed=self.allowed)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def org(clock):
    with local_org(tls=True, clock=clock) as org:
        yield org


def log_in(org, user, **options):
    network = Network(ca_file=org.certificate.authority)
    with TokenEndpoint(Origin(org.url), network) as endpoint:
        device = DeviceLogin(
            endpoint,
            "PlatformCLI",
            "",
            user.show,
            sleep=user.sleep,
            clock=lambda: user.seconds,
            **options,
        )
        return device.log_in()


def test_a_typed_code_brings_a_refresh_token(org, clock):
    user = User(org, clock)
    answer = log_in(org, user)
    assert answer.refresh_token is not None
    assert answer.instance_url == org.url
    assert user.slept == [5.0, 5.0]


def test_a_device_that_asks_too_often_slows_down(org, clock):
    user = User(org, clock, polls=4, hurry=0.5)
    assert log_in(org, user).access_token
    assert user.slept[1:3] == [5.0, 10.0]


def test_a_denied_device_says_so_at_once(org, clock):
    user = User(org, clock, allowed=False)
    with pytest.raises(LoginError, match="denied in the browser"):
        log_in(org, user)
    assert len(user.slept) == 2


def test_a_code_that_nobody_types_ends(org, clock):
    with pytest.raises(LoginError, match="the code was not typed"):
        log_in(org, User(org, clock, polls=10**6), timeout=60)


def test_a_code_that_ran_out_at_the_org_is_named_so(org, clock):
    with pytest.raises(LoginError, match="not confirmed in time"):
        log_in(org, User(org, clock, polls=10**6), timeout=10**6)
