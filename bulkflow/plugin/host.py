"""The plugin host: typed calls over pluggy that know which plugin answers.

The only module that calls pluggy. It collects what plugins declare in a `Catalogue`, and notifies
plugins of a run's events with `PluginHost.notify`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy
from attrs import define, evolve, field

from bulkflow.plugin import hookspecs
from bulkflow.plugin.declarations import Declared
from bulkflow.plugin.error_boundary import attribute_errors, build_plugin_error
from bulkflow.plugin.loader import Found, LoadedPlugin, find_plugins
from bulkflow.plugin.records import (
    Clause,
    Command,
    Condition,
    Org,
    Problem,
    Sink,
    Source,
    Step,
    ValueType,
)
from bulkflow.plugin.registry import BrokenPlugin, Catalogue, PluginConflictError
from bulkflow.plugin.types import framework_types

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from bulkflow.errors import BulkflowError
    from bulkflow.model.event import Event
    from bulkflow.model.part import Manifest
    from bulkflow.plugin.context import Context, Job
    from bulkflow.plugin.messages import Load
    from bulkflow.plugin.records import Provider

R = TypeVar("R")
D = TypeVar("D", Step, Clause, Condition, ValueType, Org, Source, Sink, Command)


@define(eq=False, repr=False, slots=False)
class PluginHost:
    """The plugins of a process."""

    loaded: tuple[LoadedPlugin, ...]
    broken: tuple[BrokenPlugin, ...]
    blocked: tuple[Provider, ...]
    _manager: pluggy.PluginManager = field(repr=False)

    @classmethod
    def discover(cls, blocked: Collection[str] = ()) -> PluginHost:
        """Load the installed plugins. Raises `PluginConflictError`."""
        return cls.of(find_plugins(blocked))

    @classmethod
    def of(cls, found: Found) -> PluginHost:
        """Register plugins that were found; one that pluggy refuses is recorded as broken."""
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        loaded: list[LoadedPlugin] = []
        broken = list(found.broken)
        for each in found.loaded:
            try:
                manager.register(each.plugin, each.provider.plugin)
                manager.check_pending()
                _refuse_wrappers(manager, each.plugin)
            except KeyboardInterrupt:
                raise
            except BaseException as cause:  # noqa: BLE001 - looking at its attributes may run its code
                # pluggy stores the plugin before validating it, so it has to be unregistered: by
                # name, because the object may be registered under another plugin's name too.
                if manager.has_plugin(each.provider.plugin):
                    manager.unregister(name=each.provider.plugin)
                broken.append(BrokenPlugin(each.provider, each.target, cause))
            else:
                loaded.append(each)
        return cls(tuple(loaded), tuple(broken), found.blocked, manager)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Everything that the plugins declare. Raises `PluginConflictError`.

        A plugin that raises while declaring is broken from then on, and nothing of it counts.
        """
        declared = self._ask_all()
        return Catalogue(
            steps=tuple(declared.steps),
            clauses=tuple(declared.clauses),
            conditions=tuple(declared.conditions),
            value_types=self._named(
                "value type", ((t.name, t) for t in (*framework_types(), *declared.value_types))
            ),
            orgs=self._named("org", ((o.name, o) for o in declared.orgs)),
            sources=self._named(
                "source scheme",
                ((s, source) for source in declared.sources for s in source.schemes),
            ),
            file_sources=self._find_file_sources(declared.sources),
            sinks=self._named(
                "sink",
                (
                    (name, sink)
                    for sink in declared.sinks
                    for name in (*sink.suffixes, *sink.schemes)
                ),
            ),
            commands=tuple(declared.commands),
            broken=self.broken,
            job_problems=self._job_problems,
        )

    def prepare_job(self, context: Context, job: Job) -> Manifest | None:
        """Ask the plugins to read a job's source; None if no plugin owns the job."""
        from bulkflow.model.part import Manifest

        for provider, function in self._implementations("bulkflow_prepare_job"):
            with attribute_errors(provider, f"preparing job {job.name}"):
                manifest = function(context=context, job=job)
                if manifest is not None and not isinstance(manifest, Manifest):
                    raise TypeError(f"it returned {manifest!r}, which is not a Manifest")
            if manifest is not None:
                return manifest
        return None

    def find_source_problems(self, context: Context, job: Job) -> Iterator[Problem]:
        """Ask the plugins what is wrong with a job's source."""
        action = f"checking the source of job {job.name}"
        return self._problems("bulkflow_source_problems", action, context=context, job=job)

    def find_org_problems(
        self, context: Context, loads: Sequence[Load], reads: Sequence[Job], requests: int
    ) -> Iterator[Problem]:
        """Ask the plugins what the org would refuse about the jobs of a plan."""
        return self._problems(
            "bulkflow_org_problems",
            "checking the plan against the org",
            context=context,
            loads=loads,
            reads=reads,
            requests=requests,
        )

    def notify(self, event: Event) -> tuple[tuple[Provider, BulkflowError], ...]:
        """Notify every plugin of an event; returns the failures of plugins that raise.

        A listener cannot affect the run, so whatever it raises is its own failure.
        """
        from bulkflow.plugin.event_hooks import HOOK_OF_EVENT

        hook = HOOK_OF_EVENT[type(event)]
        if hook is None:
            return ()
        failures: list[tuple[Provider, BulkflowError]] = []
        for provider, function in self._implementations(hook):
            try:
                function(event=event)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 - the other listeners want to hear of it
                failure = build_plugin_error(provider, f"handling {type(event).__name__}", error)
                failure.__cause__ = error
                failures.append((provider, failure))
        return tuple(failures)

    def redact(self, text: str) -> str:
        """Ask every plugin to remove secrets from a line of the log. Raises `PluginError`."""
        for provider, function in self._implementations("bulkflow_redact"):
            with attribute_errors(provider, "redacting the log"):
                text = function(text=text)
                if not isinstance(text, str):
                    raise TypeError(f"it returned {text!r}, which is not a str")
        return text

    def list_events(self, plugin: LoadedPlugin) -> list[str]:
        """List the events of a run that a plugin listens to."""
        from bulkflow.plugin.event_hooks import HOOK_OF_EVENT

        callers = self._manager.get_hookcallers(plugin.plugin) or []
        heard = {caller.name for caller in callers}
        hooks = [hook for hook in HOOK_OF_EVENT.values() if hook is not None]
        return [hook.removeprefix("bulkflow_") for hook in hooks if hook in heard]

    def _job_problems(
        self, settings: Mapping[str, object], kind: str | None = None
    ) -> Iterator[Problem]:
        action = "checking a job's settings"
        return self._problems("bulkflow_job_problems", action, settings=settings, kind=kind)

    def _problems(self, hook: str, action: str, **arguments: object) -> Iterator[Problem]:
        for provider, function in self._implementations(hook):
            with attribute_errors(provider, action):
                for problem in function(**arguments):
                    if not isinstance(problem, Problem):
                        raise TypeError(f"it returned {problem!r}, which is not a Problem")
                    yield problem

    def _implementations(self, hook: str) -> Iterator[tuple[Provider, Callable[..., Any]]]:
        providers = {each.provider.plugin: each.provider for each in self.loaded}
        implementations = getattr(self._manager.hook, hook).get_hookimpls()
        by_plugin = {
            implementation.plugin_name: implementation for implementation in implementations
        }
        # In loading order; pluggy's own order is the reverse of registration.
        for name, provider in providers.items():
            if name in by_plugin:
                yield provider, _by_name(by_plugin[name])

    def _ask_all(self) -> Declared:
        """Collect what each plugin declares, in loading order."""
        declared = Declared()
        for each in self.loaded:
            try:
                answers = self._ask(each)
            except Exception as cause:  # noqa: BLE001 - whatever it raises, the others are fine
                self._manager.unregister(name=each.provider.plugin)
                self.loaded = tuple(other for other in self.loaded if other is not each)
                self.broken = (*self.broken, BrokenPlugin(each.provider, each.target, cause))
            else:
                declared.add(answers)
        return declared

    def _ask(self, plugin: LoadedPlugin) -> Declared:
        def answers(hook: str, kind: type[D]) -> list[D]:
            return list(self._answers(plugin.provider, hook, kind))

        return Declared(
            answers("bulkflow_steps", Step),
            answers("bulkflow_clauses", Clause),
            answers("bulkflow_conditions", Condition),
            answers("bulkflow_value_types", ValueType),
            answers("bulkflow_orgs", Org),
            answers("bulkflow_sources", Source),
            answers("bulkflow_sinks", Sink),
            answers("bulkflow_commands", Command),
        )

    def _answers(self, plugin: Provider, hook: str, kind: type[D]) -> Iterator[D]:
        for provider, function in self._implementations(hook):
            if provider is not plugin:
                continue
            with attribute_errors(provider, f"answering {hook}"):
                for record in function():
                    if not isinstance(record, kind):
                        raise TypeError(
                            f"it returned {record!r}, which is not of type {kind.__name__}"
                        )
                    yield evolve(record, provider=provider)

    @classmethod
    def _find_file_sources(cls, sources: Iterable[Source]) -> tuple[Source, ...]:
        found = tuple(each for each in sources if each.suffixes or each.recognizes is not None)
        cls._named("file suffix", ((suffix, each) for each in found for suffix in each.suffixes))
        return found

    @staticmethod
    def _named(kind: str, pairs: Iterable[tuple[str, R]]) -> dict[str, R]:
        named: dict[str, R] = {}
        for name, record in pairs:
            other = named.setdefault(name, record)
            if other is not record:
                raise PluginConflictError(
                    f"two plugins claim the {kind} {name}: "
                    f"{getattr(other, 'provider', None) or 'bulkflow itself'} and "
                    f"{getattr(record, 'provider', None)}",
                    help="block one of them: BULKFLOW_BLOCK=NAME",
                )
        return named


def _refuse_wrappers(manager: pluggy.PluginManager, plugin: object) -> None:
    """Refuse hook wrappers with TypeError; bulkflow does not support them."""
    for caller in manager.get_hookcallers(plugin) or ():
        for implementation in caller.get_hookimpls():
            if implementation.plugin is plugin and (
                implementation.wrapper or implementation.hookwrapper
            ):
                raise TypeError(f"{caller.name} is a wrapper, which bulkflow does not support")


def _by_name(implementation: pluggy.HookImpl) -> Callable[..., Any]:
    """Wrap an implementation so it gets only the arguments it asks for, as pluggy does."""

    def call(**arguments: object) -> Any:
        return implementation.function(*(arguments[name] for name in implementation.argnames))

    return call
