"""Check that the values of a line fit the types of its slots."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, assert_never

from attrs import define, frozen

from bulkflow.language.checks.text_places import find_place
from bulkflow.language.codes import Code
from bulkflow.language.syntax.constant import parse_constant
from bulkflow.language.syntax.literal import BYTES, MILLISECONDS
from bulkflow.language.syntax.printer import print_value
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
from bulkflow.plugin.records import PlacedError
from bulkflow.plugin.sentinel import UNKNOWN
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow.language.checks.orgs import Orgs
    from bulkflow.language.checks.scope import Evaluator, NameScope
    from bulkflow.model.value import Value
    from bulkflow.plugin.phrase import Element, Match, Phrase
    from bulkflow.plugin.records import ValueType
    from bulkflow.plugin.registry import Catalogue


_NUMBER = re.compile(r"[0-9][0-9_]*[A-Za-z]+\Z")

_WRONG: Final = object()
"""The result for a value that was reported as wrong."""


@frozen
class ConvertedArguments:
    """The arguments for a plugin's function. UNKNOWN if a value is known only during the run."""

    arguments: Mapping[str, object]
    wrong: bool
    """Whether a value was reported as wrong."""

    @property
    def known(self) -> bool:
        """Whether all values are known, so that the function can be called."""
        return not self.wrong and UNKNOWN not in self.arguments.values()


@define(eq=False, repr=False)
class Arguments:
    """Convert the values of matched lines to the types of their slots."""

    catalogue: Catalogue
    evaluator: Evaluator
    orgs: Orgs

    def convert(self, match: Match, scope: NameScope) -> ConvertedArguments:
        """Convert every filled slot except the job; report values that do not fit."""
        slots = {slot.name: slot for slot in match.phrase.slots}
        arguments: dict[str, object] = {}
        wrong = False
        for name, written in match.arguments.items():
            slot, values = slots[name], several(written)
            if slot.type == JOB:
                # A clause gets the job when the run makes it; the planner handles that of a step.
                arguments[name] = UNKNOWN
                continue
            if slot.type == ORG and not all(self._known_org(each) for each in values):
                wrong = True
                continue
            kind = self.catalogue.value_types.get(slot.type)
            if kind is None:
                wrong = True
                self._report_missing(match.phrase, slot.type, values[0])
                continue
            found = [self._convert(kind, match.phrase, name, each, scope) for each in values]
            if any(each is _WRONG for each in found):
                wrong = True
            elif any(each is UNKNOWN for each in found):
                arguments[name] = UNKNOWN
            else:
                arguments[name] = tuple(found) if slot.many else found[0]
        return ConvertedArguments(arguments, wrong)

    def _convert(
        self, kind: ValueType, phrase: Phrase, slot: str, written: Value, scope: NameScope
    ) -> object:
        """Return the converted value; UNKNOWN if only the run knows it, `_WRONG` if reported."""
        value: Value | None = written
        try:
            if kind.constants:
                value = self.evaluator.evaluate(written, scope, kind.interpolate)
            return UNKNOWN if value is None else convert(kind, value)
        except PlacedError as error:
            place = written.span
            if isinstance(written, Text):
                first, last = (
                    find_place(written, scope.values, kind, at)
                    for at in (error.at, error.at + max(1, error.length) - 1)
                )
                place = Span(first.source, first.start, max(first.end, last.end))
            self.evaluator.findings.error(
                Code.WRONG_VALUE,
                f"`{get_slot_label(phrase, slot)}`: {error}",
                place,
                error.help,
            )
            return _WRONG
        except ValueError as error:
            value = written if value is None else value
            message, help_line = self._explain(kind, written, value, str(error), scope)
            self.evaluator.findings.error(
                Code.WRONG_VALUE,
                f"`{get_slot_label(phrase, slot)}` {message}",
                written.span,
                help_line,
            )
            return _WRONG

    def _known_org(self, written: Value) -> bool:
        """Return whether the file declares an org. The type rejects values that are not names."""
        return not isinstance(written, Name) or self.orgs.resolve(written) is not None

    def _report_missing(self, phrase: Phrase, kind: str, written: Value) -> None:
        self.evaluator.findings.error(
            Code.MISSING_TYPE,
            f"`{phrase.text}` takes a {kind}, but no installed plugin defines that type",
            written.span,
            self.catalogue.broken_hint
            or "install the plugin that defines the type, or report it to the author of the phrase",
        )

    def _explain(
        self, kind: ValueType, written: Value, value: Value, problem: str, scope: NameScope
    ) -> tuple[str, str | None]:
        """Return the message after the label, and the help."""
        if not problem.startswith("takes "):
            return f"takes {kind.shows}: {problem}", None
        described = describe(value)
        message = problem if described in problem else f"{problem}, not {described}"
        if isinstance(written, Text):
            return message, _suggest_constant(kind, written)
        if not isinstance(written, Name):
            return message, None
        if written is not value:
            return message, f"`{written.name}` is declared as {print_value(value)}"
        near = self.evaluator.findings.did_you_mean(
            written.name, [*kind.choices, *(scope.declared if kind.constants else ())]
        )
        if near is None and _takes(kind, Text((written.name,), written.span)):
            near = f'put it in quotes: "{written.name}"'
        return message, near or _suggest_unit(kind, written)


def _suggest_constant(kind: ValueType, written: Text) -> str | None:
    """Return the help for a text that would fit without its quotes, such as `"2h"`."""
    match written.parts:
        case (str() as text,):
            constant = parse_constant(text)
            if constant is not None and _takes(kind, constant):
                return f"write it without quotes: {text}"
    return None


def _suggest_unit(kind: ValueType, written: Name) -> str | None:
    """Return the help for a number with an unknown unit, such as `30x`."""
    number = _NUMBER.match(written.name)
    if number is None:
        return None
    span = written.span
    if _takes(kind, Duration(1, span)):
        *units, last = MILLISECONDS
    elif _takes(kind, Size(1, span)):
        *units, last = (unit for unit in BYTES if unit != "KB")
    else:
        return None
    return f"the units are {', '.join(units)} and {last}"


def convert(kind: ValueType, value: Value) -> object:
    """Convert a resolved value.

    Raises:
        ValueError: The type does not accept the value.
        PluginError: The type's converter failed in another way.
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
    """Name the kind of a value."""
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


def get_slot_label(phrase: Phrase, slot: str) -> str:
    """Return the literal words directly before a slot, or else the verb."""
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
