"""What may be written at the cursor: words of the structure and of plugins, names, paths, orgs."""

from __future__ import annotations

from enum import Enum, auto
from itertools import islice
from typing import TYPE_CHECKING

from attrs import define, frozen

from bulkflow.lsp.cursor import Place, cursor_at, values_of
from bulkflow.lsp.hover import about
from bulkflow.lsp.phrases import following, match_of
from bulkflow.lsp.symbols import SymbolKind
from bulkflow.model.value import Name
from bulkflow.plugin.phrase import JOB, ORG, Slot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bulkflow.lsp.cursor import Cursor
    from bulkflow.lsp.symbols import Symbols
    from bulkflow.plugin.phrase import Word
    from bulkflow.plugin.records import Clause, Condition, Step
    from bulkflow.plugin.registry import Catalogue, Words
    from bulkflow.source import SourceText

MOST_PATHS = 200
"""How many files of a folder are offered."""

_STRUCTURE = ("job", "let", "parallel", "for", "when", "always")
_TOP = ("org", "param", "include")
_EVENTS = ("failure", "success", "interrupt")
_JOINTS = ("then", *(f"on {event}" for event in _EVENTS))
_PATHS = frozenset({"path", "folder", "location"})
_NAMES = (SymbolKind.PARAM, SymbolKind.LET, SymbolKind.LOOP)


class Kind(Enum):
    """What is offered, for the icon beside it."""

    STRUCTURE = auto()
    VERB = auto()
    WORD = auto()
    CHOICE = auto()
    JOB = auto()
    NAME = auto()
    ORG = auto()
    FILE = auto()
    FOLDER = auto()


@frozen
class Offer:
    """A way to go on. `start` is the offset of what it replaces, up to the cursor."""

    label: str
    kind: Kind
    start: int
    detail: str = ""
    doc: str = ""


def complete(
    source: SourceText, offset: int, symbols: Symbols, catalogue: Catalogue
) -> list[Offer]:
    """Everything that may be written at an offset, each label once."""
    cursor = cursor_at(source, offset)
    offers = _Completion(source, cursor, symbols, catalogue).offers()
    return list({each.label: each for each in reversed(list(offers))}.values())[::-1]


