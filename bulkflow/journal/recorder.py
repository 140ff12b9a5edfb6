"""Records one run in the journal."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from attrs import astuple, define, evolve, field

from bulkflow.errors import REACHED_END, UsageError
from bulkflow.journal.damage import check_run
from bulkflow.journal.history import SETTLED, build_path_mapping, read_job_history, read_steps
from bulkflow.journal.ledger import build_insert, find_hand_overs
from bulkflow.journal.witness import RUNS, Witness
from bulkflow.model.history import IntentKind, IntentOutcome, StepState
from bulkflow.model.ledger import HandedOverBeforeError, HandOver
from bulkflow.model.part import Counts
from bulkflow.system_errors import find_shortage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bulkflow.journal.store import Journal, Statement
    from bulkflow.model.history import JobHistory, StepRecord
    from bulkflow.model.ledger import RowRange, Target
    from bulkflow.model.part import Manifest, SourceRecord

T = TypeVar("T")


@define(eq=False, repr=False)
class RunJournal:
    """Implements `bulkflow.plugin.Recorder`, and what the engine needs in addition.

    When a run is resumed, the records of earlier attempts are read; a new run has none.
    """

    _journal: Journal
    run: str
    _steps: dict[str, StepRecord] = field(factory=dict, repr=False)
    _attempt: int = 0
    _witness: Witness | None = field(default=None, repr=False)

    @classmethod
    def begin(
        cls,
        journal: Journal,
        run: str,
        *,
        pipeline: str,
        texts: Mapping[str, str],
        text_digest: str,
        orgs: Mapping[str, str],
        chosen_orgs: Mapping[str, str],
        settings: Mapping[str, str],
        parameters: Mapping[str, str],
        version: str,
        file: str = "",
        fresh: bool = False,
    ) -> RunJournal:
        """Record the start of a run and of its first attempt."""
        started = journal.time()
        # Before the run itself: a run without a witness counts as having lost it.
        witness = _witness(journal, run, pipeline, started)
        with journal.transaction() as connection:
            connection.execute(
                "INSERT INTO run (id, pipeline, text_digest, orgs, parameters, bulkflow, host, pid,"
                " started, settings, chosen_orgs, texts, fresh, home, file, witnessed)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
                (
                    run,
                    pipeline,
                    text_digest,
                    _in_order(orgs),
                    _json(parameters),
                    version,
                    socket.gethostname(),
                    os.getpid(),
                    started,
                    _json(settings),
                    _json(chosen_orgs),
                    _json(texts),
                    fresh,
                    str(journal.home),
                    file or pipeline,
                ),
            )
        made = cls(journal, run, witness=witness)
        made._begin_attempt(version)
        journal.checkpoint()
        return made

    @classmethod
    def resume(
        cls, journal: Journal, run: str, *, version: str, reopens: bool = True
    ) -> RunJournal:
        """Record another attempt at a run, and read how far earlier attempts came.

        With `reopens`, the run is unfinished until the attempt ends. If the journal has lost part
        of the run, the witness file stays as it is, as evidence.
        """
        witness = None
        if check_run(journal, run) is None:
            ((pipeline, started),) = journal.query(
                "SELECT pipeline, started FROM run WHERE id = ?", run
            )
            witness = _witness(journal, run, str(pipeline), float(str(started)))
            with journal.transaction() as connection:
                connection.execute("UPDATE run SET witnessed = 1 WHERE id = ?", (run,))
        made = cls(journal, run, read_steps(journal, run), witness=witness)
        made._begin_attempt(version, reopens=reopens)
        return made

    def record_parts(self, job: str, manifest: Manifest, org: str | None = None) -> None:
        """Record the files that a job is read from, and its parts; another call adds more."""
        sources = self._map_to_start(manifest.sources)
        with self._journal.transaction() as connection:
            if org is not None:
                connection.execute(
                    "INSERT OR IGNORE INTO job_org (run, job, org) VALUES (?, ?, ?)",
                    (self.run, job, org),
                )
            (known,) = connection.execute(
                "SELECT count(*) FROM source WHERE run = ? AND job = ?", (self.run, job)
            ).fetchone()
            connection.executemany(
                "INSERT INTO source (run, job, number, name, path, size, modified_ns, spooled,"
                " origin, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (self.run, job, number, *astuple(each))
                    for number, each in enumerate(sources, known)
                ),
            )
            connection.executemany(
                "INSERT INTO part (run, job, number, source, start, end, first_row, first_line,"
                " rows, bytes, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                ((self.run, job, *astuple(part)) for part in manifest.parts),
            )

    def _map_to_start(self, sources: Iterable[SourceRecord]) -> list[SourceRecord]:
        """Map sources' paths back to where the run began; the project may have moved."""
        ((home,),) = self._journal.query("SELECT home FROM run WHERE id = ?", self.run)
        back = build_path_mapping(self._journal.home, None if home is None else Path(str(home)))
        return [
            evolve(
                each,
                path=back(each.path),
                origin=None if each.origin is None else back(each.origin),
            )
            for each in sources
        ]

    def read_history(self, job: str) -> JobHistory | None:
        """Read what earlier attempts did with a job; None if it was never divided into parts."""
        return read_job_history(self._journal, self.run, job)

    def intend(
        self,
        job: str,
        part: int,
        action: str,
        detail: Mapping[str, object],
        *,
        kind: IntentKind | None = None,
    ) -> int:
        """Record a request that is about to change something; returns the intent's number."""
        return self._intend(job, part, action, _json(detail), kind, self._journal.time())

    def _intend(
        self,
        job: str,
        part: int,
        action: str,
        detail: str,
        kind: IntentKind | None,
        at: float,
        *more: Statement,
    ) -> int:
        def attest(number: int) -> None:
            if self._witness is not None:
                self._witness.record(number, job, part, action, detail)

        return self._journal.write(
            "INSERT INTO intent (run, job, part, action, detail, kind, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self.run, job, part, action, detail, kind.value if kind else None, at),
            *more,
            then=attest,
        )

    def settle(self, intent: int, outcome: str, detail: Mapping[str, object]) -> None:
        """Record the response to an intent's request, or what was found out about it."""
        self._journal.note(
            "UPDATE intent SET outcome = ?, outcome_detail = ?, settled = ?"
            " WHERE number = ? AND outcome IS NULL",
            (outcome, _json(detail), self._journal.time(), intent),
        )
        if outcome == IntentOutcome.REFUSED.value:
            self._journal.note("DELETE FROM hand_over WHERE intent = ?", (intent,))

    def record_state(
        self, job: str, part: int, remote_id: str, state: str, counters: tuple[int, int] = (0, 0)
    ) -> None:
        """Record the id of a part's job in the org, and its last known state and counters."""
        self._journal.note(
            "INSERT INTO remote_state (run, job, part, remote_id, state, processed, failed, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self.run, job, part, remote_id, state, *counters, self._journal.time()),
        )

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
        """Record the intent to hand rows over, unless another run did that before.

        Raises:
            HandedOverBeforeError: Another run did, and may have loaded them; only with `once`.
        """
        self._refuse(target, ranges if once else ())
        at = self._journal.time()
        number = self._intend(
            job,
            part,
            action,
            _json(detail),
            IntentKind.HANDS_OVER,
            at,
            *(
                build_insert(
                    HandOver(self.run, job, part, at, str(detail.get("id", "")), each.rows),
                    target,
                    each,
                )
                for each in ranges
            ),
        )
        try:
            # Another process may have recorded the same rows meanwhile: the first record counts.
            self._refuse(target, ranges if once else (), before=number)
        except HandedOverBeforeError:
            self.settle(number, "refused", {})
            raise
        return number

    def _refuse(
        self, target: Target, ranges: Sequence[RowRange], before: int | None = None
    ) -> None:
        earlier = [
            each
            for each in find_hand_overs(self._journal, self.run, target, ranges, before)
            if each.may_have_loaded
        ]
        if earlier:
            raise HandedOverBeforeError("these rows were handed over before", earlier)

    def find_hand_overs(
        self, target: Target | None, ranges: Sequence[RowRange], *, longer: bool = False
    ) -> list[HandOver]:
        """Find which of these rows other runs handed over; see `bulkflow.plugin.Recorder`."""
        return find_hand_overs(self._journal, self.run, target, ranges, longer=longer)

    def record_undo(self, job: str, part: int) -> None:
        """Record that what a part's rows created was deleted, so they may be handed over again."""
        self._journal.note(
            "UPDATE hand_over SET undone = 1 WHERE run = ? AND job = ? AND part = ?",
            (self.run, job, part),
        )

    def record_counts(self, job: str, part: int, counts: Counts) -> None:
        """Record the outcome of the rows that a part handed over."""
        self._journal.note(
            "UPDATE hand_over SET counts = ? WHERE run = ? AND job = ? AND part = ?",
            (json.dumps(astuple(counts)), self.run, job, part),
        )

    def record_job_counts(self, job: str, counts: Counts) -> None:
        """Record the counts of a job after a command such as `retry`, for later steps."""
        detail = {"counts": list(astuple(counts))}
        self.record_step(f"{SETTLED}{job}", "", StepState.FINISHED, detail)

    def find_counts_since(self, job: str, step: StepRecord) -> Counts | None:
        """Find the counts that a command left after a step had ended; None if there are none."""
        found = self._steps.get(f"{SETTLED}{job}")
        if found is None or found.number < step.number:
            return None
        return Counts(*found.detail["counts"])

    def find_step(self, place: str) -> StepRecord | None:
        """Find how far an earlier attempt came with a step; None if it never started."""
        return self._steps.get(place)

    def record_step(
        self, place: str, text: str, state: StepState, detail: Mapping[str, object]
    ) -> None:
        """Record that a step started or ended."""
        with self._journal.transaction() as connection:
            connection.execute(
                "INSERT INTO step (run, place, text, state, detail, at) VALUES (?, ?, ?, ?, ?, ?)",
                (self.run, place, text, state.value, _json(detail), self._journal.time()),
            )

    def decide_once(self, place: str, decide: Callable[[], T]) -> T:
        """Return what an earlier attempt decided at a place, or else decide and record it.

        Keeps loops and conditions the same, even if files and counts have changed since.
        """
        found = self._journal.query(
            "SELECT value FROM decision WHERE run = ? AND place = ?", self.run, place
        )
        if found:
            return cast("T", json.loads(str(found[0][0])))
        value = decide()
        with self._journal.transaction() as connection:
            connection.execute(
                "INSERT INTO decision (run, place, value) VALUES (?, ?, ?)",
                (self.run, place, json.dumps(value)),
            )
        return value

    def finish(self, exit_code: int, *, over: bool = True, given_up: bool = False) -> None:
        """End this attempt, and with `over` also the run: there is nothing left to resume.

        `given_up` says that the run was aborted.
        """
        with self._journal.transaction() as connection:
            connection.execute(
                "UPDATE attempt SET finished = ?, exit_code = ? WHERE number = ?",
                (self._journal.time(), exit_code, self._attempt),
            )
            if over:
                connection.execute(
                    "UPDATE run SET finished = ?, exit_code = ?, given_up = ?"
                    " WHERE id = ? AND finished IS NULL",
                    (self._journal.time(), exit_code, given_up, self.run),
                )

    def finish_attempt(self, exit_code: int) -> None:
        """End this attempt; the run stays as it was, except for whether rows failed."""
        with self._journal.transaction() as connection:
            connection.execute(
                "UPDATE attempt SET finished = ?, exit_code = ? WHERE number = ?",
                (self._journal.time(), exit_code, self._attempt),
            )
            if exit_code in REACHED_END:
                connection.execute(
                    "UPDATE run SET exit_code = ? WHERE id = ? AND exit_code IN (?, ?)",
                    (exit_code, self.run, *REACHED_END),
                )

    def forget(self) -> None:
        """Delete the run, because it was refused before anything was sent."""
        if self._witness is not None:
            self._witness.forget()
        with self._journal.transaction() as connection:
            for table in ("step", "decision", "part", "source", "job_org", "attempt"):
                connection.execute(f"DELETE FROM {table} WHERE run = ?", (self.run,))  # noqa: S608 - names of our own
            for table in ("intent", "remote_state"):
                connection.execute(f"DELETE FROM {table} WHERE run = ?", (self.run,))  # noqa: S608 - names of our own
            connection.execute("DELETE FROM run WHERE id = ?", (self.run,))

    def has_handed_over(self) -> bool:
        """Whether an org may have loaded rows of the run."""
        return bool(
            self._journal.query(
                "SELECT 1 FROM intent WHERE run = ? AND kind = ? AND outcome IS NOT 'refused'"
                " LIMIT 1",
                self.run,
                IntentKind.HANDS_OVER.value,
            )
        )

    def find_decision(self, place: str) -> object | None:
        """Find what an earlier attempt decided at a place; None if it did not get there."""
        found = self._journal.query(
            "SELECT value FROM decision WHERE run = ? AND place = ?", self.run, place
        )
        return json.loads(str(found[0][0])) if found else None

    def has_intents(self) -> bool:
        """Whether any request that changes something was sent, and not refused by the org."""
        return bool(
            self._journal.query(
                "SELECT 1 FROM intent WHERE run = ? AND outcome IS NOT 'refused' LIMIT 1", self.run
            )
        )

    def _begin_attempt(self, version: str, *, reopens: bool = False) -> None:
        with self._journal.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO attempt (run, bulkflow, host, pid, started) VALUES (?, ?, ?, ?, ?)",
                (self.run, version, socket.gethostname(), os.getpid(), self._journal.time()),
            )
            self._attempt = cursor.lastrowid or 0
            if reopens:
                # The run is unfinished until this attempt ends, whatever the last one said.
                connection.execute(
                    "UPDATE run SET finished = NULL, exit_code = NULL WHERE id = ?", (self.run,)
                )


def _witness(journal: Journal, run: str, pipeline: str, started: float) -> Witness:
    """Make the witness of a run. Raises `UsageError`."""
    try:
        made = Witness.make(journal, run, pipeline, started)
    except OSError as error:
        short = find_shortage(error)
        raise UsageError(
            f"cannot write the run's files in {journal.path.parent / RUNS / run}: "
            f"{short.what if short else error.strerror or error}",
            help=f"nothing was sent; {short.remedy}"
            if short
            else "choose a writable folder with --state-dir DIR",
        ) from error
    journal.call_at_close(made.close)
    return made


def _json(values: Mapping[str, object]) -> str:
    # In ASCII: an org may return a lone surrogate, which SQLite cannot store otherwise.
    return json.dumps(dict(values), sort_keys=True)


def _in_order(values: Mapping[str, str]) -> str:
    """Dump a mapping in its own order, which is that of the file."""
    return json.dumps(dict(values))
