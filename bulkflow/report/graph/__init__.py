"""A plan as a picture: what it is made of, and the languages that draw it."""

from bulkflow.report.graph.dot import as_dot
from bulkflow.report.graph.from_plan import draw
from bulkflow.report.graph.mermaid import as_mermaid
from bulkflow.report.graph.model import Box, Edge, EdgeKind, Graph, Node, NodeKind

__all__ = [
    "Box",
    "Edge",
    "EdgeKind",
    "Graph",
    "Node",
    "NodeKind",
    "as_dot",
    "as_mermaid",
    "draw",
]
