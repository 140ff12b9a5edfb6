"""The sink: rows as a table in Markdown, for a ticket or a chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.plugin import SinkRequest


def write_markdown(request: SinkRequest) -> None:
    """Write a table. It is meant for some rows, so all of them are in memory."""
    with request.path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_join(request.rows.columns))
        file.write(_join("---" for _ in request.rows.columns))
        for row in request.rows.fetchall():
            file.write(_join("" if value is None else str(value) for value in row))


def _join(values: Iterable[str]) -> str:
    cells = (value.replace("|", "\\|").replace("\n", "<br>") for value in values)
    return f"| {' | '.join(cells)} |\n"
