"""What plugins declare: one frozen record for each kind of thing.

The decorators `step`, `clause` and `condition` make a record from a function; the hooks in
`bulkflow.plugin.hookspecs` return the records. The host sets the `provider` of each. What bulkflow
and a plugin exchange later is in `bulkflow.plugin.messages`.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final, Protocol

from attrs import field, frozen

from bulkflow.model.job_phase import Phase
from bulkflow.plugin.phrase import Phrase, Slot
from bulkflow.plugin.sentinel import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import click

    from bulkflow.model.org import OrgAccess
    from bulkflow.model.part import Manifest
    from bulkflow.model.run_mode import RunMode
    from bulkflow.model.value import Value
    from bulkflow.plugin.messages import OrgRequest, SinkRequest, SourceData, SourceRequest

_NOT_SENT: Final = frozenset({Phase.DECLARED, Phase.OPEN, Phase.UPLOADED})
_HANDED_OVER: Final = frozenset({Phase.CLOSED, Phase.FINISHED})


@frozen
class Provider:
    """The plugin that declares something, and its distribution."""

    plugin: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.plugin} ({self.distribution} {self.version})"


@frozen
class Step:
    """A verb of the language.

    The function takes the context, and each filled slot by name. It returns nothing, and raises
    `StepError` (or another `BulkflowError`) if it fails.
    """

    function: Callable[..., None]
    phrases: tuple[Phrase, ...]
    doc: str
    accepts: frozenset[Phase] | None = None
    """The phases that the step's job may be in; None for any, and for steps without a job."""
    leaves: Phase | None = None
    """The phase that the job is in afterwards; None if the step does not change it."""
    requests: Callable[[Manifest], int] | None = None
    """Counts the API calls that the step makes at least, for the plan; None if it makes none."""
    ends_chain: bool = False
    """Whether nothing runs after it, as with `stop` and `fail`."""
    resumes: bool = False
    """Whether a handler that ends in it continues the flow after the failed chain: `continue`."""
    stops: bool = False
    """Whether it ends the run successfully, as with `stop`."""
    retries: bool = False
    """Whether it runs the failed step again, as with `retry`."""
    judges: str | None = None
    """The slot that names the rows that the step judges: a run may succeed with such rows."""
    resends: str | None = None
    """The slot that names the rows that the step sends again."""
    saves: str | None = None
    """The slot that names the rows that the step saves to the path in its slot of type `path`."""
    command: RunMode | None = None
    """The command that runs the step on the jobs of a past run: abort, retry, undo or save."""
    rows_advice: str | None = None
    """Help for rows that are not loaded and not judged; may contain `{rows}` and `{job}`."""
    kind: str | None = None
    """The kind of the jobs that it works on, as in `Clause`; None for jobs of any kind.

    Plugins may declare the same phrase for jobs of different kinds."""
    only_reads: bool = False
    """Whether it takes rows from the org instead of handing them over."""
    provides_rows: bool = False
    """Whether other jobs may take the rows of its job afterwards, as with `from job people`."""
    provider: Provider | None = None

    @property
    def hands_over(self) -> bool:
        """Whether the step hands the job's rows over to the org."""
        if self.only_reads:
            return False
        return self.leaves in _HANDED_OVER and bool((self.accepts or frozenset()) & _NOT_SENT)

    @property
    def answers_for_rows(self) -> bool:
        """Whether the step deals with rows that are not loaded."""
        return self.judges is not None or self.resends is not None


