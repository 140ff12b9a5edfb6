"""The words of the language as a page of Markdown; `docs/words.md` is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.distribution import DISTRIBUTION
from bulkflow.model.job_phase import Phase
from bulkflow.plugin.phrase import JOB

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bulkflow.plugin.phrase import Phrase
    from bulkflow.plugin.records import Provider, Step
    from bulkflow.plugin.registry import Catalogue

_HEAD = """\
# The words

What may stand in a pipeline file comes from plugins; this page lists what the shipped ones bring,
and is made by `bulkflow words --markdown`. [`language.md`](language.md) tells how the words are put
together.

In a phrase, words in `[brackets]` may be left out, and groups that stand side by side may be
written in any order. `{braces}` are places for values: `{timeout:duration}` takes a duration, and
`{path}` takes a path. `{columns:column...}` takes one value or more. `{job}` is written `job NAME`.
"""


def words_page(catalogue: Catalogue) -> str:
    """Everything that a catalogue's plugins declare for files, one heading for each word."""
    lines = [_HEAD]
    lines += ["## Steps", ""]
    for step in catalogue.steps:
        lines += _word(step.phrases, step.doc, step.provider, _lifecycle(step))
    lines += ["## Clauses of a job", ""]
    for clause in catalogue.clauses:
        lines += _word(clause.phrases, clause.doc, clause.provider)
    lines += ["## Conditions", "", "Questions that `when` may ask.", ""]
    for condition in catalogue.conditions:
        lines += _word(condition.phrases, condition.doc, condition.provider)
    lines += ["## Types of values", "", *_types(catalogue), ""]
    lines += ["## Orgs", "", "Names that may stand behind `org`.", ""]
    lines += _table(
        ("name", "what it is", "from"),
        ((f"`{each.name}`", each.doc, _from(each.provider)) for each in catalogue.orgs.values()),
    )
    lines += ["", "## Sources", "", "Kinds of locations that may stand behind `from`.", ""]
    sources = {id(each): each for each in catalogue.sources.values()}.values()
    lines += _table(
        ("scheme", "what it is", "from"),
        (
            (", ".join(f"`{name}`" for name in each.schemes), each.doc, _from(each.provider))
            for each in sources
        ),
    )
    return "\n".join(lines) + "\n"


def _word(
    phrases: Iterable[Phrase], doc: str, provider: Provider | None, facts: str = ""
) -> Iterator[str]:
    for number, phrase in enumerate(phrases):
        yield f"### `{phrase.text}`" if number == 0 else f"or `{phrase.text}`"
        yield ""
    yield f"{doc}\n"
    yield f"{facts}*From {_from(provider)}.*\n"


def _lifecycle(step: Step) -> str:
    """What the step needs of its job and what it leaves behind; nothing for a step without one."""
    parts = []
    if step.accepts is not None:
        phases = [f"*{phase.value}*" for phase in Phase if phase in step.accepts]
        parts.append(f"Takes a job that is {' or '.join(phases)}")
    if step.leaves is not None:
        parts.append(
            f"leaves it *{step.leaves.value}*" if parts else f"Leaves its job *{step.leaves.value}*"
        )
    return f"{', and '.join(parts)}. " if parts else ""


def _types(catalogue: Catalogue) -> Iterator[str]:
    return _table(
        ("type", "takes", "from"),
        (
            (f"`{name}`", "`job NAME`" if name == JOB else each.shows, _from(each.provider))
            for name, each in catalogue.value_types.items()
        ),
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    yield from map(_row, rows)


def _row(cells: Iterable[str]) -> str:
    flat = [" ".join(cell.split()).replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(flat)} |"


def _from(provider: Provider | None) -> str:
    """The plugin; without a version, so that the page changes when the words do."""
    if provider is None:
        return "bulkflow itself"
    if provider.distribution == DISTRIBUTION:
        return f"the plugin {provider.plugin}"
    return f"the plugin {provider.plugin} of {provider.distribution}"
