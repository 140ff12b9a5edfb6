"""The recorder of a plan, which sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from bulkflow.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bulkflow.model.history import IntentKind, JobHistory, StepRecord, StepState
    from bulkflow.model.ledger import HandOver, RowRange, Target
    from bulkflow.model.part import Counts, Manifest

T = TypeVar("T")


class NullRecorder:
    """A recorder that keeps nothing, for `plan`. Refuses to record intents."""

    def record_parts(self, job: str, manifest: Manifest, org: str | None = None) -> None:
        """Ignore the parts."""

    def intend(
        self,
        job: str,
        part: int,
        action: str,
        detail: Mapping[str, object],
        *,
        kind: IntentKind | None = None,
    ) -> int:
        """Refuse."""
        raise PluginError(f"a plugin tried to {action} job {job} during `bulkflow plan`")

    def settle(self, intent: int, outcome: str, detail: Mapping[str, object]) -> None:
        """Refuse."""
        raise PluginError("a plugin settled an intent that does not exist")

    def record_state(
        self, job: str, part: int, remote_id: str, state: str, counters: tuple[int, int] = (0, 0)
    ) -> None:
        """Ignore the state."""

    def hand_over(
        self,
        job: str,
        part: int,
        action: str,
        detail: Mapping[str, object],
        target: Target,
        ranges: Sequence[RowRange],
        *,
        once: bool,
    ) -> int:
        """Refuse."""
        return self.intend(job, part, action, detail)

    def find_hand_overs(
        self, target: Target | None, ranges: Sequence[RowRange], *, longer: bool = False
    ) -> list[HandOver]:
        """Return nothing: no other runs are known."""
        return []

    def record_counts(self, job: str, part: int, counts: Counts) -> None:
        """Ignore the counts."""

    def record_undo(self, job: str, part: int) -> None:
        """Ignore it."""

    def read_history(self, job: str) -> JobHistory | None:
        """Return None: there was no earlier attempt."""
        return None

    def has_intents(self) -> bool:
        """Return False."""
        return False

    def has_handed_over(self) -> bool:
        """Return False."""
        return False

    def find_step(self, place: str) -> StepRecord | None:
        """Return None: there was no earlier attempt."""
        return None

    def find_counts_since(self, job: str, step: StepRecord) -> Counts | None:
        """Return None."""
        return None

    def record_step(
        self, place: str, text: str, state: StepState, detail: Mapping[str, object]
    ) -> None:
        """Ignore the step."""

    def decide_once(self, place: str, decide: Callable[[], T]) -> T:
        """Decide every time."""
        return decide()

    def find_decision(self, place: str) -> object | None:
        """Return None."""
        return None
