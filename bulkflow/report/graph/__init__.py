"""Draws a plan as a graph, in Mermaid or DOT."""

from bulkflow.report.graph.dot import render_dot
from bulkflow.report.graph.from_plan import build_graph
from bulkflow.report.graph.mermaid import render_mermaid
from bulkflow.report.graph.model import Box, Edge, EdgeKind, Graph, GraphNode, NodeKind

__all__ = [
    "Box",
    "Edge",
    "EdgeKind",
    "Graph",
    "GraphNode",
    "NodeKind",
    "build_graph",
    "render_dot",
    "render_mermaid",
]
