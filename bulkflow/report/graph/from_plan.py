"""From a plan to a picture of it.

A chain is one node, with a line for each step; so is a handler. A node is entered from the exits of
what stands before it: the ends from which the flow goes on.
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
    """An end from which the flow goes on."""

    node: str
    kind: EdgeKind = EdgeKind.NEXT
    label: str = ""


Exits: TypeAlias = tuple[_Exit, ...]


def build_graph(plan: Plan, catalogue: Catalogue) -> Graph:
    """Draw a plan. The catalogue says which steps end a chain, and after which it goes on."""
    drawing = _Drawing(catalogue, plan.orgs)
    drawing.block(plan.body, drawing.graph.root, (), {})
    return drawing.graph


@define(eq=False)
class _Drawing:
    catalogue: Catalogue
    orgs: Mapping[str, str]
    graph: Graph = field(init=False, factory=lambda: Graph(Box("root", "")))
    _numbers: Iterator[int] = field(init=False, factory=lambda: count(1))
    _used: set[str] = field(init=False, factory=set)
    """The nodes of the jobs that an edge leads from already."""
    _stopped: Exits = field(init=False, default=())
    """Where the flow was ended last; blocks of `always` still follow."""

    def block(self, block: Block, box: Box, entries: Exits, jobs: dict[str, str]) -> Exits:
        """Draw statements in order; `jobs` are the nodes of the jobs that are known by name."""
        jobs = self._jobs(block.jobs, box, jobs)
        for statement in block.statements:
            entries = self._statement(statement, box, entries, jobs)
        return entries

    def _jobs(
        self, declared: Iterable[PlannedJob], box: Box, jobs: dict[str, str]
    ) -> dict[str, str]:
        for job in declared:
            clauses = tuple(_flat(clause.span.text) for clause in job.clauses)
            title = f"job {job.name}"
            if job.org is not None and len(self.orgs) > 1:
                title += f" in {format_org(job.org, self.orgs)}"
            node = self._node(box, NodeKind.JOB, (title, *clauses))
            jobs = {**jobs, job.name: node.id}
        return jobs

    def _statement(
        self, statement: Statement, box: Box, entries: Exits, jobs: dict[str, str]
    ) -> Exits:
        match statement:
            case PlannedChain():
                return self._chain(statement, box, entries, jobs)
            case PlannedWhen():
                lines = (f"{_flat(statement.span.text)}?",)
                node = self._node(box, NodeKind.CONDITION, lines)
                self._enter(node, entries)
                yes = (_Exit(node.id, label="yes"),)
                inner = self.block(statement.body, box, yes, jobs)
                return (*inner, _Exit(node.id, label="no"))
            case PlannedParallel():
                inside = self._box(box, "parallel: side by side")
                jobs = self._jobs(statement.body.jobs, inside, jobs)
                ends = [
                    self._statement(branch, inside, entries, jobs)
                    for branch in statement.body.statements
                ]
                return tuple(end for branch in ends for end in branch)
            case PlannedFor():
                inside = self._box(box, f"{_flat(statement.span.text)}: once for each file")
                return self.block(statement.body, inside, entries, jobs)
            case PlannedAlways():
                inside = self._box(box, "always: also after a failure")
                # What ended the flow above does not end it here, and still ends it afterwards.
                after = self.block(statement.body, inside, entries or self._stopped, jobs)
                return after if entries else ()
            case _:
                assert_never(statement)

    def _chain(self, chain: PlannedChain, box: Box, entries: Exits, jobs: dict[str, str]) -> Exits:
        node = self._node(box, NodeKind.CHAIN, _lines(chain.steps))
        self._enter(node, entries)
        self._use(node, chain.steps, jobs)
        exits: Exits = (_Exit(node.id),)
        if self._ends(chain.steps):
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
                    exits = self._handler(handler, box, labelled, jobs)
                case HandlerEvent.FAILURE:
                    failed = self._handler(handler, box, failed, jobs)
                    if self._resume(handler.steps):
                        resumed = tuple(_Exit(each.node, label="goes on") for each in failed)
                case HandlerEvent.INTERRUPT:
                    interrupted = self._handler(handler, box, interrupted, jobs)
                case _:
                    assert_never(handler.event)
        return (*exits, *resumed)

    def _handler(
        self, handler: PlannedHandler, box: Box, entries: Exits, jobs: dict[str, str]
    ) -> Exits:
        node = self._node(box, NodeKind.HANDLER, _lines(handler.steps))
        self._enter(node, entries)
        self._use(node, handler.steps, jobs)
        ends = self._ends(handler.steps) and not self._resume(handler.steps)
        return () if ends else (_Exit(node.id),)

    def _ends(self, steps: Sequence[PlannedStep]) -> bool:
        return any(self.catalogue.step_by_phrase[step.word].ends_chain for step in steps)

    def _resume(self, steps: Sequence[PlannedStep]) -> bool:
        return any(self.catalogue.step_by_phrase[step.word].resumes for step in steps)

    def _use(self, node: GraphNode, steps: Iterable[PlannedStep], jobs: dict[str, str]) -> None:
        for step in steps:
            job = jobs.get(step.job or "")
            if job is not None and job not in self._used:
                self._used.add(job)
                self.graph.edges.append(Edge(job, node.id, EdgeKind.USES))

    def _enter(self, node: GraphNode, entries: Exits) -> None:
        self.graph.edges += [Edge(each.node, node.id, each.kind, each.label) for each in entries]

    def _node(self, box: Box, kind: NodeKind, lines: tuple[str, ...]) -> GraphNode:
        node = GraphNode(f"n{next(self._numbers)}", kind, lines)
        box.items.append(node)
        return node

    def _box(self, box: Box, title: str) -> Box:
        inside = Box(f"b{next(self._numbers)}", title)
        box.items.append(inside)
        return inside


def _lines(steps: Sequence[PlannedStep]) -> tuple[str, ...]:
    """A line for each step, with its job where the step's own words do not name it."""
    lines = []
    for number, step in enumerate(steps):
        text = _flat(step.span.text)
        named = step.job is None or f"job {step.job}" in text
        lines.append(f"{'then ' if number else ''}{text}{'' if named else f' ({step.job})'}")
    return tuple(lines)


def _flat(text: str) -> str:
    return " ".join(text.split())
