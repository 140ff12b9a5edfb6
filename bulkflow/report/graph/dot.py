"""A picture in DOT, the language of Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.report.graph.model import Box, EdgeKind, NodeKind
from bulkflow.report.text_width import escape_line

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
    """The text of a directed graph."""
    lines = [
        "digraph pipeline {",
        # A title in the middle would stand where the edges come in.
        '    graph [fontname="Helvetica", labeljust=l]',
        '    node [fontname="Helvetica"]',
        '    edge [fontname="Helvetica"]',
        *_items(graph.root, "    "),
        *(f"    {_edge(edge)}" for edge in graph.edges),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _items(box: Box, margin: str) -> Iterator[str]:
    for item in box.items:
        if isinstance(item, Box):
            # Graphviz draws a frame only around subgraphs whose names begin so.
            yield f"{margin}subgraph cluster_{item.id} {{"
            yield f"{margin}    label={_quoted(item.title)}"
            yield from _items(item, f"{margin}    ")
            yield f"{margin}}}"
        else:
            yield margin + _node(item)


def _node(node: GraphNode) -> str:
    return f"{node.id} [shape={_SHAPES[node.kind]}, label={_quoted(*node.lines)}]"


def _edge(edge: Edge) -> str:
    options = [each for each in (_STYLES[edge.kind],) if each]
    if edge.label:
        options.append(f"label={_quoted(edge.label)}")
    shown = f" [{', '.join(options)}]" if options else ""
    return f"{edge.source} -> {edge.target}{shown}"


def _quoted(*lines: str) -> str:
    r"""Lines as a label; in DOT, `\n` stands between them."""
    escaped = [escape_line(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    label = "\\n".join(escaped)
    return f'"{label}"'
