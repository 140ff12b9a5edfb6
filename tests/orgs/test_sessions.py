"""Sessions that end in the middle of the work, with every flow."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from attrs import define

from bulkflow_ingest.api import IngestApi, JobSpec
from bulkflow_salesforce import OrgAddress, Session, UnauthorizedError
from bulkflow_salesforce.login.obtaining import Login
from bulkflow_salesforce.login.refusals import LoginError
from bulkflow_salesforce.profiles.flow import Flow
from bulkflow_sandbox.testing import LocalOrg
from support.logins import RENEWABLE, profile_of, secrets_of

SPEC = JobSpec("Account", "insert", None, "COMMA", "LF")
DATA = b"Name\n" + b"".join(b"a name that takes room %06d\n" % number for number in range(20_000))


@define(eq=False)
class EndingBody:
    """A body in the middle of which all sessions end, the first time that it is read."""

    org: LocalOrg
    opened: int = 0

    @property
    def length(self) -> int:
        return len(DATA)

    def open(self) -> io.BytesIO:
        self.opened += 1
        if self.opened == 1:
            self.org.sandbox.sessions.revoke_all()
        return io.BytesIO(DATA)


def new_token_of_the_cli(org: LocalOrg, flow: Flow, tmp_path) -> None:
    """The Salesforce CLI renews its token by itself, when it is asked for one that has ended."""
    from bulkflow_sandbox.org import USER_ID

    if flow is Flow.CLI:
        token = org.sandbox.sessions.issue(USER_ID)
        (tmp_path / "fake-cli" / "tokens").write_text(token + "\n")


@pytest.fixture(params=RENEWABLE)
def flow(request):
    return request.param


@pytest.fixture
def logged_in(org, key, tmp_path, network, flow):
    """A session of the flow, and the end of all its tokens."""
    profile, environ = profile_of(flow, org, key, tmp_path)
    login = Login(profile, secrets_of(environ), network)
    end = org.sandbox.sessions.revoke_all

    def revoke_all() -> None:
        end()
        new_token_of_the_cli(org, flow, tmp_path)

    org.sandbox.sessions.revoke_all = revoke_all
    with Session(OrgAddress(org.url), login, network=network) as session:
        yield session


def test_an_upload_whose_session_ends_on_the_way_is_sent_again_once(org, logged_in):
    api = IngestApi(logged_in)
    job = api.create(SPEC)
    body = EndingBody(org)
    api.upload(job.id, body)
    assert body.opened == 2
    api.close(job.id)
    assert org.settle()
    assert api.info(job.id).number_records_processed == 20_000
    assert len(org.records("Account")) == 20_000


def test_a_poll_goes_on_however_often_the_session_ends(org, logged_in):
    api = IngestApi(logged_in)
    job = api.create(SPEC)
    for _ in range(4):
        org.sandbox.sessions.revoke_all()
        assert api.info(job.id).state == "Open"


def test_all_threads_together_log_in_once(org, logged_in, flow):
    path = logged_in.path("limits")
    logged_in.get(path)
    before = sum(1 for one in org.requests if one.path.endswith("/oauth2/token"))
    org.sandbox.sessions.revoke_all()
    with ThreadPoolExecutor(8) as pool:
        assert all(one.status == 200 for one in pool.map(logged_in.get, [path] * 24))
    after = sum(1 for one in org.requests if one.path.endswith("/oauth2/token"))
    # The Salesforce CLI asks for its tokens itself.
    assert after - before == (0 if flow is Flow.CLI else 1)


def test_a_login_that_is_refused_later_stops_the_call_with_its_cause(org, key, tmp_path, network):
    profile, environ = profile_of(Flow.REFRESH_TOKEN, org, key, tmp_path)
    login = Login(profile, secrets_of(environ), network)
    with Session(OrgAddress(org.url), login, network=network) as session:
        session.get(session.path("limits"))
        org.sandbox.logins.revoke(environ["TEST_REFRESH_TOKEN"])
        with pytest.raises(LoginError, match="revoked, replaced or has run out"):
            session.get(session.path("limits"))


def test_a_given_token_ends_with_its_session(org, key, tmp_path, network):
    profile, environ = profile_of(Flow.TOKEN, org, key, tmp_path)
    login = Login(profile, secrets_of(environ), network)
    with Session(OrgAddress(org.url), login, network=network) as session:
        org.sandbox.sessions.revoke_all()
        with pytest.raises(UnauthorizedError):
            session.get(session.path("limits"))
