"""What plugins declare: one frozen record for each kind of thing that a plugin may add.

The decorators `step`, `clause` and `condition` make such a record of a function; the hooks in
`bulkflow.plugin.hookspecs` hand the records over. The registry writes the `provider` into each.
What passes between bulkflow and a plugin afterwards is in `bulkflow.plugin.messages`.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

from bulkflow.plugin.phrase import Phrase, Slot
from bulkflow.plugin.sentinel import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import click

    from bulkflow.model.job_phase import Phase
    from bulkflow.model.org import OrgAccess
    from bulkflow.model.part import Manifest
    from bulkflow.model.value import Value
    from bulkflow.plugin.messages import OrgRequest, SourceData, SourceRequest


@frozen
class Provider:
    """The plugin that brought something, and the distribution that the plugin came in."""

    plugin: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.plugin} ({self.distribution} {self.version})"


@frozen
class Step:
    """A verb of the language.

    The function takes the context, and each filled slot by name; it returns nothing and raises
    `StepError` (or another `BulkflowError`) when it cannot do what it says.
    """

    function: Callable[..., None]
    phrases: tuple[Phrase, ...]
    doc: str
    accepts: frozenset[Phase] | None = None
    """The phases that the step's job may be in; None for any, and for steps without a job."""
    leaves: Phase | None = None
    """The phase that the job is in afterwards; None where the step leaves it as it is."""
    requests: Callable[[Manifest], int] | None = None
    """How many API calls the step makes at the least, for the plan; None where it makes none."""
    ends_chain: bool = False
    """Whether nothing runs after it, as with `stop` and `fail`."""
    resumes: bool = False
    """Whether the flow goes on after a failed chain whose handler ends in it: `continue`."""
    stops: bool = False
    """Whether the run ends well with it, as with `stop`."""
    retries: bool = False
    """Whether it has the step that failed run again, as with `retry`."""
    judges: str | None = None
    """The slot that names the rows that the step judges: a run may end well with these."""
    provider: Provider | None = None


@frozen
class Clause:
    """A clause of a job. The function takes the filled slots by name and returns settings.

    `sets` names the settings that it returns; two clauses of one job that set the same one
    contradict each other. A clause that `repeats` may stand several times in a job: its settings
    are tuples, which are joined.
    """

    function: Callable[..., Mapping[str, object]]
    phrases: tuple[Phrase, ...]
    doc: str
    sets: tuple[str, ...]
    begins: frozenset[Phase] | None = None
    """The phases that the job may be in at the start; None for a job that is only declared."""
    repeats: bool = False
    provider: Provider | None = None

    def join_settings(
        self, settings: Mapping[str, object], found: Mapping[str, object]
    ) -> Mapping[str, object]:
        """The job's settings so far, with those that one more clause of this kind returned.

        Settings that are not known yet (`UNKNOWN`) stay so, whatever is joined to them.
        """
        joined = {**settings, **found}
        for name in set(settings) & set(found) if self.repeats else ():
            before, more = settings[name], found[name]
            if isinstance(before, tuple) and isinstance(more, tuple):
                joined[name] = (*before, *more)
            else:
                joined[name] = UNKNOWN
        return joined


@frozen
class Condition:
    """A question that `when` may ask. The function takes the context and the filled slots.

    `judges` is as in `Step`.
    """

    function: Callable[..., bool]
    phrases: tuple[Phrase, ...]
    doc: str
    judges: str | None = None
    provider: Provider | None = None


@frozen
class ValueType:
    """A type of slot.

    `convert` makes a Python object of a resolved value, or raises ValueError with what is wrong;
    `shows` completes the sentence "takes …", such as `a duration such as 30s, 5m or 2h`.
    """

    name: str
    shows: str
    convert: Callable[[Value], object]
    constants: bool = True
    """Whether a bare name may stand for a let or a param here."""
    choices: tuple[str, ...] = ()
    """All words that the slot takes, where they can be listed."""
    provider: Provider | None = None


@frozen
class Org:
    """A name that may stand after `org`. `connect` opens it, or raises `UsageError`."""

    name: str
    doc: str
    connect: Callable[[OrgRequest], OrgAccess]
    apart: bool = False
    """Whether two names of a file that both stand for it are two orgs, each opened by itself."""
    transient: bool = False
    """Whether it begins empty with each run, so that no row of an earlier one can be in it."""
    provider: Provider | None = None


