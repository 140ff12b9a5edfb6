"""Complete structural words, words of plugins, names, paths and orgs."""

from __future__ import annotations

from enum import Enum, auto
from itertools import islice
from typing import TYPE_CHECKING

from attrs import define, frozen

from bulkflow.lsp.cursor import Place, find_cursor, parse_words
from bulkflow.lsp.hover import describe_symbol
from bulkflow.lsp.phrases import find_continuations, find_match
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

MAX_PATHS = 200
"""The maximum number of files to offer from a folder."""

_STRUCTURE = ("job", "let", "parallel", "for", "when", "always")
_TOP = ("org", "param", "include")
_EVENTS = ("failure", "success", "interrupt")
_JOINTS = ("then", *(f"on {event}" for event in _EVENTS))
_PATHS = frozenset({"path", "folder", "location"})
_NAMES = (SymbolKind.PARAM, SymbolKind.LET, SymbolKind.LOOP)


class CompletionKind(Enum):
    """The kind of a completion, which selects its icon."""

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
class Completion:
    """A text to insert. It replaces what is between `start` and the cursor."""

    label: str
    kind: CompletionKind
    start: int
    detail: str = ""
    doc: str = ""


def find_completions(
    source: SourceText, offset: int, symbols: Symbols, catalogue: Catalogue
) -> list[Completion]:
    """Return everything that may be written at an offset, each label once."""
    cursor = find_cursor(source, offset)
    offers = _Completer(source, cursor, symbols, catalogue).complete()
    return list({each.label: each for each in reversed(list(offers))}.values())[::-1]


