"""Whether the values of a line are what its slots take, as far as that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from attrs import define, frozen

from bulkflow.language.codes import Code
from bulkflow.language.printer import print_value
from bulkflow.model.value import (
    Boolean,
    Duration,
    EnvironmentVariable,
    Integer,
    Name,
    Percent,
    Size,
    Text,
    several,
)
from bulkflow.plugin.error_boundary import attribute_errors
from bulkflow.plugin.phrase import JOB, ORG, Group, Slot, Word
from bulkflow.plugin.sentinel import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow.language.orgs import Orgs
    from bulkflow.language.scope import Evaluator, Scope
    from bulkflow.model.value import Value
    from bulkflow.plugin.phrase import Element, Match, Phrase
    from bulkflow.plugin.records import ValueType
    from bulkflow.plugin.registry import Catalogue


_WRONG: Final = object()
"""Stands for a value that was reported."""


@frozen
class Converted:
    """What a plugin's function would be called with; UNKNOWN where only the run can tell."""

    arguments: Mapping[str, object]
    wrong: bool
    """Whether a value was reported."""

    @property
    def known(self) -> bool:
        """Whether the function can be called now."""
        return not self.wrong and UNKNOWN not in self.arguments.values()


@define(eq=False, repr=False)
class Arguments:
    """Holds the values of matched lines against the types of their slots."""

    catalogue: Catalogue
    evaluator: Evaluator
    orgs: Orgs

    def convert(self, match: Match, scope: Scope) -> Converted:
        """Every filled slot but the job, converted; what does not fit is reported."""
        slots = {slot.name: slot for slot in match.phrase.slots}
        arguments: dict[str, object] = {}
        wrong = False
        for name, written in match.arguments.items():
            slot, values = slots[name], several(written)
            if slot.type == JOB:
                continue
            if slot.type == ORG and not all(self._known_org(each) for each in values):
                wrong = True
                continue
            kind = self.catalogue.value_types.get(slot.type)
            if kind is None:
                wrong = True
                self._missing(match.phrase, slot.type, values[0])
                continue
            found = [self._convert(kind, match.phrase, name, each, scope) for each in values]
            if any(each is _WRONG for each in found):
                wrong = True
            elif any(each is UNKNOWN for each in found):
                arguments[name] = UNKNOWN
            else:
                arguments[name] = tuple(found) if slot.many else found[0]
        return Converted(arguments, wrong)

    def _convert(
        self, kind: ValueType, phrase: Phrase, slot: str, written: Value, scope: Scope
    ) -> object:
        """What a type makes of a value; UNKNOWN where only the run can tell, or `_WRONG`."""
        value = self.evaluator.value(written, scope) if kind.constants else written
        if value is None:
            return UNKNOWN
        try:
            return convert(kind, value)
        except ValueError as error:
            message, help_line = self._explain(kind, written, value, str(error), scope)
            self.evaluator.findings.error(
                Code.WRONG_VALUE,
                f"`{label_of(phrase, slot)}` {message}",
                written.span,
                help_line,
            )
            return _WRONG

    def _known_org(self, written: Value) -> bool:
        """Whether the file declares an org; what is no name is for its type to refuse."""
        return not isinstance(written, Name) or self.orgs.named(written) is not None

    def _missing(self, phrase: Phrase, kind: str, written: Value) -> None:
        self.evaluator.findings.error(
            Code.MISSING_TYPE,
            f"`{phrase.text}` takes a {kind}, a type of values that no plugin brings",
            written.span,
            self.catalogue.broken_hint
            or "install the plugin that brings the type, or tell the author of the phrase",
        )

    def _explain(
        self, kind: ValueType, written: Value, value: Value, problem: str, scope: Scope
    ) -> tuple[str, str | None]:
        """The message behind the label, and the help."""
        if not problem.startswith("takes "):
            return f"takes {kind.shows}: {problem}", None
        described = describe(value)
        message = problem if described in problem else f"{problem}, not {described}"
        if not isinstance(written, Name):
            return message, None
        if written is not value:
            return message, f"`{written.name}` is declared as {print_value(value)}"
        near = self.evaluator.findings.suggest.did_you_mean(
            written.name, [*kind.choices, *(scope.declared if kind.constants else ())]
        )
        if near is None and _takes(kind, Text((written.name,), written.span)):
            near = f'put it in quotes: "{written.name}"'
        return message, near


def convert(kind: ValueType, value: Value) -> object:
    """What a type makes of a resolved value.

    Raises:
        ValueError: the value is not what the type takes.
        PluginError: the type's converter failed in another way.
    """
    if isinstance(value, EnvironmentVariable):
        raise ValueError(f"takes {kind.shows}")  # noqa: TRY004 - as converters do
    problem: ValueError
    with attribute_errors(kind.provider, f"reading `{print_value(value)}` as {kind.name}"):
        try:
            return kind.convert(value)
        except ValueError as error:
            problem = error
    raise problem


def _takes(kind: ValueType, value: Value) -> bool:
    try:
        convert(kind, value)
    except ValueError:
        return False
    return True


def describe(value: Value) -> str:
    """A value's kind, in words."""
    match value:
        case Text():
            return "a text"
        case Name():
            return f"the word `{value.name}`"
        case Integer():
            return "a number"
        case Duration():
            return "a duration"
        case Size():
            return "a size"
        case Percent():
            return "a percentage"
        case Boolean():
            return "true or false"
        case EnvironmentVariable():
            return "an environment variable"
        case _:
            assert_never(value)


def label_of(phrase: Phrase, slot: str) -> str:
    """The literal words that stand before a slot; the verb where none do."""
    return _words_before(phrase.elements, slot) or phrase.verb


def _words_before(elements: Sequence[Element], slot: str) -> str | None:
    words: list[str] = []
    for element in elements:
        match element:
            case Word():
                words.append(element.text)
            case Group():
                found = _words_before(element.elements, slot)
                if found is not None:
                    return found
                words = []
            case Slot():
                if element.name == slot:
                    return " ".join(words)
                words = []
            case _:
                assert_never(element)
    return None
