from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import Factory, define, evolve, field

import bulkflow_control.plugin
from bulkflow.engine.cancellation import Cancellation
from bulkflow.engine.run import run_plan
from bulkflow.engine.run_state import Services
from bulkflow.errors import DataError, StepError, UsageError
from bulkflow.model.event import Event, Notice, NoticeLevel, RunFinished
from bulkflow.model.org import OrgAccess
from bulkflow.model.part import Counts, Manifest, Part
from bulkflow.model.plan import (
    Block,
    HandlerEvent,
    Plan,
    PlannedAlways,
    PlannedChain,
    PlannedClause,
    PlannedFor,
    PlannedHandler,
    PlannedJob,
    PlannedParallel,
    PlannedStep,
    PlannedTest,
    PlannedWhen,
    Statement,
)
from bulkflow.model.value import (
    Duration,
    EnvironmentVariable,
    Integer,
    Interpolation,
    Name,
    Text,
    Value,
    plain,
)
from bulkflow.plugin import Org, Step, clause, condition, hookimpl, step
from bulkflow.plugin.host import PluginHost
from bulkflow.plugin.lookahead import get_steps_ahead
from bulkflow.plugin.phrase import Match, Phrase
from bulkflow.source import SourceText, Span
from bulkflow.testing import RecordingJournal, TestClock, make_host


@define(eq=False)
class World:
    """What the steps of the test plugin act on."""

    trace: list[str] = Factory(list)
    failing: dict[str, int] = Factory(dict)
    """How many times more `try` fails, by name."""
    prepared: list[str] = Factory(list)
    opened: int = 0
    """How many orgs of the kind `apart`."""
    interrupt: Callable[[], None] = field(default=lambda: None)
    meet: Callable[[str], object] = field(default=lambda _: None)