@frozen
class Clause:
    """A clause of a job. The function takes the filled slots by name and returns settings.

    `sets` names the settings that it returns; two clauses of one job that set the same one
    conflict. A clause that `repeats` may be used several times in a job: its settings are tuples,
    which are joined.
    """

    function: Callable[..., Mapping[str, object]]
    phrases: tuple[Phrase, ...]
    doc: str
    sets: tuple[str, ...]
    begins: frozenset[Phase] | None = None
    """The phases that the job may start in; None for a job that is only declared."""
    repeats: bool = False
    is_operation: bool = False
    """Whether it names the job's operation, what the job does with its rows in the org."""
    makes_records: bool = False
    """Whether the job's rows may create records."""
    kind: str | None = None
    """The kind of the job that has it, such as `load`; None if it fits jobs of any kind.

    All clauses of a job that have a kind have the same, which is the kind of the job."""
    provider: Provider | None = None

    def join_settings(
        self, settings: Mapping[str, object], found: Mapping[str, object]
    ) -> Mapping[str, object]:
        """Join the settings that one more clause of this kind returned to the job's settings.

        Settings that are not known yet (`UNKNOWN`) stay unknown.
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
    """A question for `when`. The function takes the context and the filled slots.

    `judges` and `kind` are as in `Step`.
    """

    function: Callable[..., bool]
    phrases: tuple[Phrase, ...]
    doc: str
    judges: str | None = None
    kind: str | None = None
    provider: Provider | None = None


class PlacedError(ValueError):
    """What is wrong at one place in a text.

    Attributes:
        at: The offset in the text, with its names replaced.
        help: What to write instead.
        length: The number of characters.
    """

    def __init__(
        self,
        message: str,
        at: int,
        help: str | None = None,  # noqa: A002 - as everywhere
        *,
        length: int = 1,
    ) -> None:
        super().__init__(message)
        self.at = at
        self.help = help
        self.length = length


@frozen
class ValueType:
    """A type of slot.

    `convert` makes a Python object from a resolved value, or raises ValueError with what is wrong;
    `PlacedError` adds the place in a text.
    `shows` completes the sentence "takes …", such as `a duration such as 30s, 5m or 2h`.
    """

    name: str
    shows: str
    convert: Callable[[Value], object]
    constants: bool = True
    """Whether a bare name may refer to a let or a param here."""
    choices: tuple[str, ...] = ()
    """All words that the slot takes, if they can be listed."""
    interpolate: Callable[[str, Value], str] | None = None
    """Writes the value of `{name}` into a text, given the text before it; None to write it as it
    reads. A text in another language needs this, so that a value cannot change what it says. Raises
    ValueError for values that it does not accept."""
    provider: Provider | None = None


@frozen
class Org:
    """A name for use after `org`. `connect` opens the org, or raises `UsageError`."""

    name: str
    doc: str
    connect: Callable[[OrgRequest], OrgAccess]
    apart: bool = False
    """Whether two names in a file with this profile are two orgs, each opened by itself."""
    transient: bool = False
    """Whether it starts empty with each run, so it never has rows of an earlier run."""
    provider: Provider | None = None


@frozen
class Source:
    """A kind of location or of file, which a job's rows can come from.

    A location is found by its scheme: `acme://…` has the scheme `acme`, and a path has the scheme
    `file`. A file that such a source yields is opened by the source of its suffix, else by the one
    that recognizes its content, else as CSV. `open` returns the data in loading order, or raises
    `DataError` if there is none.
    """

    schemes: tuple[str, ...]
    doc: str
    open: Callable[[SourceRequest], Iterable[SourceData]]
    provider: Provider | None = None
    suffixes: tuple[str, ...] = field(default=(), kw_only=True)
    """The ends of file names, such as `.parquet`; the longest one decides, in any case."""
    recognizes: Callable[[bytes], bool] | None = field(default=None, kw_only=True)
    """Whether a file that begins with these bytes (up to 4,096) is of this kind."""


@frozen
class Sink:
    """A format that rows are written to, found by the suffix of the path or by its scheme.

    `write` writes the rows, in their order, to the path of the request; bulkflow moves the file to
    its place when it is complete.
    """

    suffixes: tuple[str, ...]
    doc: str
    write: Callable[[SinkRequest], None]
    schemes: tuple[str, ...] = ()
    provider: Provider | None = None


@frozen
class Command:
    """A command: `bulkflow PATH…`, loaded when it is called."""

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
    """The setting that it is about, to point at its clause; None for the whole job."""
    code: str | None = None
    """The diagnostic code, one of bulkflow's or the plugin's own; None for the general B309."""
    warning: bool = False
    """Whether the file may run anyway."""
    job: str | None = None
    """The key of the job, for a hook that checks several jobs; None for the whole file."""
    naming: str | None = None
    """A word of the clause that it is about, if several clauses set the setting."""


class StepDecorator(Protocol):
    """Makes a `Step` from a function."""

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
    resends: str | None = None,
    saves: str | None = None,
    command: RunMode | None = None,
    rows_advice: str | None = None,
    kind: str | None = None,
    only_reads: bool = False,
    provides_rows: bool = False,
) -> StepDecorator:
    """Declare a step. Several phrases are several ways to write it.

    Raises:
        ValueError: A phrase is malformed or lacks the slot that `judges` or `resends` names, or
            the function has no parameter for a slot.
    """

    def declare(function: Callable[..., None]) -> Step:
        needed = {"judges": judges, "resends": resends, "saves": saves}
        parsed = parse_phrases(phrases, function, leading=("context",), needed=needed)
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
            resends,
            saves,
            command,
            rows_advice,
            kind,
            only_reads,
            provides_rows,
        )

    return declare


def clause(
    *phrases: str,
    sets: Sequence[str],
    begins: Iterable[Phase] | None = None,
    repeats: bool = False,
    is_operation: bool = False,
    makes_records: bool = False,
    kind: str | None = None,
) -> Callable[[Callable[..., Mapping[str, object]]], Clause]:
    """Declare a clause of a job; see `Clause`. Raises ValueError as `step` does."""

    def declare(function: Callable[..., Mapping[str, object]]) -> Clause:
        parsed = parse_phrases(phrases, function, leading=())
        return Clause(
            function,
            parsed,
            inspect.getdoc(function) or "",
            tuple(sets),
            None if begins is None else frozenset(begins),
            repeats,
            is_operation,
            makes_records,
            kind,
        )

    return declare


def condition(
    *phrases: str, judges: str | None = None, kind: str | None = None
) -> Callable[[Callable[..., bool]], Condition]:
    """Declare a question for `when`; see `Condition`. Raises ValueError as `step` does."""

    def declare(function: Callable[..., bool]) -> Condition:
        parsed = parse_phrases(phrases, function, leading=("context",), needed={"judges": judges})
        return Condition(function, parsed, inspect.getdoc(function) or "", judges, kind)

    return declare


def parse_phrases(
    phrases: Sequence[str],
    function: Callable[..., object],
    leading: tuple[str, ...],
    needed: Mapping[str, str | None] | None = None,
) -> tuple[Phrase, ...]:
    """Parse phrases. Raises ValueError if they do not fit the function."""
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
        for what, name in (needed or {}).items():
            if name is not None and name not in required:
                raise ValueError(
                    f"{function.__qualname__} {what} {{{name}}}, which its phrase {phrase.text!r} "
                    "does not always have"
                )
        for slot in phrase.slots:
            if slot.name not in parameters and not any_keyword:
                raise ValueError(
                    f"{function.__qualname__} has no parameter for {{{slot.name}}} of "
                    f"its phrase {phrase.text!r}"
                )
    return parsed
