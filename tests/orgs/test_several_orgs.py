"""One pipeline, two orgs: each gets its own rows, its own requests and its own tokens."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from attrs import define

from bulkflow.cli import plugin_commands as additions
from bulkflow_sandbox import SandboxServer
from bulkflow_sandbox.jobs.job import JobType
from bulkflow_sandbox.jobs.job_table import list_jobs_after
from support.logins import CLIENT_ID, CLIENT_SECRET, app
from support.proxy import Handler, Proxy, answering, proxied
from support.workshop import Ran, Workshop

BOTH = """\
org source = prod
org target = uat

job old
    in source
    insert Account
    from "old.csv"

job new
    in target
    insert Account
    from "new.csv"

"""
TOGETHER = BOTH + "parallel\n    load job old\n    load job new\n"
JOB = "/jobs/ingest/[^/]+"


@define(eq=False)
class Place:
    """An org, and a proxy in front of it that records the requests."""

    server: SandboxServer
    proxy: Proxy

    @property
    def names(self) -> list[str]:
        """The names of its accounts."""
        with self.server.api.database.reading() as connection:
            rows = connection.execute('SELECT "Name" FROM "Account" WHERE "IsDeleted" = 0')
            return sorted(name for (name,) in rows)

    @property
    def states(self) -> list[str]:
        """The states that its jobs are in."""
        with self.server.api.database.reading() as connection:
            return [job.state.value for job in list_jobs_after(connection, tuple(JobType), "", -1)]

    def revoke(self, handler: Handler, forward) -> None:
        """End all sessions before a request is handled."""
        self.server.api.sessions.revoke_all()
        forward()


@pytest.fixture
def places(public_key: str) -> Iterator[dict[str, Place]]:
    with ExitStack() as stack:
        made = {}
        for name in ("prod", "uat"):
            server = stack.enter_context(SandboxServer())
            server.api.logins.register(app(public_key))
            made[name] = Place(server, stack.enter_context(proxied(server.url)))
        yield made


@pytest.fixture
def prod(places: dict[str, Place]) -> Place:
    return places["prod"]


@pytest.fixture
def uat(places: dict[str, Place]) -> Place:
    return places["uat"]


@pytest.fixture
def workshop(
    tmp_path: Path, places: dict[str, Place], vault: object, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workshop]:
    """Profiles of both orgs: tokens that end with their sessions, and are renewed then."""
    folder = tmp_path / "config"
    monkeypatch.setenv("BULKFLOW_CONFIG_DIR", str(folder))
    desk = Workshop(tmp_path, {"BULKFLOW_CONFIG_DIR": str(folder), "SECRET": CLIENT_SECRET})
    for name, place in places.items():
        ran = desk.command(
            "org", "login", name, "--flow", "client-credentials", "--client-id", CLIENT_ID,
            "--login-url", place.proxy.url, "--secret", "client-secret=env:SECRET",
        )  # fmt: skip
        assert ran.code == 0, ran.err
    desk.write("old.csv", "Name\nOld 1\nOld 2\n")
    desk.write("new.csv", "Name\nNew 1\n")
    additions._host.cache_clear()
    yield desk
    additions._host.cache_clear()


def afterwards(workshop: Workshop, *arguments: str) -> Ran:
    return workshop.command(*arguments, "--state-dir", str(workshop.folder / "state"))


def run_id(workshop: Workshop) -> str:
    (found,) = json.loads(afterwards(workshop, "runs", "--json").out)
    return str(found["id"])


def test_rows_arrive_where_they_are_for_and_no_token_leaves_its_org(workshop, prod, uat) -> None:
    prod.proxy.on("PUT", f"{JOB}/batches", prod.revoke)
    ran = workshop.run(TOGETHER)
    assert ran.code == 0, ran.err
    assert ran.event("run_started")["orgs"] == {"source": "prod", "target": "uat"}
    assert (prod.names, uat.names) == (["Old 1", "Old 2"], ["New 1"])
    assert prod.proxy.count("POST", "/oauth2/token") > uat.proxy.count("POST", "/oauth2/token")
    assert len(prod.proxy.authorizations - {""}) > len(uat.proxy.authorizations - {""}) > 0
    assert prod.proxy.authorizations & uat.proxy.authorizations == {""}


def test_two_names_of_one_profile_share_its_login(workshop, prod, uat) -> None:
    # Since the last of the logins that made the profiles.
    before = prod.proxy.count("POST", "/oauth2/token")
    ran = workshop.run(TOGETHER, "--org", "target=prod")
    assert ran.code == 0, ran.err
    assert (prod.names, uat.names) == (["New 1", "Old 1", "Old 2"], [])
    assert prod.proxy.count("POST", "/oauth2/token") == before + 1


def test_an_org_that_is_declared_and_not_needed_is_not_asked(workshop, uat) -> None:
    uat.proxy.seen.clear()
    ran = workshop.run(TOGETHER.replace("    load job new\n", ""))
    assert ran.code == 0, ran.err
    assert uat.proxy.seen == []


def test_the_command_line_says_which_org_it_is_about(workshop, prod, uat) -> None:
    file = workshop.write("test.bulkflow", TOGETHER)
    for given, words in (
        (["uat"], "does not say which org"),
        (["traget=uat"], "did you mean `target`?"),
        (["target=uat", "target=prod"], "--org target=prod conflicts with --org target=uat"),
        (["uat", "prod"], "--org prod conflicts with --org uat"),
        (["target="], "--org target= has no profile"),
        (["=uat"], "--org =uat has no name"),
    ):
        options = [option for each in given for option in ("--org", each)]
        ran = workshop.command("check", *options, str(file))
        assert (ran.code, words in ran.err) == (2, True), ran.err
    ran = workshop.run(TOGETHER, "--org", "source=uat", "--org", "target=prod")
    assert ran.code == 0, ran.err
    assert (prod.names, uat.names) == (["New 1"], ["Old 1", "Old 2"])


def test_a_run_is_gone_on_with_in_the_orgs_that_it_began_in(workshop, prod, uat) -> None:
    refusal = answering(403, [{"errorCode": "X", "message": "no"}])
    prod.proxy.on("PATCH", JOB, refusal)
    ran = workshop.run(
        BOTH + "upload job old then upload job new\nclose job old then close job new\n"
        "wait for job old then wait for job new\n",
        "--org", "source=uat", "--org", "target=prod",
    )  # fmt: skip
    assert ran.code == 1
    assert (prod.states, uat.states) == (["Open"], ["JobComplete"])
    shown = afterwards(workshop, "runs", run_id(workshop)).out
    assert "(source = uat, target = prod)" in shown
    assert "job old in source (uat)" in shown
    assert "job new in target (prod)" in shown
    ran = afterwards(workshop, "resume")
    assert ran.code == 0, ran.err
    assert (prod.names, uat.names) == (["New 1"], ["Old 1", "Old 2"])


def test_what_a_run_made_is_taken_back_in_each_org(workshop, prod, uat) -> None:
    assert workshop.run(TOGETHER).code == 0
    ran = afterwards(workshop, "undo", run_id(workshop), "--yes")
    assert ran.code == 0, ran.err
    assert (prod.names, uat.names) == ([], [])


def test_a_run_is_given_up_in_each_org(workshop, prod, uat) -> None:
    ran = workshop.run(BOTH + 'upload job old then upload job new then fail "enough"\n')
    assert ran.code == 1
    assert (prod.states, uat.states) == (["Open"], ["Open"])
    ran = afterwards(workshop, "abort")
    assert ran.code == 0, ran.err
    assert (prod.states, uat.states) == (["Aborted"], ["Aborted"])


def log_in_elsewhere(workshop: Workshop, name: str, place: Place) -> None:
    """Point a profile at another org."""
    ran = workshop.command("org", "login", name, "--login-url", place.proxy.url)
    assert ran.code == 0, ran.err
    place.proxy.seen.clear()


@pytest.mark.parametrize("profile", ["prod", "default"])
def test_a_run_does_not_go_on_in_another_org(workshop, prod, uat, profile) -> None:
    def lead_to(place: Place) -> None:
        if profile == "prod":
            log_in_elsewhere(workshop, "prod", place)
        else:
            workshop.command("org", "default", "prod" if place is prod else "uat")

    lead_to(prod)
    pipeline = BOTH.replace("= prod", f"= {profile}").replace("= uat", f"= {profile}")
    prod.proxy.on("PATCH", JOB, answering(403, [{"errorCode": "X", "message": "no"}]))
    assert workshop.run(pipeline + "load job old\nload job new\n").code == 1
    lead_to(uat)
    for command in ("resume", "resume", "abort", "retry"):
        ran = afterwards(workshop, command, run_id(workshop))
        assert ran.code != 0
        assert prod.proxy.url.removeprefix("http://") in ran.err, ran.err
        assert uat.proxy.url.removeprefix("http://") in ran.err
    assert uat.proxy.count("POST", "/jobs/ingest") == 0
    assert uat.proxy.count("GET", JOB) == 0
    assert afterwards(workshop, "runs").out.count("unfinished") == 1
    lead_to(prod)
    ran = afterwards(workshop, "resume")
    assert ran.code == 0, ran.err
    assert prod.names == ["New 1", "Old 1", "Old 2"]


def test_an_org_that_cannot_be_asked_keeps_no_other_from_being_given_up(
    workshop, prod, uat
) -> None:
    ran = workshop.run(BOTH + 'upload job old then upload job new then fail "enough"\n')
    assert ran.code == 1
    prod.proxy.on("POST", "/oauth2/token", answering(400, {"error": "invalid_client"}))
    ran = afterwards(workshop, "abort")
    assert ran.code == 1
    assert (prod.states, uat.states) == (["Open"], ["Aborted"])
    ran = afterwards(workshop, "abort")
    assert ran.code == 0, ran.err
    assert prod.states == ["Aborted"]


def test_a_request_that_is_repeated_names_its_org(workshop, uat) -> None:
    uat.proxy.on("GET", JOB, answering(503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "x"}]))
    ran = workshop.run(TOGETHER)
    assert ran.code == 0, ran.err
    said = [str(each["message"]) for each in ran.events if each["event"] == "notice"]
    assert [each for each in said if "of org uat in" in each], said


def test_rows_that_failed_are_sent_again_to_their_own_org(workshop, prod, uat) -> None:
    workshop.write("new.csv", 'Name\nNew 1\n""\n')
    assert workshop.run(TOGETHER).code == 3
    before = (len(prod.states), len(uat.states))
    ran = afterwards(workshop, "retry", run_id(workshop), "--rows", "all")
    assert ran.code == 3, ran.err
    assert (len(prod.states), len(uat.states)) == (before[0], before[1] + 1)


def test_each_org_is_asked_about_its_own_jobs_and_limits(workshop, prod, uat) -> None:
    prod.server.api.limits.set("DailyBulkApiBatches", 1)
    uat.server.api.limits.set("DailyBulkApiBatches", 1)
    workshop.write("new.csv", "Name,Nmae\nNew 1,x\n")
    file = workshop.write("test.bulkflow", TOGETHER)
    ran = workshop.command("plan", "--check-org", "--format", "json", str(file))
    found = json.loads(ran.out)
    assert [(each["code"], each["line"]) for each in found["diagnostics"]] == [("B412", 12)]
    assert [(each["job"], each["org"]) for each in found["jobs"]] == [
        ("old", "source"),
        ("new", "target"),
    ]
    uat.server.api.limits.set("DailyBulkApiBatches", 0)
    ran = workshop.command("plan", "--check-org", str(file))
    assert "at least 1 batches of 10,000 rows, and org target has 0 left" in ran.err
    assert "and org source has" not in ran.err


def test_an_org_that_cannot_be_reached_hides_nothing_of_the_other(workshop, prod) -> None:
    refusal = answering(403, [{"errorCode": "API_DISABLED_FOR_ORG", "message": "no"}])
    prod.proxy.on("GET", "/sobjects/Account/describe", refusal)
    workshop.write("new.csv", "Name,Nmae\nNew 1,x\n")
    ran = workshop.command("plan", "--check-org", str(workshop.write("test.bulkflow", TOGETHER)))
    assert ran.code == 2
    assert "API_DISABLED_FOR_ORG" in ran.err
    assert "Nmae" in ran.err


def test_children_do_not_wait_for_parents_in_another_org(workshop) -> None:
    workshop.write("new.csv", "LastName,Account.Name\nMiller,Old 1\n")
    children = BOTH.replace(
        'insert Account\n    from "new.csv"', 'insert Contact\n    from "new.csv"'
    )
    flow = "upload then close job new\nload job old\nwait for job new\n"
    file = workshop.write("test.bulkflow", children + flow)
    assert "B416" not in workshop.command("plan", "--check-org", str(file)).err
    file = workshop.write("test.bulkflow", (children + flow).replace("= uat", "= prod"))
    assert "B416" in workshop.command("plan", "--check-org", str(file)).err


def test_the_embedded_sandbox_is_another_one_for_each_name(workshop) -> None:
    ran = workshop.run(
        BOTH.replace("= prod", "= sandbox").replace("= uat", "= sandbox")
        + 'load job old then load job new then save successful rows of job old to "a.csv"\n'
        'save successful rows of job new to "b.csv"\n'
    )
    assert ran.code == 0, ran.err
    ids = []
    for name in ("a.csv", "b.csv"):
        with (workshop.folder / name).open(encoding="utf-8", newline="") as file:
            ids.append(next(csv.DictReader(file))["_id"])
    assert ids[0] == ids[1], "each sandbox begins to count by itself"