class Words:
    """The plugin of these tests: words that do as little as possible."""

    def __init__(self, world: World) -> None:
        self._world = world

    @hookimpl
    def bulkflow_steps(self):
        world = self._world

        @step("do {what:text} [with {job}]")
        def do(context, what, job=None):
            """Leave a trace."""
            world.trace.append(f"{what} {job.key}" if job else what)

        @step("note {what:value}")
        def note(context, what):
            """Leave a trace of any value."""
            world.trace.append(str(what))

        @step("break {what:text}")
        def break_(context, what):
            """Fail."""
            world.trace.append(what)
            raise StepError(what)

        @step("try {what:text}")
        def try_(context, what):
            """Fail as often as the test says."""
            world.trace.append(what)
            if world.failing.get(what, 0) > 0:
                world.failing[what] -= 1
                raise StepError(what)

        @step("crash {what:text}")
        def crash(context, what):
            """Fail as a plugin with a fault does."""
            raise ZeroDivisionError(what)

        @step("refuse {what:text}")
        def refuse(context, what):
            """Fail because something is wrong with the file."""
            raise UsageError(what)

        @step("send {job}")
        def send(context, job):
            """Record an intent."""
            world.trace.append(f"send {job.key}")
            context.journal.settle(context.journal.intend(job.key, 0, "create", {}), "done", {})

        @step("lose {n:number} rows of {job}", "settle {n:number} rows of {job}")
        def lose(context, n, job):
            """Have rows that failed."""
            job.counts = Counts(10, 10 - n, n, 0)

        @step("have {n:number} {what:name} rows of {job}")
        def have(context, n, what, job):
            """Have rows that ended in some way."""
            job.counts = evolve(job.counts, rows=10, **{what: n})

        @step(
            "require {n:number} {what:name} rows of {job}",
            judges="what",
            rows_advice="`require {rows} rows of job {job} under 1%`; "
            "`save {rows} rows of job {job}`",
        )
        def require(context, n, what, job):
            """Fail if more rows than this ended in a way; know no other number."""
            if job.counts.not_loaded.get(what, 0) > n:
                raise StepError(f"too many {what} rows")

        @step("foresee {job}")
        def foresee(context, job):
            """Leave a trace of what follows."""
            ahead = [plain(each.arguments["what"]) for each in get_steps_ahead(context)]
            world.trace.append(f"ahead: {' '.join(ahead)}")

        @step("answer for {job}")
        def answer(context, job):
            """Say what is to become of failed rows."""
            job.judged["failed"] = job.counts.failed

        @step("leave {what:text} of {job}")
        def leave(context, what, job):
            """Leave something in the org."""
            left = (*job.left, what)
            job.find_left = lambda: left

        @step("interrupt")
        def interrupt(context):
            """Ask the run to stop, as Ctrl-C does; this step ends well."""
            world.trace.append("interrupt")
            world.interrupt()

        @step("checkpoint")
        def checkpoint(context):
            """Stop here if the run was asked to."""
            context.checkpoint()
            world.trace.append("checkpoint passed")

        @step("meet [at {where:text}]")
        def meet(context, where=""):
            """Wait for another branch."""
            world.meet(where)

        @step("share {what:text} [failing {how:text}]")
        def share(context, what, how=None):
            """Open something for the whole run."""

            def close(thing):
                world.trace.append(f"close {thing}")
                if how == "refused":
                    raise StepError(f"{thing} will not close")
                if how:
                    raise OSError(how)

            world.trace.append(context.share(what, lambda: what, close))

        @step("open the org [of {job}] [in {org}]")
        def open_org(context, job=None, org=None):
            """Connect."""
            found = context.open_org()
            named = "" if context.org_name == found.name else f" as {context.org_name}"
            world.trace.append(f"{found.name}{named}")

        @step("read {location}")
        def read(context, location):
            """Look for a source."""
            context.find_source(location)

        @step("why")
        def why(context):
            """Leave a trace of the failure."""
            world.trace.append(f"because {context.failure}")

        @step("write {to:path}")
        def write(context, to):
            """Write a file."""
            to.write_text("x", "utf-8")

        @step("typed {what:fussy}")
        def typed(context, what):
            """Take a value of a type that fails."""

        @step("untyped {what:missing}")
        def untyped(context, what):
            """Take a value of a type that nobody brings."""

        @step("count {job}", requests=lambda manifest: len(manifest.parts) + 1)
        def count(context, job):
            """Make calls."""

        @step("miscount {job}", requests=lambda manifest: 1 // 0)
        def miscount(context, job):
            """Not know how many calls."""

        return [each for each in locals().values() if isinstance(each, Step)]

    @hookimpl
    def bulkflow_clauses(self):
        @clause("from {location}", sets=("location",))
        def source(location):
            """Where rows come from."""
            return {"location": location}

        @clause("bad {how:text}", sets=("bad",))
        def bad(how):
            """What is wrong with the data."""
            return {"bad": how}

        @clause("crooked", sets=())
        def crooked():
            """Fail."""
            raise ZeroDivisionError("crooked")

        @clause("in {org}", sets=("org",))
        def in_org(org):
            """Where to."""
            return {"org": org}

        return [source, bad, crooked, in_org]

    @hookimpl
    def bulkflow_conditions(self):
        world = self._world

        @condition("asked {what:text}")
        def asked(context, what):
            """Whether a thing was done."""
            world.trace.append(f"asked {what}")
            return what in world.trace

        @condition("lost rows of {job}")
        def lost(context, job):
            """Whether rows failed."""
            return job.counts.failed > 0

        @condition("any {what:name} rows of {job}", judges="what")
        def any_rows(context, what, job):
            """Whether rows ended in a way."""
            return job.counts.not_loaded.get(what, 0) > 0

        @condition("over {n:number} {what:name} rows of {job}", judges="what")
        def over(context, n, what, job):
            """Whether more rows than this ended in a way."""
            return job.counts.not_loaded.get(what, 0) > n

        @condition("signal")
        def signal(context):
            """Raise what only a step may raise."""
            from bulkflow.plugin import Continue

            raise Continue

        return [asked, lost, any_rows, over, signal]

    @hookimpl
    def bulkflow_value_types(self):
        from bulkflow.plugin import ValueType

        def fussy(value):
            raise ZeroDivisionError("fussy")

        return [ValueType("fussy", "nothing", fussy)]

    @hookimpl
    def bulkflow_orgs(self):
        def broken(request):
            raise ZeroDivisionError(request.name)

        def fine(request):
            close = lambda: self._world.trace.append("org closed")  # noqa: E731
            return OrgAccess(request.name, "http://127.0.0.1", "66.0", tokens=None, close=close)

        def apart(request):
            self._world.opened += 1
            return OrgAccess(f"{request.name} {self._world.opened}", "", "66.0", tokens=None)

        return [
            Org("fine", "An org.", fine),
            Org("broken", "No org.", broken),
            Org("apart", "Another one for each name.", apart, apart=True),
        ]

    @hookimpl
    def bulkflow_prepare_job(self, context, job):
        self._world.prepared.append(job.key)
        if "bad" in job.settings:
            raise DataError(str(job.settings["bad"]), place=job.name)
        part = Part(0, "rows.csv", 0, 10, 1, 2, 3, 20)
        return Manifest((part,), ("A",), 3, 20)


@define(eq=False)
class Bench:
    """Builds plans of lines, and runs them."""

    world: World
    folder: Path
    host: PluginHost
    clock: TestClock = Factory(TestClock)
    journal: RecordingJournal = Factory(RecordingJournal)
    events: list[Event] = Factory(list)
    environ: dict[str, str] = Factory(dict)
    orgs: dict[str, str] = Factory(dict)
    cancellation: Cancellation = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Let nobody have asked the run to stop."""
        # Pauses end at once; the clock says how long they were.
        self.cancellation = Cancellation(
            monotonic=self.clock.monotonic, wait=lambda _, seconds: self.clock.sleep(seconds)
        )
        self.world.interrupt = self.cancellation.request

    # ------------------------------------------------------------------ building

    def step(self, line: str, job: str | None = None) -> PlannedStep:
        phrase, arguments, named, span = self._match(line, self.host.catalogue.step_by_phrase)
        org = arguments.get(phrase.org_slot or "")
        name = org.name if isinstance(org, Name) else None
        return PlannedStep(phrase.text, arguments, named or job, span, name)

    def chain(
        self,
        line: str,
        failure: str | None = None,
        success: str | None = None,
        interrupt: str | None = None,
    ) -> PlannedChain:
        """`a then b`, with handlers written alike."""
        handlers = [
            PlannedHandler(event, self._steps(text), self._span(text))
            for event, text in zip(HandlerEvent, (failure, success, interrupt), strict=True)
            if text is not None
        ]
        return PlannedChain(self._steps(line), tuple(handlers), self._span(line))

    def test(self, line: str) -> PlannedTest:
        phrase, arguments, named, span = self._match(line, self.host.catalogue.condition_by_phrase)
        return PlannedTest(phrase.text, arguments, named, span)

    def job(self, name: str, *clauses: str) -> PlannedJob:
        planned = []
        org: str | None = None
        for line in clauses:
            phrase, arguments, _, span = self._match(line, self.host.catalogue.clause_by_phrase)
            planned.append(PlannedClause(phrase.text, arguments, span))
            given = arguments.get(phrase.org_slot or "")
            org = given.name if isinstance(given, Name) else org
        return PlannedJob(name, tuple(planned), self._span(f"job {name}"), org)

    def block(
        self,
        *statements: Statement | str,
        jobs: Sequence[PlannedJob] = (),
        lets: Mapping[str, str] | None = None,
    ) -> Block:
        made = tuple(self.chain(each) if isinstance(each, str) else each for each in statements)
        constants = tuple((n, self._value(v, self._span(v))) for n, v in (lets or {}).items())
        return Block(made, tuple(jobs), constants)

    def parallel(self, *statements: Statement | str, **rest: Any) -> PlannedParallel:
        return PlannedParallel(self.block(*statements, **rest), self._span("parallel"))

    def always(self, *statements: Statement | str, **rest: Any) -> PlannedAlways:
        return PlannedAlways(self.block(*statements, **rest), self._span("always"))

    def when(self, condition: Any, *statements: Statement | str, **rest: Any) -> PlannedWhen:
        if isinstance(condition, str):
            condition = self.test(condition)
        return PlannedWhen(condition, self.block(*statements, **rest), self._span("when it is so"))

    def loop(self, name: str, glob: str, *statements: Statement | str, **rest: Any) -> PlannedFor:
        span = self._span(f'for {name} in "{glob}"')
        pattern = self._value(f'"{glob}"', span)
        assert isinstance(pattern, Text)
        return PlannedFor(name, pattern, self.block(*statements, **rest), span)

    def value(self, text: str) -> Value:
        return self._value(text, self._span(text))

    def plan(self, *statements: Statement | str, params: Any = None, **rest: Any) -> Plan:
        body = self.block(*statements, **rest)
        parameters = {name: self.value(text) for name, text in (params or {}).items()}
        return Plan(SourceText("test.bulkflow", ""), self.orgs, parameters, body)

    # ------------------------------------------------------------------- running

    def services(self) -> Services:
        return Services(
            run_id="run",
            plugins=self.host,
            listener=self.events.append,
            journal=self.journal,
            environ=self.environ,
            orgs=self.orgs,
            run_directory=self.folder / "run",
            clock=self.clock,
            cancellation=self.cancellation,
        )

    def run(self, *statements: Statement | str, **rest: Any) -> RunFinished:
        return run_plan(self.plan(*statements, **rest), self.services())

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    def notices(self, level: NoticeLevel = NoticeLevel.INFO) -> list[str]:
        found = [event for event in self.events if isinstance(event, Notice)]
        return [event.message for event in found if event.level is level]

    # ------------------------------------------------------------------- reading

    def _span(self, text: str) -> Span:
        source = SourceText("test.bulkflow", text, self.folder / "test.bulkflow")
        return Span(source, 0, len(text))

    def _steps(self, line: str) -> tuple[PlannedStep, ...]:
        return tuple(self.step(each) for each in line.split(" then "))

    def _match(
        self, line: str, phrases: Mapping[str, Any]
    ) -> tuple[Phrase, dict[str, Value], str | None, Span]:
        span = self._span(line)
        words = shlex.split(line, posix=False)
        items = [self._value(word, span) for word in words]
        for text in phrases:
            phrase = Phrase.parse(text)
            match = phrase.match(items)
            if isinstance(match, Match):
                arguments = dict(match.arguments)
                job = arguments.pop(phrase.job_slot, None) if phrase.job_slot else None
                return phrase, arguments, job.name if isinstance(job, Name) else None, span
        raise AssertionError(f"no phrase of these tests is {line!r}")

    def _value(self, word: str, span: Span) -> Value:
        if word.startswith('"'):
            pieces = re.split(r"\{(\w+)\}", word[1:-1])
            return Text(
                tuple(
                    Interpolation(piece, span) if odd else piece
                    for odd, piece in zip([False, True] * len(pieces), pieces, strict=False)
                    if piece
                ),
                span,
            )
        if word.startswith("$"):
            return EnvironmentVariable(word[1:], span)
        if word.isdigit():
            return Integer(int(word), span)
        if re.fullmatch(r"\d+s", word):
            return Duration(float(word[:-1]), span)
        return Name(word, span)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    world = World()
    return Bench(world, tmp_path, make_host(Words(world), control=bulkflow_control.plugin))


@pytest.fixture
def with_plugins(bench: Bench) -> Callable[..., Bench]:
    """The bench, with more plugins."""

    def make(*plugins: object) -> Bench:
        host = make_host(Words(bench.world), *plugins, control=bulkflow_control.plugin)
        bench.host = host
        return bench

    return make
