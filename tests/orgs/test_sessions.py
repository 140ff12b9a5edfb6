"""Sessions expire in the middle of a run, with every flow."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from attrs import define

from bulkflow_ingest.api.client import IngestApi, JobSpec
from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_salesforce import BytesBody, OrgAddress, Session, UnauthorizedError
from bulkflow_salesforce.login.errors import LoginError
from bulkflow_salesforce.login.token_flows import Login
from bulkflow_salesforce.profiles.flow import Flow
from bulkflow_sandbox.faults.syntax import read_fault
from bulkflow_sandbox.org import USER_ID
from bulkflow_sandbox.testing import LocalOrg
from support.logins import RENEWABLE, profile_of, secrets_of

SPEC = JobSpec("Account", "insert", None, "COMMA", "LF")
DATA = b"Name\n" + b"".join(b"a name that takes room %06d\n" % number for number in range(20_000))


@define(eq=False)
class EndingBody:
    """A body whose first read ends all sessions in the middle."""

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
    """The Salesforce CLI renews an expired token by itself."""
    if flow is Flow.CLI:
        token = org.sandbox.sessions.issue(USER_ID)
        (tmp_path / "fake-cli" / "tokens").write_text(token + "\n")


@pytest.fixture(params=RENEWABLE)
def flow(request):
    return request.param


@pytest.fixture
def logged_in(org, key, tmp_path, network, flow):
    """A session of the flow, and a function that ends all its tokens."""
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


class EndingStream(io.BytesIO):
    """A file whose first write ends all sessions in the middle."""

    def __init__(self, org: LocalOrg) -> None:
        super().__init__()
        self.org = org
        self.begun = False

    def write(self, piece) -> int:
        if not self.begun:
            self.begun = True
            self.org.sandbox.sessions.revoke_all()
        return super().write(piece)


def test_results_that_are_cut_when_their_session_ends_come_whole(org, logged_in):
    api = IngestApi(logged_in)
    job = api.create(SPEC)
    api.upload(job.id, BytesBody(DATA))
    api.close(job.id)
    assert org.settle()
    org.sandbox.inject(read_fault("successes=truncate:600000"))
    stream = EndingStream(org)
    path = logged_in.build_path("jobs", "ingest", job.id, ResultKind.SUCCESSFUL.path_segment)
    told = logged_in.download(path, stream)
    statuses = [one.status for one in org.requests if one.path.endswith("successfulResults")]
    assert statuses == [200, 401, 200]
    lines = stream.getvalue().splitlines()
    assert len(lines) == 20_001
    assert len(set(lines)) == 20_001
    assert told.bytes == len(stream.getvalue())


def test_a_poll_goes_on_however_often_the_session_ends(org, logged_in):
    api = IngestApi(logged_in)
    job = api.create(SPEC)
    for _ in range(4):
        org.sandbox.sessions.revoke_all()
        assert api.info(job.id).state == "Open"


def test_all_threads_together_log_in_once(org, logged_in, flow):
    path = logged_in.build_path("limits")
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
        session.get(session.build_path("limits"))
        org.sandbox.logins.revoke(environ["TEST_REFRESH_TOKEN"])
        with pytest.raises(LoginError, match="revoked, replaced, or has expired"):
            session.get(session.build_path("limits"))


def test_a_given_token_ends_with_its_session(org, key, tmp_path, network):
    profile, environ = profile_of(Flow.TOKEN, org, key, tmp_path)
    login = Login(profile, secrets_of(environ), network)
    with Session(OrgAddress(org.url), login, network=network) as session:
        org.sandbox.sessions.revoke_all()
        with pytest.raises(UnauthorizedError):
            session.get(session.build_path("limits"))


LOAD = """\
org env

job accounts
    insert Account
    from "accounts.csv"
    parts of 100 rows

load job accounts
save successful rows of job accounts to "loaded.csv"
"""


@pytest.mark.parametrize("place", ["upload#2", "close", "info", "successes"])
def test_a_run_whose_given_token_ends_says_so_and_goes_on_with_another(org, workshop, place):
    workshop.write("accounts.csv", "Name\n" + "".join(f"a{n}\n" for n in range(300)))
    workshop.environ |= {"SF_ACCESS_TOKEN": org.token, "SF_ORG_INSTANCE_URL": org.url}
    org.sandbox.inject(read_fault(f"{place}=expire"))
    ran = workshop.run(LOAD)
    assert ran.code in {1, 2}
    assert "Session expired or invalid" in ran.out
    assert "get a new token" in ran.out
    assert org.token not in ran.out + ran.err
    assert not list(workshop.folder.glob("*loaded.csv*"))
    workshop.environ["SF_ACCESS_TOKEN"] = org.sandbox.sessions.issue(USER_ID)
    ran = workshop.command("resume", "--state-dir", str(workshop.folder / "state"), "--json")
    assert ran.code == 0, ran.out + ran.err
    assert sorted(one["Name"] for one in org.records("Account")) == sorted(
        f"a{n}" for n in range(300)
    )
    assert len((workshop.folder / "loaded.csv").read_text("utf-8").splitlines()) == 301
