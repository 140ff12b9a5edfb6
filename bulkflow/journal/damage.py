"""Finds runs that may have sent more than the journal knows, by their witness files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.journal.witness import matches_journal, read_witness, read_witnesses

if TYPE_CHECKING:
    from bulkflow.journal.store import Journal
    from bulkflow.journal.witness import WitnessRecord


@frozen
class SuspectRun:
    """A run that the journal has lost something of.

    Attributes:
        run: Its id.
        why: The contradiction that was found.
        pipeline: Its resolved pipeline file; empty if unknown.
        started: When it started; 0 if unknown.
        known: Whether the journal knows the run.
        over: Whether the journal says that it is finished.
    """

    run: str
    why: str
    pipeline: str = ""
    started: float = 0.0
    known: bool = False
    over: bool = False


def check_run(journal: Journal, run: str) -> SuspectRun | None:
    """Compare a run in the journal with its witness; None if nothing is wrong.

    Raises:
        JournalError: The journal cannot be read.
        OSError: The run's folder cannot be read.
    """
    rows = journal.query("SELECT pipeline, started, finished, witnessed FROM run WHERE id = ?", run)
    if not rows:
        return None
    pipeline, started, finished, witnessed = rows[0]
    witness = read_witness(journal.path.parent, run)
    over = finished is not None
    if witness is None:
        # Deleting the folder of a finished run loses nothing that the journal needs.
        why = "its folder is gone" if witnessed and not over else ""
    elif witness.count is None:
        why = "its file `witness` is damaged"
    else:
        why = "" if matches_journal(journal, witness) else _difference(journal, witness)
    if not why:
        return None
    return SuspectRun(run, why, str(pipeline), float(str(started)), known=True, over=over)


def find_suspect_runs(journal: Journal) -> list[SuspectRun]:
    """Find all runs of a state directory that may have sent more than its journal knows.

    Raises:
        JournalError: The journal cannot be read.
        OSError: A run's folder cannot be read.
    """
    known = {
        str(run): int(str(count))
        for run, count in journal.query(
            "SELECT id, (SELECT count(*) FROM intent WHERE run = run.id) FROM run"
        )
    }
    unfinished = {str(run) for (run,) in journal.query("SELECT id FROM run WHERE finished IS NULL")}
    found = []
    suspects = set(unfinished)
    for witness in read_witnesses(journal.path.parent):
        if witness.run not in known:
            if witness.count != 0:
                why = "the journal does not know it"
                found.append(SuspectRun(witness.run, why, witness.pipeline, witness.started))
        elif witness.count is not None and witness.count > known[witness.run]:
            suspects.add(witness.run)
    # Only runs that can be resumed are digested; digesting all would take too long.
    found += [each for run in sorted(suspects) if (each := check_run(journal, run))]
    return found


def _difference(journal: Journal, witness: WitnessRecord) -> str:
    ((count,),) = journal.query("SELECT count(*) FROM intent WHERE run = ?", witness.run)
    if int(str(count)) < (witness.count or 0):
        return f"it recorded {witness.count:,} requests, and the journal has {count:,} of them"
    return "the journal has other requests than it recorded"
