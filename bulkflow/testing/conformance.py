"""Rules for every plugin that can be checked without running it."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, TypeAlias

from bulkflow.errors import BulkflowError
from bulkflow.plugin.phrase import Group, Word
from bulkflow.plugin.records import Clause, Condition, Step
from bulkflow.plugin.row_clauses import RowClause
from bulkflow.plugin.types import framework_types
from bulkflow.testing.hosts import make_host

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from bulkflow.plugin.phrase import Element, Phrase
    from bulkflow.plugin.registry import Catalogue

Phrased: TypeAlias = Step | Clause | Condition

RESERVED: Mapping[type[Phrased], frozenset[str]] = {
    Step: frozenset({"then", "true", "false"}),
    Clause: frozenset({"true", "false"}),
    Condition: frozenset({"and", "or", "not", "is", "true", "false"}),
}
"""Words that the language reserves inside a line, as in `grammar/bulkflow.lark`."""

OPENING = frozenset(
    {"org", "param", "let", "include", "job", "parallel", "for", "when", "always", "on"}
)
"""Words that start a line outside of a job's block; no step may start with one."""

_WORD = re.compile(r"[^\W\d](?:[\w.\-]*\w)?")
_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]*")


def check_plugin(plugin: object, *, types: Collection[str] = ()) -> list[str]:
    """Check a plugin; returns one sentence per fault, none for a good plugin.

    Checks that pluggy accepts its hooks, they return the right records, every record has a
    description, phrases can be written in a file, slot types are known, functions can be called
    with and without their optional slots, and schemes and command paths can be typed.

    Args:
        plugin: The module or object that the entry point names.
        types: Slot types of other plugins that this one uses, such as `object` of bulkflow_ingest.
    """
    host = make_host(plugin)
    if host.broken:
        return [f"it cannot be loaded: {each.cause}" for each in host.broken]
    try:
        catalogue = host.catalogue
        if host.broken:
            return [str(each.cause) for each in host.broken]
        for words in (catalogue.step_words, catalogue.clause_words, catalogue.condition_words):
            del words
    except BulkflowError as error:
        return [error.message]
    return [*_documents(catalogue), *_words(catalogue, types), *_names(catalogue)]


def _documents(catalogue: Catalogue) -> Iterator[str]:
    said: list[tuple[str, str]] = [
        (f"`{record.phrases[0].text}`", record.doc) for record in _phrased(catalogue)
    ]
    said += [(f"org {org.name}", org.doc) for org in catalogue.orgs.values()]
    said += [(f"source {scheme}://", each.doc) for scheme, each in catalogue.sources.items()]
    said += [(f"source of {', '.join(each.suffixes)}", each.doc) for each in catalogue.file_sources]
    said += [(f"sink of {suffix}", each.doc) for suffix, each in catalogue.sinks.items()]
    said += [(f"command `{' '.join(each.path)}`", each.summary) for each in catalogue.commands]
    said += [(f"type {kind.name}", kind.shows) for kind in catalogue.value_types.values()]
    for what, words in said:
        if not words.strip():
            yield f"{what} has no description"


def _phrased(catalogue: Catalogue) -> Sequence[Phrased]:
    return (*catalogue.steps, *catalogue.clauses, *catalogue.conditions)


def _words(catalogue: Catalogue, types: Collection[str]) -> Iterator[str]:
    known = {*catalogue.value_types, *types}
    for record in _phrased(catalogue):
        for phrase in record.phrases:
            yield from _of_literals(phrase, record)
            yield from _of_slots(phrase, known)
            if isinstance(record, RowClause):
                yield from _of_function(record.apply, phrase, leading=True)
            else:
                leading = not isinstance(record, Clause)
                yield from _of_function(record.function, phrase, leading=leading)


def _of_literals(phrase: Phrase, record: Phrased) -> Iterator[str]:
    reserved = next(words for kind, words in RESERVED.items() if isinstance(record, kind))
    if isinstance(record, Step) and phrase.verb in OPENING:
        yield f"`{phrase.text}` begins with `{phrase.verb}`, which is reserved"
    for word in _literals(phrase.elements):
        if not _WORD.fullmatch(word):
            yield f"`{phrase.text}` has {word!r}, which is not a word of the language"
        elif word in reserved:
            yield f"`{phrase.text}` has `{word}`, which is reserved"


def _of_slots(phrase: Phrase, known: Collection[str]) -> Iterator[str]:
    for slot in phrase.slots:
        if slot.type not in known:
            yield (
                f"`{phrase.text}` has a slot of the type {slot.type}, which neither bulkflow nor "
                "this plugin provides"
            )
    if sum(slot.type == "job" for slot in phrase.slots) > 1:
        yield f"`{phrase.text}` has two slots for a job; a step has one"
    if sum(slot.type == "org" for slot in phrase.slots) > 1:
        yield f"`{phrase.text}` has two slots for an org; a step has one"


def _of_function(
    function: Callable[..., object], phrase: Phrase, *, leading: bool
) -> Iterator[str]:
    signature = inspect.signature(function)
    context = (object(),) if leading else ()
    optional = {
        slot.name
        for element in phrase.elements
        if isinstance(element, Group)
        for slot in phrase.slots
        if slot in element.elements and slot.type != "job"
    }
    every = {slot.name: None for slot in phrase.slots}
    needed = {name: None for name in every if name not in optional}
    for arguments in (every, needed):
        try:
            signature.bind(*context, **arguments)
        except TypeError as error:
            name = getattr(function, "__qualname__", repr(function))
            yield f"{name} cannot be called for `{phrase.text}`: {error}"
            return


def _names(catalogue: Catalogue) -> Iterator[str]:
    for scheme in catalogue.sources:
        if not _SCHEME.fullmatch(scheme):
            yield (
                f"{scheme!r} is not a scheme: use a lower-case letter, then letters, digits, + . -"
            )
    for name in (*catalogue.orgs, *(n for n in catalogue.value_types if n not in _framework())):
        if not _WORD.fullmatch(name):
            yield f"{name!r} is not a word of the language"
    for command in catalogue.commands:
        if not command.path or not all(re.fullmatch(r"[a-z][a-z0-9\-]*", w) for w in command.path):
            yield f"{' '.join(command.path)!r} is not a command path: use lower-case words"


def _literals(elements: Sequence[Element]) -> Iterator[str]:
    for element in elements:
        match element:
            case Word():
                yield element.text
            case Group():
                yield from _literals(element.elements)
            case _:
                pass


def _framework() -> frozenset[str]:
    return frozenset(kind.name for kind in framework_types())