@frozen
class Source:
    """A kind of location, found by its scheme: `acme://…` has the scheme `acme`.

    A location without a scheme is a path, and has the scheme `file`. `open` returns the data in
    the order in which it is to be loaded, or raises `DataError` where there is none.
    """

    schemes: tuple[str, ...]
    doc: str
    open: Callable[[SourceRequest], Iterable[SourceData]]
    provider: Provider | None = None


@frozen
class Command:
    """An addition to the command line: `bulkflow PATH…`, loaded when it is called."""

    path: tuple[str, ...]
    summary: str
    load: Callable[[], click.Command]
    provider: Provider | None = None


@frozen
class Problem:
    """Something wrong with a job, found before anything runs."""

    message: str
    help: str | None = None
    setting: str | None = None
    """The setting that it is about, to point at its clause; None for the job as a whole."""
    code: str | None = None
    """The diagnostic code, one of bulkflow's or a plugin's own; None for the general B309."""
    warning: bool = False
    """Whether the file may run all the same."""
    job: str | None = None
    """The key of the job, where a hook is asked about several; None for the file as a whole."""
    naming: str | None = None
    """A word of the clause that it is about, where several clauses set the setting."""


class StepDecorator(Protocol):
    """Makes a `Step` of a function."""

    def __call__(self, function: Callable[..., None]) -> Step:
        """Declare the step."""
        ...


def step(
    *phrases: str,
    accepts: Iterable[Phase] | None = None,
    leaves: Phase | None = None,
    requests: Callable[[Manifest], int] | None = None,
    ends_chain: bool = False,
    resumes: bool = False,
    stops: bool = False,
    retries: bool = False,
    judges: str | None = None,
) -> StepDecorator:
    """Declare a step. Several phrases are several ways to write the same step.

    Raises:
        ValueError: a phrase is malformed, or lacks the slot that `judges` names, or the function
            lacks a parameter for a slot.
    """

    def declare(function: Callable[..., None]) -> Step:
        parsed = _parse(phrases, function, leading=("context",), judges=judges)
        return Step(
            function,
            parsed,
            inspect.getdoc(function) or "",
            None if accepts is None else frozenset(accepts),
            leaves,
            requests,
            ends_chain,
            resumes,
            stops,
            retries,
            judges,
        )

    return declare


def clause(
    *phrases: str,
    sets: Sequence[str],
    begins: Iterable[Phase] | None = None,
    repeats: bool = False,
) -> Callable[[Callable[..., Mapping[str, object]]], Clause]:
    """Declare a clause of a job; see `Clause`. Raises ValueError as `step` does."""

    def declare(function: Callable[..., Mapping[str, object]]) -> Clause:
        parsed = _parse(phrases, function, leading=())
        return Clause(
            function,
            parsed,
            inspect.getdoc(function) or "",
            tuple(sets),
            None if begins is None else frozenset(begins),
            repeats,
        )

    return declare


def condition(
    *phrases: str, judges: str | None = None
) -> Callable[[Callable[..., bool]], Condition]:
    """Declare a question for `when`; see `Condition`. Raises ValueError as `step` does."""

    def declare(function: Callable[..., bool]) -> Condition:
        parsed = _parse(phrases, function, leading=("context",), judges=judges)
        return Condition(function, parsed, inspect.getdoc(function) or "", judges)

    return declare


def _parse(
    phrases: Sequence[str],
    function: Callable[..., object],
    leading: tuple[str, ...],
    judges: str | None = None,
) -> tuple[Phrase, ...]:
    if not phrases:
        raise ValueError(f"{function.__qualname__} is declared without a phrase")
    parsed = tuple(Phrase.parse(text) for text in phrases)
    signature = inspect.signature(function).parameters
    parameters = tuple(signature)
    any_keyword = any(each.kind is each.VAR_KEYWORD for each in signature.values())
    if parameters[: len(leading)] != leading:
        raise ValueError(f"{function.__qualname__} must take {', '.join(leading)} first")
    for phrase in parsed:
        required = {each.name for each in phrase.elements if isinstance(each, Slot)}
        if judges is not None and judges not in required:
            raise ValueError(
                f"{function.__qualname__} judges {{{judges}}}, which its phrase {phrase.text!r} "
                "does not always have"
            )
        for slot in phrase.slots:
            if slot.name not in parameters and not any_keyword:
                raise ValueError(
                    f"{function.__qualname__} has no parameter for {{{slot.name}}} of "
                    f"its phrase {phrase.text!r}"
                )
    return parsed
