"""The journal of one run, as those write it who work on the run."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from attrs import astuple, define, evolve, field

from bulkflow.errors import ExitCode, UsageError
from bulkflow.journal.doubts import doubt_about
from bulkflow.journal.history import SETTLED, job_history, moves, steps_of
from bulkflow.journal.ledger import hand_overs, record_of_hand_over
from bulkflow.journal.witness import RUNS, Witness
from bulkflow.machine import shortage_of
from bulkflow.model.history import Outcome, StepState
from bulkflow.model.ledger import HandedOverBeforeError, HandOver
from bulkflow.model.part import Counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bulkflow.journal.store import Journal, Statement
    from bulkflow.model.history import JobHistory, StepRecord
    from bulkflow.model.ledger import RowRange, Target
    from bulkflow.model.part import Manifest, SourceRecord

T = TypeVar("T")

OVER = (ExitCode.DONE, ExitCode.ROWS_FAILED)
"""What a run ends with that came to the end of its file."""


@define(eq=False, repr=False)
class RunJournal:
    """Implements `bulkflow.plugin.Recorder`, and what the engine asks for beyond it.

    What an earlier attempt left is read when the run is gone on with; a new run finds nothing.
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
        """Record the start of a run, and of its first attempt."""
        started = journal.time()
        # Before the run itself: one without a witness has lost it.
        witness = _witness(journal, run, pipeline, started)
        with journal.writing() as connection:
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
    def go_on(cls, journal: Journal, run: str, *, version: str, reopens: bool = True) -> RunJournal:
        """Record another attempt at a run, and read how far the ones before it came.

        One that `reopens` it makes it a run that is not over, until the attempt ends. Where the
        journal lost something of the run, its witness stays as it is, to tell of that later.
        """
        witness = None
        if doubt_about(journal, run) is None:
            ((pipeline, started),) = journal.reading(
                "SELECT pipeline, started FROM run WHERE id = ?", run
            )
            witness = _witness(journal, run, str(pipeline), float(str(started)))
            with journal.writing() as connection:
                connection.execute("UPDATE run SET witnessed = 1 WHERE id = ?", (run,))
        made = cls(journal, run, steps_of(journal, run), witness=witness)
        made._begin_attempt(version, reopens=reopens)
        return made

    def prepared(self, job: str, manifest: Manifest, org: str | None = None) -> None:
        """The files that a job is cut from, and its parts; called again, more of both."""
        sources = self._as_at_home(manifest.sources)
        with self._journal.writing() as connection:
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

    def _as_at_home(self, sources: Iterable[SourceRecord]) -> list[SourceRecord]:
        """Sources with their paths as they were where the run began: the project may have moved."""
        ((home,),) = self._journal.reading("SELECT home FROM run WHERE id = ?", self.run)
        back = moves(self._journal.home, None if home is None else Path(str(home)))
        return [
            evolve(
                each,
                path=back(each.path),
                origin=None if each.origin is None else back(each.origin),
            )
            for each in sources
        ]

    def history(self, job: str) -> JobHistory | None:
        """What earlier attempts did with a job; None if it was never cut into parts."""
        return job_history(self._journal, self.run, job)

    def intend(self, job: str, part: int, action: str, detail: Mapping[str, object]) -> int:
        """A request that changes something is about to be sent; returns the intent's number."""
        return self._intend(job, part, action, _json(detail), self._journal.time())

    def _intend(
        self, job: str, part: int, action: str, detail: str, at: float, *more: Statement
    ) -> int:
        def attest(number: int) -> None:
            if self._witness is not None:
                self._witness.saw(number, job, part, action, detail)

        return self._journal.write(
            "INSERT INTO intent (run, job, part, action, detail, at) VALUES (?, ?, ?, ?, ?, ?)",
            (self.run, job, part, action, detail, at),
            *more,
            then=attest,
        )

    def settle(self, intent: int, outcome: str, detail: Mapping[str, object]) -> None:
        """The request of an intent was answered, or its fate was found out."""
        self._journal.note(
            "UPDATE intent SET outcome = ?, outcome_detail = ?, settled = ?"
            " WHERE number = ? AND outcome IS NULL",
            (outcome, _json(detail), self._journal.time(), intent),
        )
        if outcome == Outcome.REFUSED.value:
            self._journal.note("DELETE FROM hand_over WHERE intent = ?", (intent,))

    def remote(
        self, job: str, part: int, remote_id: str, state: str, counters: tuple[int, int] = (0, 0)
    ) -> None:
        """The id of a part's job in the org, and the state and counters that were last seen."""
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
            HandedOverBeforeError: It did, and may have loaded them; only where `once`.
        """
        self._refuse(target, ranges if once else ())
        at = self._journal.time()
        number = self._intend(
            job,
            part,
            action,
            _json(detail),
            at,
            *(
                record_of_hand_over(
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
            for each in hand_overs(self._journal, self.run, target, ranges, before)
            if each.may_have_loaded
        ]
        if earlier:
            raise HandedOverBeforeError("these rows were handed over before", earlier)

    def handed_over(
        self, target: Target | None, ranges: Sequence[RowRange], *, longer: bool = False
    ) -> list[HandOver]:
        """Which other runs handed rows over, the newest first; whatever the target if it is None.

        A run that was begun `fresh` passes over what was handed over before it began. `longer` is
        as in `hand_overs`.
        """
        return hand_overs(self._journal, self.run, target, ranges, longer=longer)

    def took_back(self, job: str, part: int) -> None:
        """What a part's rows made is deleted again, so they may be handed over once more."""
        self._journal.note(
            "UPDATE hand_over SET undone = 1 WHERE run = ? AND job = ? AND part = ?",
            (self.run, job, part),
        )

    def became(self, job: str, part: int, counts: Counts) -> None:
        """What became of the rows that a part handed over."""
        self._journal.note(
            "UPDATE hand_over SET counts = ? WHERE run = ? AND job = ? AND part = ?",
            (json.dumps(astuple(counts)), self.run, job, part),
        )

    def settled(self, job: str, counts: Counts) -> None:
        """Keep the counts of a job after a command such as `retry`, for steps that run later."""
        detail = {"counts": list(astuple(counts))}
        self.step_is(f"{SETTLED}{job}", "", StepState.FINISHED, detail)

    def settled_since(self, job: str, step: StepRecord) -> Counts | None:
        """Return the counts that a command left after a step had ended; None without one."""
        found = self._steps.get(f"{SETTLED}{job}")
        if found is None or found.number < step.number:
            return None
        return Counts(*found.detail["counts"])

    def step(self, place: str) -> StepRecord | None:
        """How far an earlier attempt came with a step; None if it never began."""
        return self._steps.get(place)

    def step_is(
        self, place: str, text: str, state: StepState, detail: Mapping[str, object]
    ) -> None:
        """A step began, or came to an end."""
        with self._journal.writing() as connection:
            connection.execute(
                "INSERT INTO step (run, place, text, state, detail, at) VALUES (?, ?, ?, ?, ?, ?)",
                (self.run, place, text, state.value, _json(detail), self._journal.time()),
            )

    def decided(self, place: str, decide: Callable[[], T]) -> T:
        """What an earlier attempt decided at a place, or else what `decide` says, from now on.

        Keeps loops and conditions as they were, though files and counts may have changed since.
        """
        found = self._journal.reading(
            "SELECT value FROM decision WHERE run = ? AND place = ?", self.run, place
        )
        if found:
            return cast("T", json.loads(str(found[0][0])))
        value = decide()
        with self._journal.writing() as connection:
            connection.execute(
                "INSERT INTO decision (run, place, value) VALUES (?, ?, ?)",
                (self.run, place, json.dumps(value)),
            )
        return value

    def finish(self, exit_code: int, *, over: bool = True, given_up: bool = False) -> None:
        """This attempt is over, and if `over`, so is the run: there is nothing to go on with.

        If `given_up`, that is because nobody wants to go on with it.
        """
        with self._journal.writing() as connection:
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

    def finish_beside(self, exit_code: int) -> None:
        """This attempt is over; the run is as it was before, but for rows that failed then."""
        with self._journal.writing() as connection:
            connection.execute(
                "UPDATE attempt SET finished = ?, exit_code = ? WHERE number = ?",
                (self._journal.time(), exit_code, self._attempt),
            )
            if exit_code in OVER:
                connection.execute(
                    "UPDATE run SET exit_code = ? WHERE id = ? AND exit_code IN (?, ?)",
                    (exit_code, self.run, *OVER),
                )

    def forget(self) -> None:
        """Take back that there was a run: it was refused, and nothing of it was sent."""
        if self._witness is not None:
            self._witness.forget()
        with self._journal.writing() as connection:
            for table in ("step", "decision", "part", "source", "job_org", "attempt"):
                connection.execute(f"DELETE FROM {table} WHERE run = ?", (self.run,))  # noqa: S608 - names of our own
            for table in ("intent", "remote_state"):
                connection.execute(f"DELETE FROM {table} WHERE run = ?", (self.run,))  # noqa: S608 - names of our own
            connection.execute("DELETE FROM run WHERE id = ?", (self.run,))

    def intended(self, action: str) -> bool:
        """Whether a request of a kind was sent, or may have been, and not refused by the org."""
        return bool(
            self._journal.reading(
                "SELECT 1 FROM intent WHERE run = ? AND action = ? AND outcome IS NOT 'refused'"
                " LIMIT 1",
                self.run,
                action,
            )
        )

    def decision(self, place: str) -> object | None:
        """What an earlier attempt decided at a place; None if it never got there."""
        found = self._journal.reading(
            "SELECT value FROM decision WHERE run = ? AND place = ?", self.run, place
        )
        return json.loads(str(found[0][0])) if found else None

    def anything_intended(self) -> bool:
        """Whether any request that changes something was sent, and not refused by the org."""
        return bool(
            self._journal.reading(
                "SELECT 1 FROM intent WHERE run = ? AND outcome IS NOT 'refused' LIMIT 1", self.run
            )
        )

    def _begin_attempt(self, version: str, *, reopens: bool = False) -> None:
        with self._journal.writing() as connection:
            cursor = connection.execute(
                "INSERT INTO attempt (run, bulkflow, host, pid, started) VALUES (?, ?, ?, ?, ?)",
                (self.run, version, socket.gethostname(), os.getpid(), self._journal.time()),
            )
            self._attempt = cursor.lastrowid or 0
            if reopens:
                # Until this attempt ends, the run is not over, whatever the one before it said.
                connection.execute(
                    "UPDATE run SET finished = NULL, exit_code = NULL WHERE id = ?", (self.run,)
                )


def _witness(journal: Journal, run: str, pipeline: str, started: float) -> Witness:
    """The witness of a run. Raises `UsageError`."""
    try:
        made = Witness.make(journal, run, pipeline, started)
    except OSError as error:
        short = shortage_of(error)
        raise UsageError(
            f"cannot keep what the run needs in {journal.path.parent / RUNS / run}: "
            f"{short.what if short else error.strerror or error}",
            help=f"nothing was sent; {short.remedy}"
            if short
            else "choose a folder that can be written with --state-dir DIR",
        ) from error
    journal.at_close(made.close)
    return made


def _json(values: Mapping[str, object]) -> str:
    # In ASCII: an org may say half a character, which SQLite keeps in no other way.
    return json.dumps(dict(values), sort_keys=True)


def _in_order(values: Mapping[str, str]) -> str:
    """The same where the order is to be as the file has it."""
    return json.dumps(dict(values))
