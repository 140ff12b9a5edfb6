"""`bulkflow jobs`: lists the jobs in an org, and deletes abandoned ones."""

from __future__ import annotations

import json

import pytest

from bulkflow_sandbox.org import USER_ID
from bulkflow_sandbox.testing import LocalOrg
from support.workshop import Workshop


@pytest.fixture
def env(workshop: Workshop, org: LocalOrg) -> Workshop:
    workshop.environ.update(org.environment)
    return workshop


def make(org: LocalOrg, name: str = "Account", user: str = USER_ID) -> str:
    return org.sandbox.ingest.create({"object": name, "operation": "insert"}, "66.0", user).id


def jobs(env: Workshop, *arguments: str):
    return env.command("jobs", *arguments, "--org", "env")


def ids(ran) -> set[str]:
    return {line.split()[0] for line in ran.out.splitlines()}


def test_jobs_are_filtered_by_state_object_age_and_user(env, org):
    mine, other = make(org), make(org, "Contact", "005000000000999AAA")
    assert ids(jobs(env, "list")) == {mine, other}
    assert ids(jobs(env, "list", "--object", "contact")) == {other}
    assert ids(jobs(env, "list", "--state", "open", "--mine")) == {mine}
    assert ids(jobs(env, "list", "--state", "Failed")) == set()
    assert ids(jobs(env, "list", "--older-than", "1h")) == set()
    assert ids(jobs(env, "list", "--newer-than", "1h")) == {mine, other}
    assert jobs(env, "list", "--older-than", "soon").code == 2


def test_a_job_is_shown_with_all_that_is_said_of_it(env, org):
    job = make(org)
    assert "Open" in jobs(env, "show", job).out
    assert json.loads(jobs(env, "show", job, "--json").out)["id"] == job
    assert json.loads(jobs(env, "list", "--json").out)[0]["id"] == job
    assert jobs(env, "show", "../limits").code == 2


@pytest.mark.parametrize("words", [["show"], ["abort", "--yes"], ["delete", "--yes"]])
def test_an_id_that_the_org_does_not_have_is_said_to_be_unknown(env, org, words):
    job = make(org)
    known = [] if words == ["show"] else [job]
    ran = jobs(env, *words, *known, "750000000000001AAA")
    assert ran.code == 1
    assert "has no job 750000000000001AAA" in ran.err
    assert "bulkflow jobs list" in ran.err
    assert "API version" not in ran.err
    assert [each.state for each in org.jobs()] == ["Open"]


def test_forgotten_jobs_are_aborted_and_then_deleted(env, org):
    first, second, contact = make(org), make(org), make(org, "Contact")
    ran = jobs(env, "abort", "--object", "Account", "--yes")
    assert (ran.code, ids(ran)) == (0, {first, second})
    assert jobs(env, "abort", "--object", "Account", "--yes").err == "no jobs to abort\n"
    ran = jobs(env, "delete", "--state", "Aborted", "--yes")
    assert (ran.code, ids(ran)) == (0, {first, second})
    assert [job.id for job in org.jobs()] == [contact]


def test_what_cannot_be_deleted_does_not_keep_the_others(env, org):
    still_open, aborted = make(org), make(org)
    jobs(env, "abort", aborted, "--yes")
    ran = jobs(env, "delete", still_open, aborted, "--yes")
    assert ran.code == 1
    assert still_open in ran.err
    assert ids(ran) == {aborted}


@pytest.mark.parametrize("verb", ["abort", "delete"])
def test_nothing_is_cleared_away_without_being_named(env, org, verb):
    job = make(org)
    assert jobs(env, verb, "--yes").code == 2
    assert jobs(env, verb, job, "--mine", "--yes").code == 2
    assert [each.state for each in org.jobs()] == ["Open"]


def test_an_org_has_to_be_named_or_chosen(env):
    assert "there is no default org" in env.command("jobs", "list").err
    assert "embedded sandbox starts empty" in env.command("jobs", "list", "--org", "sandbox").err


def test_query_jobs_are_listed_shown_aborted_and_deleted(env, org):
    query = {"operation": "query", "query": "SELECT Id FROM Account"}
    done = org.sandbox.query.create(query, "66.0", USER_ID).id
    org.settle()
    load = make(org)
    listed = jobs(env, "list")
    assert ids(listed) == {done, load}
    assert "query Account" in listed.out
    assert ids(jobs(env, "list", "--state", "JobComplete")) == {done}
    assert json.loads(jobs(env, "show", done, "--json").out)["jobType"] == "V2Query"
    assert jobs(env, "abort", done, "--yes").code == 1
    assert jobs(env, "delete", "--state", "JobComplete", "--yes").out == f"{done} deleted\n"
    assert ids(jobs(env, "list")) == {load}
