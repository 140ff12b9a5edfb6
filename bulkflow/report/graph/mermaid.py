"""A picture in Mermaid's flowchart language, which GitHub and GitLab draw in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.report.graph.model import Box, EdgeKind, NodeKind
from bulkflow.report.text_width import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.report.graph.model import Edge, Graph, GraphNode

_SHAPES = {
    NodeKind.JOB: ('[("', '")]'),
    NodeKind.CHAIN: ('["', '"]'),
    NodeKind.HANDLER: ('("', '")'),
    # A diamond would be as high as its text is long.
    NodeKind.CONDITION: ('{{"', '"}}'),
}
_ARROWS = {
    EdgeKind.NEXT: "-->",
    EdgeKind.FAILURE: "-.->",
    EdgeKind.INTERRUPT: "-.->",
    EdgeKind.USES: "-.-",
}
_OPTIONS = '%%{init: {"flowchart": {"wrappingWidth": 500}}}%%'
"""Pixels: a line of a pipeline file stays a line, where Mermaid would break it at 200."""

_ESCAPES = {ord(each): f"#{ord(each)};" for each in '"#&<>`\\'}
"""Mermaid's way to write characters that have a meaning in its labels."""


def render_mermaid(graph: Graph) -> str:
    """The text of a flowchart, top down."""
    lines = [_OPTIONS, "flowchart TD", *_items(graph.root, "    ")]
    lines += [f"    {_edge(edge)}" for edge in graph.edges]
    return "\n".join(lines) + "\n"


def _items(box: Box, margin: str) -> Iterator[str]:
    for item in box.items:
        if isinstance(item, Box):
            yield f'{margin}subgraph {item.id}["{_label(item.title)}"]'
            yield from _items(item, f"{margin}    ")
            yield f"{margin}end"
        else:
            yield margin + _node(item)


def _node(node: GraphNode) -> str:
    before, after = _SHAPES[node.kind]
    return f"{node.id}{before}{'<br/>'.join(map(_label, node.lines))}{after}"


def _edge(edge: Edge) -> str:
    label = f'|"{_label(edge.label)}"|' if edge.label else ""
    return f"{edge.source} {_ARROWS[edge.kind]}{label} {edge.target}"


def _label(text: str) -> str:
    return escape_line(text).translate(_ESCAPES)
