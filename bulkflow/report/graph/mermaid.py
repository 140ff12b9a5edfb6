"""Renders a graph as a Mermaid flowchart, which GitHub and GitLab draw in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.report.graph.model import Box, EdgeKind, NodeKind
from bulkflow.report.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.report.graph.model import Edge, Graph, GraphNode

_SHAPES = {
    NodeKind.JOB: ('[("', '")]'),
    NodeKind.CHAIN: ('["', '"]'),
    NodeKind.HANDLER: ('("', '")'),
    # A diamond would be as high as its text is wide.
    NodeKind.CONDITION: ('{{"', '"}}'),
}
_ARROWS = {
    EdgeKind.NEXT: "-->",
    EdgeKind.FAILURE: "-.->",
    EdgeKind.INTERRUPT: "-.->",
    EdgeKind.USES: "-.-",
}
_OPTIONS = '%%{init: {"flowchart": {"wrappingWidth": 500}}}%%'
"""Wrapping width in pixels. Mermaid's default of 200 would break lines of pipeline files."""

_ESCAPES = {ord(each): f"#{ord(each)};" for each in '"#&<>`\\'}
"""Mermaid's entities for characters with a meaning in labels."""


def render_mermaid(graph: Graph) -> str:
    """Render a flowchart, top down."""
    lines = [_OPTIONS, "flowchart TD", *_render_items(graph.root, "    ")]
    lines += [f"    {_render_edge(edge)}" for edge in graph.edges]
    return "\n".join(lines) + "\n"


def _render_items(box: Box, margin: str) -> Iterator[str]:
    for item in box.items:
        if isinstance(item, Box):
            yield f'{margin}subgraph {item.id}["{_escape_label(item.title)}"]'
            yield from _render_items(item, f"{margin}    ")
            yield f"{margin}end"
        else:
            yield margin + _render_node(item)


def _render_node(node: GraphNode) -> str:
    before, after = _SHAPES[node.kind]
    return f"{node.id}{before}{'<br/>'.join(map(_escape_label, node.lines))}{after}"


def _render_edge(edge: Edge) -> str:
    label = f'|"{_escape_label(edge.label)}"|' if edge.label else ""
    return f"{edge.source} {_ARROWS[edge.kind]}{label} {edge.target}"


def _escape_label(text: str) -> str:
    return escape_line(text).translate(_ESCAPES)
