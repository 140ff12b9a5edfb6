"""Where the problems that plugins find come to stand, and what the plugins are told."""

from __future__ import annotations

import pytest

from bulkflow.engine.forecast import check_sources, forecast
from bulkflow.engine.null_recorder import NullRecorder
from bulkflow.errors import UsageError
from bulkflow.model.diagnostic import Severity
from bulkflow.plugin import Problem, hookimpl


class Critic:
    """Finds what the test tells it to find, and keeps what it was asked about."""

    def __init__(self, *problems: Problem, error: Exception | None = None) -> None:
        self.problems = problems
        self.error = error
        self.loads: list[tuple[str, list[str]]] = []
        self.requests = -1
        self.asked: list[tuple[str | None, list[str], int]] = []
        self.prepared: list[bool] = []

    @hookimpl
    def bulkflow_source_problems(self, context, job):
        self.prepared.append(job.manifest is not None)
        return [each for each in self.problems if each.job is None]

    @hookimpl
    def bulkflow_org_problems(self, context, loads, requests):
        self.loads = [(load.job.key, sorted(load.after)) for load in loads]
        self.requests = requests
        self.asked.append((context.org_name, [load.job.key for load in loads], requests))
        if self.error is not None:
            raise self.error
        return [each for each in self.problems if each.job is not None]


@pytest.fixture
def planned(bench, with_plugins):
    def make(critic, *statements, **rest):
        with_plugins(critic)
        services = bench.services()
        services.journal = NullRecorder()
        return bench.plan(*statements, **rest), services

    return make


def test_a_problem_stands_at_the_clause_that_set_what_it_is_about(bench, planned) -> None:
    critic = Critic(
        Problem("no such file", "look", "location", "ACME1"),
        Problem("of the whole job", warning=True),
    )
    plan, services = planned(critic, "count job j", jobs=[bench.job("j", 'from "a.csv"')])
    first, second = check_sources(plan, services)
    assert (first.code, first.message, first.help) == ("ACME1", "no such file", "look")
    assert first.span.text == 'from "a.csv"'
    assert (second.code, second.severity) == ("B309", Severity.WARNING)
    assert second.span is plan.body.jobs[0].span
    assert critic.prepared == [False]


def test_a_plan_has_the_sources_read_before_it_asks(bench, planned) -> None:
    critic = Critic(Problem("of the org", job="j"), Problem("of nobody", job="none"))
    plan, services = planned(critic, "count job j", jobs=[bench.job("j")])
    assert forecast(plan, services).diagnostics == []
    plan, services = planned(critic, "count job j", jobs=[bench.job("j")])
    made = forecast(plan, services, ask_org=True)
    assert critic.prepared == [True, True]
    assert critic.requests == made.requests == 2
    told = {each.message: each.span for each in made.diagnostics}
    assert told["of the org"] is plan.body.jobs[0].span
    assert told["of nobody"] is plan.body.statements[0].span


def test_an_org_that_cannot_be_asked_is_an_error_without_a_place(bench, planned) -> None:
    critic = Critic(error=UsageError("no token"))
    plan, services = planned(critic, "count job j", jobs=[bench.job("j")])
    made = forecast(plan, services, ask_org=True)
    assert [str(error) for error in made.errors] == ["no token"]
    assert made.diagnostics == []


def test_each_org_is_asked_once_about_what_is_for_it(bench, planned) -> None:
    bench.orgs = {"one": "fine", "other": "apart", "again": "fine"}
    jobs = [bench.job(name, f"in {name}") for name in bench.orgs]
    critic = Critic()
    flow = "count job one then count job other then count job again"
    forecast(*planned(critic, flow, jobs=jobs), ask_org=True)
    assert critic.asked == [("one", [], 4), ("other", [], 2)]
