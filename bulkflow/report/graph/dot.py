"""Renders a graph in DOT, the language of Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.report.graph.model import Box, EdgeKind, NodeKind
from bulkflow.report.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.report.graph.model import Edge, Graph, GraphNode

_SHAPES = {
    NodeKind.JOB: "cylinder",
    NodeKind.CHAIN: "box",
    NodeKind.HANDLER: "box, style=rounded",
    NodeKind.CONDITION: "hexagon",
}
_STYLES = {
    EdgeKind.NEXT: "",
    EdgeKind.FAILURE: "style=dashed",
    EdgeKind.INTERRUPT: "style=dashed",
    EdgeKind.USES: "style=dotted, arrowhead=none",
}


def render_dot(graph: Graph) -> str:
    """Render a directed graph."""
    lines = [
        "digraph pipeline {",
        # A centred title would overlap the incoming edges.
        '    graph [fontname="Helvetica", labeljust=l]',
        '    node [fontname="Helvetica"]',
        '    edge [fontname="Helvetica"]',
        *_render_items(graph.root, "    "),
        *(f"    {_render_edge(edge)}" for edge in graph.edges),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _render_items(box: Box, margin: str) -> Iterator[str]:
    for item in box.items:
        if isinstance(item, Box):
            # Graphviz draws a frame only around subgraphs whose names begin with "cluster".
            yield f"{margin}subgraph cluster_{item.id} {{"
            yield f"{margin}    label={_quote(item.title)}"
            yield from _render_items(item, f"{margin}    ")
            yield f"{margin}}}"
        else:
            yield margin + _render_node(item)


def _render_node(node: GraphNode) -> str:
    return f"{node.id} [shape={_SHAPES[node.kind]}, label={_quote(*node.lines)}]"


def _render_edge(edge: Edge) -> str:
    options = [each for each in (_STYLES[edge.kind],) if each]
    if edge.label:
        options.append(f"label={_quote(edge.label)}")
    shown = f" [{', '.join(options)}]" if options else ""
    return f"{edge.source} -> {edge.target}{shown}"


def _quote(*lines: str) -> str:
    r"""Quote lines as a label, separated by `\n`."""
    escaped = [escape_line(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    label = "\\n".join(escaped)
    return f'"{label}"'
