"""What plugins declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Factory, define

if TYPE_CHECKING:
    from bulkflow.plugin.records import (
        Clause,
        Command,
        Condition,
        Org,
        Sink,
        Source,
        Step,
        ValueType,
    )


@define
class Declared:
    """Everything that plugins declare, each kind in loading order."""

    steps: list[Step] = Factory(list)
    clauses: list[Clause] = Factory(list)
    conditions: list[Condition] = Factory(list)
    value_types: list[ValueType] = Factory(list)
    orgs: list[Org] = Factory(list)
    sources: list[Source] = Factory(list)
    sinks: list[Sink] = Factory(list)
    commands: list[Command] = Factory(list)

    def add(self, other: Declared) -> None:
        """Add what another plugin declares."""
        self.steps += other.steps
        self.clauses += other.clauses
        self.conditions += other.conditions
        self.value_types += other.value_types
        self.orgs += other.orgs
        self.sources += other.sources
        self.sinks += other.sinks
        self.commands += other.commands
