from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bulkflow.report.text.text_width import count_cells, wrap_words


@given(st.text(alphabet="ab 界-", max_size=60), st.integers(1, 20))
def test_wrapped_text_loses_nothing_and_is_too_wide_only_for_one_word(
    text: str, width: int
) -> None:
    lines = wrap_words(text, width)
    assert " ".join(lines) == text
    assert all(count_cells(line) <= width or " " not in line for line in lines)
    assert wrap_words(text, None) == [text]
