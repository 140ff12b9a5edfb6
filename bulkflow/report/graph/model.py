"""The nodes, edges and boxes of a graph, independent of its output format."""

from __future__ import annotations

from enum import Enum, auto
from typing import TypeAlias

from attrs import Factory, define, frozen


class NodeKind(Enum):
    """What a node represents."""

    JOB = auto()
    CHAIN = auto()
    HANDLER = auto()
    CONDITION = auto()


class EdgeKind(Enum):
    """What an edge represents."""

    NEXT = auto()
    """The next step."""
    FAILURE = auto()
    """The path after a failed step."""
    INTERRUPT = auto()
    """The path after an interruption."""
    USES = auto()
    """From a job to the first chain that uses it."""


@frozen
class GraphNode:
    """A shape with lines of text."""

    id: str
    kind: NodeKind
    lines: tuple[str, ...]


@frozen
class Edge:
    """A line between two nodes."""

    source: str
    target: str
    kind: EdgeKind
    label: str = ""


@define(eq=False)
class Box:
    """A frame around nodes. The root has no title and is not drawn."""

    id: str
    title: str
    items: list[Item] = Factory(list)


Item: TypeAlias = GraphNode | Box


@define(eq=False)
class Graph:
    """A complete graph."""

    root: Box
    edges: list[Edge] = Factory(list)
