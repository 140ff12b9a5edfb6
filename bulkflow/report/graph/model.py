"""What a picture of a plan is made of; knows no drawing language."""

from __future__ import annotations

from enum import Enum, auto
from typing import TypeAlias

from attrs import Factory, define, frozen


class NodeKind(Enum):
    """What a node stands for."""

    JOB = auto()
    CHAIN = auto()
    HANDLER = auto()
    CONDITION = auto()


class EdgeKind(Enum):
    """What it means that an edge leads from one node to another."""

    NEXT = auto()
    """What comes afterwards."""
    FAILURE = auto()
    """What comes when a step failed."""
    INTERRUPT = auto()
    """What comes when the run was interrupted."""
    USES = auto()
    """From a job to the first chain that works on it."""


@frozen
class GraphNode:
    """A shape with some lines of text."""

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
    """A frame around nodes; the outermost one, which is not drawn, has no title."""

    id: str
    title: str
    items: list[Item] = Factory(list)


Item: TypeAlias = GraphNode | Box


@define(eq=False)
class Graph:
    """A whole picture."""

    root: Box
    edges: list[Edge] = Factory(list)
