"""The words, types, orgs and sources of the loaded plugins."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeVar

from attrs import field, frozen

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from bulkflow.model.plan import PlannedStep
    from bulkflow.model.run_mode import RunMode
    from bulkflow.plugin.phrase import Phrase
    from bulkflow.plugin.records import (
        Clause,
        Command,
        Condition,
        Org,
        Problem,
        Provider,
        Sink,
        Source,
        Step,
        ValueType,
    )


class _Phrased(Protocol):
    @property
    def phrases(self) -> tuple[Phrase, ...]: ...

    @property
    def kind(self) -> str | None: ...

    @property
    def provider(self) -> Provider | None: ...


W = TypeVar("W", bound=_Phrased)


class PluginConflictError(UsageError):
    """Two plugins claim the same thing."""


@frozen
class BrokenPlugin:
    """A plugin that could not be loaded. An error only for a file that needs it."""

    provider: Provider
    target: str
    """What its entry point names."""
    cause: BaseException


@frozen
class Words:
    """The phrases of one kind of record: steps, clauses or conditions."""

    kind: str
    _by_verb: Mapping[str, tuple[Phrase, ...]] = field(repr=False)

    @classmethod
    def of(cls, kind: str, records: Iterable[W]) -> Words:
        """Index records.

        Raises:
            PluginConflictError: Two phrases match the same lines, and are not one phrase for jobs
                of different kinds.
        """
        by_shape: dict[str, list[tuple[W, Phrase]]] = {}
        by_verb: defaultdict[str, list[Phrase]] = defaultdict(list)
        for record in records:
            for phrase in record.phrases:
                same = by_shape.setdefault(phrase.shape, [])
                for other, first in same:
                    if first.text == phrase.text and _differ_in_kind(other, record):
                        continue
                    as_what = "" if first.text == phrase.text else f" (as `{first.text}`)"
                    raise PluginConflictError(
                        f"the {kind} `{phrase.text}` is claimed twice: "
                        f"by {other.provider}{as_what} and by {record.provider}",
                        help="block one of them: BULKFLOW_BLOCK=NAME",
                    )
                if not same:
                    by_verb[phrase.verb].append(phrase)
                same.append((record, phrase))
        return cls(kind, {verb: tuple(found) for verb, found in by_verb.items()})

    @property
    def verbs(self) -> tuple[str, ...]:
        """All first words, sorted."""
        return tuple(sorted(self._by_verb))

    def phrases(self, verb: str) -> tuple[Phrase, ...]:
        """Get the phrases that start with a word; empty for an unknown word."""
        return self._by_verb.get(verb, ())


def _differ_in_kind(one: _Phrased, other: _Phrased) -> bool:
    """Return whether no job fits both."""
    return None not in {one.kind, other.kind} and one.kind != other.kind


def _no_problems(settings: Mapping[str, object], kind: str | None) -> Iterable[Problem]:
    del settings, kind
    return ()


@frozen(slots=False)
class Catalogue:
    """Everything that plugins declare, each with its provider."""

    steps: tuple[Step, ...] = ()
    clauses: tuple[Clause, ...] = ()
    conditions: tuple[Condition, ...] = ()
    value_types: Mapping[str, ValueType] = field(factory=dict)
    orgs: Mapping[str, Org] = field(factory=dict)
    sources: Mapping[str, Source] = field(factory=dict)
    """By scheme."""
    file_sources: tuple[Source, ...] = ()
    """Sources that open files of a kind, by suffix or content."""
    sinks: Mapping[str, Sink] = field(factory=dict)
    """By suffix or scheme."""
    commands: tuple[Command, ...] = ()
    broken: tuple[BrokenPlugin, ...] = ()
    job_problems: Callable[[Mapping[str, object], str | None], Iterable[Problem]] = _no_problems

    @property
    def broken_hint(self) -> str:
        """A hint for messages about something unknown; empty if no plugin is broken."""
        if not self.broken:
            return ""
        names = ", ".join(str(each.provider) for each in self.broken)
        return (
            f"it may come from a plugin that could not be loaded: {names}; "
            "`bulkflow plugins` shows why"
        )

    def find_file_source(self, path: Path, start: Callable[[], bytes]) -> Source | None:
        """Find the source of a file: by its suffix, else by its content.

        Args:
            path: The file.
            start: Reads its first bytes; called if no suffix fits.

        Returns:
            The source; None if the file is of no kind that a plugin reads.
        """
        name = path.name.lower()
        by_suffix = [
            (len(suffix), source)
            for source in self.file_sources
            for suffix in source.suffixes
            if name.endswith(suffix)
        ]
        if by_suffix:
            return max(by_suffix, key=lambda each: each[0])[1]
        content: bytes | None = None
        for source in self.file_sources:
            if source.recognizes is not None:
                content = start() if content is None else content
                if source.recognizes(content):
                    return source
        return None

    def finds_step(self, mode: RunMode) -> bool:
        """Return whether a plugin provides the step of a command."""
        return any(each.command is mode for each in self.steps)

    def find_sink(self, path: str) -> Sink | None:
        """Find the sink of a path: by its scheme, else by its longest suffix; None for CSV."""
        scheme, sign, _ = path.partition("://")
        if sign and scheme.lower() in self.sinks:
            return self.sinks[scheme.lower()]
        name = path.lower()
        found = [
            suffix for suffix in self.sinks if suffix.startswith(".") and name.endswith(suffix)
        ]
        return self.sinks[max(found, key=len)] if found else None

    @cached_property
    def step_words(self) -> Words:
        """The phrases of the steps."""
        return Words.of("step", self.steps)

    @cached_property
    def clause_words(self) -> Words:
        """The phrases of the clauses."""
        return Words.of("clause", self.clauses)

    @cached_property
    def condition_words(self) -> Words:
        """The phrases of the conditions."""
        return Words.of("condition", self.conditions)

    @cached_property
    def step_by_phrase(self) -> Mapping[str, Step]:
        """Steps by the text of each of their phrases; of several with one phrase, the first."""
        return {text: steps[0] for text, steps in self.steps_by_phrase.items()}

    @cached_property
    def steps_by_phrase(self) -> Mapping[str, Sequence[Step]]:
        """The steps that have a phrase, by its text: one for each kind of job."""
        found: defaultdict[str, list[Step]] = defaultdict(list)
        for step in self.steps:
            for phrase in step.phrases:
                found[phrase.text].append(step)
        return found

    def find_step(self, word: str, kind: str | None) -> Step | None:
        """Find the step with a phrase for a kind of job; None if it does not fit such a job.

        Every step fits a job whose kind is not known.
        """
        return next(
            (
                step
                for step in self.steps_by_phrase[word]
                if kind is None or step.kind in {None, kind}
            ),
            None,
        )

    def get_step(self, planned: PlannedStep) -> Step:
        """Get the record of a step of a plan."""
        found = self.find_step(planned.word, planned.kind)
        assert found is not None, f"the checker refuses `{planned.word}` for {planned.kind} jobs"
        return found

    def list_steps(self, kind: str | None) -> Sequence[Step]:
        """List the steps that work on a kind of job; all if the kind is not known."""
        return [step for step in self.steps if None in {kind, step.kind} or step.kind == kind]

    @cached_property
    def clause_by_phrase(self) -> Mapping[str, Clause]:
        """Clauses by the text of each of their phrases."""
        return {phrase.text: clause for clause in self.clauses for phrase in clause.phrases}

    @cached_property
    def condition_by_phrase(self) -> Mapping[str, Condition]:
        """Conditions by the text of each of their phrases."""
        return {phrase.text: each for each in self.conditions for phrase in each.phrases}