@define(eq=False)
class _Completer:
    source: SourceText
    cursor: Cursor
    symbols: Symbols
    catalogue: Catalogue

    def complete(self) -> Iterator[Completion]:
        cursor = self.cursor
        if cursor.in_comment:
            return
        if cursor.in_text:
            yield from self._complete_text()
        elif cursor.place is Place.CLAUSE:
            yield from self._complete_line(
                cursor.words, self.catalogue.clause_words, self.catalogue.clause_by_phrase
            )
        elif not cursor.words:
            yield from self._complete_structure()
            yield from self._complete_verbs(
                self.catalogue.step_words, self.catalogue.step_by_phrase
            )
        else:
            yield from self._complete_statement()

    def _complete_structure(self) -> Iterator[Completion]:
        words = (*_TOP, *_STRUCTURE) if self.cursor.place is Place.TOP else _STRUCTURE
        yield from self._make_all(words, CompletionKind.STRUCTURE)

    def _complete_statement(self) -> Iterator[Completion]:
        words = self.cursor.words
        match words[0]:
            case "org":
                if len(words) == 1 or words[2:] == ("=",):
                    for org in self.catalogue.orgs.values():
                        yield self._make(org.name, CompletionKind.ORG, doc=org.doc)
            case "param" | "let":
                if words[-1] == "=":
                    yield from self._complete_constants()
            case "for":
                if len(words) == 2:
                    yield self._make("in", CompletionKind.STRUCTURE)
            case "when":
                yield from self._complete_condition(words[1:])
            case "include" | "job" | "parallel" | "always":
                return
            case _:
                yield from self._complete_chain(words)

    def _complete_chain(self, words: tuple[str, ...]) -> Iterator[Completion]:
        steps, by_phrase = self.catalogue.step_words, self.catalogue.step_by_phrase
        if words[-1] == "on":
            yield from self._make_all(_EVENTS, CompletionKind.STRUCTURE)
        last = _take_last_step(words)
        yield from self._complete_line(last, steps, by_phrase)
        if last and find_match(steps.phrases(last[0]), parse_words(last)) is not None:
            yield from self._make_all(_JOINTS, CompletionKind.STRUCTURE)

    def _complete_condition(self, words: tuple[str, ...]) -> Iterator[Completion]:
        while any(mark in words for mark in ("and", "or", "not", "(")):
            words = words[1:]
        questions = self.catalogue.condition_words
        yield from self._complete_line(words, questions, self.catalogue.condition_by_phrase)
        if not words or words[-1] == "is":
            yield self._make("not", CompletionKind.STRUCTURE)
            yield from self._complete_constants()
        elif len(words) == 1 and not questions.phrases(words[0]):
            yield from self._make_all(("is", "and", "or"), CompletionKind.STRUCTURE)
        elif "is" in words or find_match(questions.phrases(words[0]), parse_words(words)):
            yield from self._make_all(("and", "or"), CompletionKind.STRUCTURE)

    def _complete_line(
        self,
        words: tuple[str, ...],
        known: Words,
        records: Mapping[str, Step] | Mapping[str, Clause] | Mapping[str, Condition],
    ) -> Iterator[Completion]:
        """Yield the verbs, or what may follow in the phrases that start with these words."""
        if not words:
            yield from self._complete_verbs(known, records)
            return
        items = parse_words(words)
        for phrase in known.phrases(words[0]):
            for run in find_continuations(phrase, items):
                yield from self._complete_run(run, phrase.text)

    def _complete_verbs(
        self,
        known: Words,
        records: Mapping[str, Step] | Mapping[str, Clause] | Mapping[str, Condition],
    ) -> Iterator[Completion]:
        for verb in known.verbs:
            phrases = known.phrases(verb)
            doc = "\n\n".join(dict.fromkeys(records[each.text].doc for each in phrases))
            detail = "  |  ".join(each.text for each in phrases)
            yield self._make(verb, CompletionKind.VERB, detail, doc)

    def _complete_run(self, run: Sequence[Word | Slot], phrase: str) -> Iterator[Completion]:
        first = run[0]
        if not isinstance(first, Slot):
            text = " ".join(each.text for each in run if not isinstance(each, Slot))
            yield self._make(text, CompletionKind.WORD, phrase)
        elif first.type == JOB:
            yield from self._complete_jobs()
        elif first.type == ORG:
            yield from self._complete_orgs()
        else:
            kind = self.catalogue.value_types.get(first.type)
            for choice in kind.choices if kind else ():
                yield self._make(choice, CompletionKind.CHOICE, phrase)
            if kind is None or kind.constants:
                yield from self._complete_names()

    def _complete_jobs(self) -> Iterator[Completion]:
        before = "" if self.cursor.words[-1:] == ("job",) else "job "
        for symbol in self.symbols.all:
            if symbol.kind is SymbolKind.JOB:
                yield self._make(
                    f"{before}{symbol.name}", CompletionKind.JOB, doc=describe_symbol(symbol)
                )

    def _complete_orgs(self) -> Iterator[Completion]:
        for symbol in self.symbols.all:
            if symbol.kind is SymbolKind.ORG:
                yield self._make(symbol.name, CompletionKind.ORG, doc=describe_symbol(symbol))

    def _complete_names(self) -> Iterator[Completion]:
        for symbol in self.symbols.all:
            if symbol.kind in _NAMES:
                yield self._make(
                    symbol.name, CompletionKind.NAME, symbol.kind.value, describe_symbol(symbol)
                )

    def _complete_constants(self) -> Iterator[Completion]:
        yield from self._complete_names()
        yield from self._make_all(("true", "false", "env"), CompletionKind.STRUCTURE)

    def _complete_text(self) -> Iterator[Completion]:
        """Yield names between braces, or else paths, if the text is a path."""
        written = self.cursor.partial
        brace = written.rfind("{")
        if brace >= 0 and "}" not in written[brace:] and not written[:brace].endswith("{"):
            start = self.cursor.start + brace + 1
            for symbol in self.symbols.all:
                if symbol.kind in _NAMES:
                    detail = symbol.kind.value
                    yield Completion(
                        symbol.name, CompletionKind.NAME, start, detail, describe_symbol(symbol)
                    )
        elif self._is_path():
            yield from self._complete_paths(written)

    def _is_path(self) -> bool:
        words = self.cursor.words
        if self.cursor.place is Place.CLAUSE:
            known = self.catalogue.clause_words
        elif words and words[0] in ("include", "for"):
            return True
        else:
            known, words = self.catalogue.step_words, _take_last_step(words)
        items = parse_words(words)
        first = items[0] if items else None
        return any(
            isinstance(run[0], Slot) and run[0].type in _PATHS
            for phrase in (known.phrases(first.name) if isinstance(first, Name) else ())
            for run in find_continuations(phrase, items)
        )

    def _complete_paths(self, written: str) -> Iterator[Completion]:
        if self.source.path is None:
            return
        folder, slash, _ = written.rpartition("/")
        start = self.cursor.start + len(folder) + len(slash)
        try:
            inside = sorted((self.source.path.parent / (folder + slash)).iterdir())
        except (OSError, ValueError):
            # The folder does not exist (yet).
            return
        for path in islice((each for each in inside if each.name[0] != "."), MAX_PATHS):
            if path.is_dir():
                yield Completion(f"{path.name}/", CompletionKind.FOLDER, start)
            else:
                yield Completion(path.name, CompletionKind.FILE, start)

    def _make_all(self, labels: Iterable[str], kind: CompletionKind) -> Iterator[Completion]:
        for label in labels:
            yield self._make(label, kind)

    def _make(
        self, label: str, kind: CompletionKind, detail: str = "", doc: str = ""
    ) -> Completion:
        return Completion(label, kind, self.cursor.start, detail, doc)


def _take_last_step(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of the last step of a chain."""
    for index in range(len(words) - 1, -1, -1):
        if words[index] == "then":
            return words[index + 1 :]
        if words[index] in _EVENTS and words[index - 1 : index] == ("on",):
            return words[index + 1 :]
    return words
