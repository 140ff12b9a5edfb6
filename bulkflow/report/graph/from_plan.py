"""Builds the graph of a plan.

A chain is one node with a line per step, and so is a handler. A node is entered from the exits of
the statement before it.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, TypeAlias, assert_never

from attrs import define, field, frozen

from bulkflow.model.org import format_org
from bulkflow.model.plan import (
    HandlerEvent,
    PlannedAlways,
    PlannedChain,
    PlannedFor,
    PlannedParallel,
    PlannedWhen,
)
from bulkflow.report.graph.model import Box, Edge, EdgeKind, Graph, GraphNode, NodeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bulkflow.model.plan import Block, Plan, PlannedHandler, PlannedJob, PlannedStep, Statement
    from bulkflow.plugin.registry import Catalogue


@frozen
class _Exit:
    """A node from which the flow continues, and the kind of the edge."""

    node: str
    kind: EdgeKind = EdgeKind.NEXT
    label: str = ""


Exits: TypeAlias = tuple[_Exit, ...]


def build_graph(plan: Plan, catalogue: Catalogue) -> Graph:
    """Build the graph of a plan. The catalogue knows which steps end or resume a chain."""
    drawing = _Drawing(catalogue, plan.orgs)
    drawing.add_block(plan.body, drawing.graph.root, (), {})
    return drawing.graph


@define(eq=False)
class _Drawing:
    catalogue: Catalogue
    orgs: Mapping[str, str]
    graph: Graph = field(init=False, factory=lambda: Graph(Box("root", "")))
    _numbers: Iterator[int] = field(init=False, factory=lambda: count(1))
    _used: set[str] = field(init=False, factory=set)
    """Nodes of jobs that already have an edge."""
    _stopped: Exits = field(init=False, default=())
    """The exits where the flow last ended. `always` blocks still follow them."""

    def add_block(self, block: Block, box: Box, entries: Exits, jobs: dict[str, str]) -> Exits:
        """Add statements in order; `jobs` maps names of jobs to their nodes."""
        jobs = self._add_jobs(block.jobs, box, jobs)
        for statement in block.statements:
            entries = self._add_statement(statement, box, entries, jobs)
        return entries

    def _add_jobs(
        self, declared: Iterable[PlannedJob], box: Box, jobs: dict[str, str]
    ) -> dict[str, str]:
        for job in declared:
            clauses = tuple(_flatten(clause.span.text) for clause in job.clauses)
            title = f"job {job.name}"
            if job.org is not None and len(self.orgs) > 1:
                title += f" in {format_org(job.org, self.orgs)}"
            node = self._add_node(box, NodeKind.JOB, (title, *clauses))
            jobs = {**jobs, job.name: node.id}
        return jobs

    def _add_statement(
        self, statement: Statement, box: Box, entries: Exits, jobs: dict[str, str]
    ) -> Exits:
        match statement:
            case PlannedChain():
                return self._add_chain(statement, box, entries, jobs)
            case PlannedWhen():
                lines = (f"{_flatten(statement.span.text)}?",)
                node = self._add_node(box, NodeKind.CONDITION, lines)
                self._add_edges(node, entries)
                yes = (_Exit(node.id, label="yes"),)
                inner = self.add_block(statement.body, box, yes, jobs)
                return (*inner, _Exit(node.id, label="no"))
            case PlannedParallel():
                inside = self._add_box(box, "parallel")
                jobs = self._add_jobs(statement.body.jobs, inside, jobs)
                ends = [
                    self._add_statement(branch, inside, entries, jobs)
                    for branch in statement.body.statements
                ]
                return tuple(end for branch in ends for end in branch)
            case PlannedFor():
                inside = self._add_box(box, f"{_flatten(statement.span.text)}: once per file")
                return self.add_block(statement.body, inside, entries, jobs)
            case PlannedAlways():
                inside = self._add_box(box, "always: even after a failure")
                # The block also runs after the flow has ended, and does not continue it.
                after = self.add_block(statement.body, inside, entries or self._stopped, jobs)
                return after if entries else ()
            case _:
                assert_never(statement)

    def _add_chain(
        self, chain: PlannedChain, box: Box, entries: Exits, jobs: dict[str, str]
    ) -> Exits:
        node = self._add_node(box, NodeKind.CHAIN, _format_lines(chain.steps))
        self._add_edges(node, entries)
        self._add_uses(node, chain.steps, jobs)
        exits: Exits = (_Exit(node.id),)
        if self._ends_chain(chain.steps):
            self._stopped, exits = exits, ()
        failed: Exits = (_Exit(node.id, EdgeKind.FAILURE, "on failure"),)
        interrupted: Exits = (_Exit(node.id, EdgeKind.INTERRUPT, "on interrupt"),)
        resumed: Exits = ()
        for handler in chain.handlers:
            match handler.event:
                case HandlerEvent.SUCCESS:
                    labelled = tuple(
                        _Exit(each.node, label="on success") if each.node == node.id else each
                        for each in exits
                    )
                    exits = self._add_handler(handler, box, labelled, jobs)
                case HandlerEvent.FAILURE:
                    failed = self._add_handler(handler, box, failed, jobs)
                    if self._resumes(handler.steps):
                        resumed = tuple(_Exit(each.node, label="continues") for each in failed)
                case HandlerEvent.INTERRUPT:
                    interrupted = self._add_handler(handler, box, interrupted, jobs)
                case _:
                    assert_never(handler.event)
        return (*exits, *resumed)

    def _add_handler(
        self, handler: PlannedHandler, box: Box, entries: Exits, jobs: dict[str, str]
    ) -> Exits:
        node = self._add_node(box, NodeKind.HANDLER, _format_lines(handler.steps))
        self._add_edges(node, entries)
        self._add_uses(node, handler.steps, jobs)
        ends = self._ends_chain(handler.steps) and not self._resumes(handler.steps)
        return () if ends else (_Exit(node.id),)

    def _ends_chain(self, steps: Sequence[PlannedStep]) -> bool:
        return any(self.catalogue.get_step(step).ends_chain for step in steps)

    def _resumes(self, steps: Sequence[PlannedStep]) -> bool:
        return any(self.catalogue.get_step(step).resumes for step in steps)

    def _add_uses(
        self, node: GraphNode, steps: Iterable[PlannedStep], jobs: dict[str, str]
    ) -> None:
        for step in steps:
            job = jobs.get(step.job or "")
            if job is not None and job not in self._used:
                self._used.add(job)
                self.graph.edges.append(Edge(job, node.id, EdgeKind.USES))

    def _add_edges(self, node: GraphNode, entries: Exits) -> None:
        self.graph.edges += [Edge(each.node, node.id, each.kind, each.label) for each in entries]

    def _add_node(self, box: Box, kind: NodeKind, lines: tuple[str, ...]) -> GraphNode:
        node = GraphNode(f"n{next(self._numbers)}", kind, lines)
        box.items.append(node)
        return node

    def _add_box(self, box: Box, title: str) -> Box:
        inside = Box(f"b{next(self._numbers)}", title)
        box.items.append(inside)
        return inside


def _format_lines(steps: Sequence[PlannedStep]) -> tuple[str, ...]:
    """Format a line per step, with its job if the step does not name it."""
    lines = []
    for number, step in enumerate(steps):
        text = _flatten(step.span.text)
        named = step.job is None or f"job {step.job}" in text
        lines.append(f"{'then ' if number else ''}{text}{'' if named else f' ({step.job})'}")
    return tuple(lines)


def _flatten(text: str) -> str:
    return " ".join(text.split())
