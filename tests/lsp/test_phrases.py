"""What may follow in a phrase is what the phrase takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bulkflow import app
from bulkflow.lsp.cursor import parse_words
from bulkflow.lsp.phrases import find_continuations
from bulkflow.plugin.phrase import Match, Phrase, Slot

CATALOGUE = app.load_plugins({}).catalogue
PHRASES = [
    phrase
    for records in (CATALOGUE.steps, CATALOGUE.clauses, CATALOGUE.conditions)
    for record in records
    for phrase in record.phrases
]


@given(st.sampled_from(PHRASES), st.data())
def test_following_what_is_offered_leads_to_a_line_that_fits(
    phrase: Phrase, data: st.DataObject
) -> None:
    words: tuple[str, ...] = (phrase.verb,)
    for _ in range(20):
        items = parse_words(words)
        runs = find_continuations(phrase, items)
        complete = isinstance(phrase.match(items), Match)
        assert runs or complete
        if not runs or (complete and data.draw(st.booleans())):
            break
        run = data.draw(st.sampled_from(runs))
        for element in run:
            if not isinstance(element, Slot):
                words = (*words, element.text)
            elif element.type == "job":
                words = (*words, "job", "x") if words[-1] != "job" else (*words, "x")
            else:
                words = (*words, "3")
    assert isinstance(phrase.match(parse_words(words)), Match)


def test_a_line_that_does_not_fit_has_nothing_that_follows() -> None:
    wait = next(phrase for phrase in PHRASES if phrase.verb == "wait")
    assert find_continuations(wait, parse_words(("wait", "until"))) == []
    assert find_continuations(wait, parse_words(("wait", "up", "for"))) == []