@define(eq=False)
class _Completion:
    source: SourceText
    cursor: Cursor
    symbols: Symbols
    catalogue: Catalogue

    def offers(self) -> Iterator[Offer]:
        cursor = self.cursor
        if cursor.in_comment:
            return
        if cursor.in_text:
            yield from self._in_text()
        elif cursor.place is Place.CLAUSE:
            yield from self._line(
                cursor.words, self.catalogue.clause_words, self.catalogue.clause_by_phrase
            )
        elif not cursor.words:
            yield from self._structure()
            yield from self._verbs(self.catalogue.step_words, self.catalogue.step_by_phrase)
        else:
            yield from self._statement()

    def _structure(self) -> Iterator[Offer]:
        words = (*_TOP, *_STRUCTURE) if self.cursor.place is Place.TOP else _STRUCTURE
        yield from self._plain(words, Kind.STRUCTURE)

    def _statement(self) -> Iterator[Offer]:
        words = self.cursor.words
        match words[0]:
            case "org":
                if len(words) == 1 or words[2:] == ("=",):
                    for org in self.catalogue.orgs.values():
                        yield self._offer(org.name, Kind.ORG, doc=org.doc)
            case "param" | "let":
                if words[-1] == "=":
                    yield from self._constants()
            case "for":
                if len(words) == 2:
                    yield self._offer("in", Kind.STRUCTURE)
            case "when":
                yield from self._condition(words[1:])
            case "include" | "job" | "parallel" | "always":
                return
            case _:
                yield from self._chain(words)

    def _chain(self, words: tuple[str, ...]) -> Iterator[Offer]:
        steps, by_phrase = self.catalogue.step_words, self.catalogue.step_by_phrase
        if words[-1] == "on":
            yield from self._plain(_EVENTS, Kind.STRUCTURE)
        last = _after_joint(words)
        yield from self._line(last, steps, by_phrase)
        if last and match_of(steps.phrases(last[0]), values_of(last)) is not None:
            yield from self._plain(_JOINTS, Kind.STRUCTURE)

    def _condition(self, words: tuple[str, ...]) -> Iterator[Offer]:
        while any(mark in words for mark in ("and", "or", "not", "(")):
            words = words[1:]
        questions = self.catalogue.condition_words
        yield from self._line(words, questions, self.catalogue.condition_by_phrase)
        if not words or words[-1] == "is":
            yield self._offer("not", Kind.STRUCTURE)
            yield from self._constants()
        elif len(words) == 1 and not questions.phrases(words[0]):
            yield from self._plain(("is", "and", "or"), Kind.STRUCTURE)
        elif "is" in words or match_of(questions.phrases(words[0]), values_of(words)):
            yield from self._plain(("and", "or"), Kind.STRUCTURE)

    def _line(
        self,
        words: tuple[str, ...],
        known: Words,
        records: Mapping[str, Step] | Mapping[str, Clause] | Mapping[str, Condition],
    ) -> Iterator[Offer]:
        """The verbs, or what follows in the phrases that the words may become."""
        if not words:
            yield from self._verbs(known, records)
            return
        items = values_of(words)
        for phrase in known.phrases(words[0]):
            for run in following(phrase, items):
                yield from self._run(run, phrase.text)

    def _verbs(
        self,
        known: Words,
        records: Mapping[str, Step] | Mapping[str, Clause] | Mapping[str, Condition],
    ) -> Iterator[Offer]:
        for verb in known.verbs:
            phrases = known.phrases(verb)
            doc = "\n\n".join(dict.fromkeys(records[each.text].doc for each in phrases))
            detail = "  |  ".join(each.text for each in phrases)
            yield self._offer(verb, Kind.VERB, detail, doc)

    def _run(self, run: Sequence[Word | Slot], phrase: str) -> Iterator[Offer]:
        first = run[0]
        if not isinstance(first, Slot):
            text = " ".join(each.text for each in run if not isinstance(each, Slot))
            yield self._offer(text, Kind.WORD, phrase)
        elif first.type == JOB:
            yield from self._jobs()
        elif first.type == ORG:
            yield from self._orgs()
        else:
            kind = self.catalogue.value_types.get(first.type)
            for choice in kind.choices if kind else ():
                yield self._offer(choice, Kind.CHOICE, phrase)
            if kind is None or kind.constants:
                yield from self._names()

    def _jobs(self) -> Iterator[Offer]:
        before = "" if self.cursor.words[-1:] == ("job",) else "job "
        for symbol in self.symbols.all:
            if symbol.kind is SymbolKind.JOB:
                yield self._offer(f"{before}{symbol.name}", Kind.JOB, doc=about(symbol))

    def _orgs(self) -> Iterator[Offer]:
        for symbol in self.symbols.all:
            if symbol.kind is SymbolKind.ORG:
                yield self._offer(symbol.name, Kind.ORG, doc=about(symbol))

    def _names(self) -> Iterator[Offer]:
        for symbol in self.symbols.all:
            if symbol.kind in _NAMES:
                yield self._offer(symbol.name, Kind.NAME, symbol.kind.value, about(symbol))

    def _constants(self) -> Iterator[Offer]:
        yield from self._names()
        yield from self._plain(("true", "false", "env"), Kind.STRUCTURE)

    def _in_text(self) -> Iterator[Offer]:
        """Names between braces; else paths, where the text is one."""
        written = self.cursor.partial
        brace = written.rfind("{")
        if brace >= 0 and "}" not in written[brace:] and not written[:brace].endswith("{"):
            start = self.cursor.start + brace + 1
            for symbol in self.symbols.all:
                if symbol.kind in _NAMES:
                    detail = symbol.kind.value
                    yield Offer(symbol.name, Kind.NAME, start, detail, about(symbol))
        elif self._is_path():
            yield from self._paths(written)

    def _is_path(self) -> bool:
        words = self.cursor.words
        if self.cursor.place is Place.CLAUSE:
            known = self.catalogue.clause_words
        elif words and words[0] in ("include", "for"):
            return True
        else:
            known, words = self.catalogue.step_words, _after_joint(words)
        items = values_of(words)
        first = items[0] if items else None
        return any(
            isinstance(run[0], Slot) and run[0].type in _PATHS
            for phrase in (known.phrases(first.name) if isinstance(first, Name) else ())
            for run in following(phrase, items)
        )

    def _paths(self, written: str) -> Iterator[Offer]:
        if self.source.path is None:
            return
        folder, slash, _ = written.rpartition("/")
        start = self.cursor.start + len(folder) + len(slash)
        try:
            inside = sorted((self.source.path.parent / (folder + slash)).iterdir())
        except (OSError, ValueError):
            # A folder that is not there, or not yet: nothing to offer.
            return
        for path in islice((each for each in inside if each.name[0] != "."), MOST_PATHS):
            if path.is_dir():
                yield Offer(f"{path.name}/", Kind.FOLDER, start)
            else:
                yield Offer(path.name, Kind.FILE, start)

    def _plain(self, labels: Iterable[str], kind: Kind) -> Iterator[Offer]:
        for label in labels:
            yield self._offer(label, kind)

    def _offer(self, label: str, kind: Kind, detail: str = "", doc: str = "") -> Offer:
        return Offer(label, kind, self.cursor.start, detail, doc)


def _after_joint(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of the last step of a chain."""
    for index in range(len(words) - 1, -1, -1):
        if words[index] == "then":
            return words[index + 1 :]
        if words[index] in _EVENTS and words[index - 1 : index] == ("on",):
            return words[index + 1 :]
    return words
