"""Runs that may have sent more than the journal knows, by what their folders attest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.journal.witness import matches_journal, read_witness, read_witnesses

if TYPE_CHECKING:
    from bulkflow.journal.store import Journal
    from bulkflow.journal.witness import WitnessRecord


@frozen
class SuspectRun:
    """A run of which the journal has lost something.

    Attributes:
        run: Its id.
        why: What does not agree.
        pipeline: Its pipeline file, resolved; blank where nobody knows.
        started: When it began; 0 where nobody knows.
        known: Whether the journal knows the run.
        over: Whether the journal says that it is over.
    """

    run: str
    why: str
    pipeline: str = ""
    started: float = 0.0
    known: bool = False
    over: bool = False


def check_run(journal: Journal, run: str) -> SuspectRun | None:
    """What speaks against what the journal says of a run that it knows.

    Raises:
        JournalError: The journal cannot be read.
        OSError: The run's folder cannot be read.
    """
    rows = journal.query("SELECT pipeline, started, finished, witnessed FROM run WHERE id = ?", run)
    if not rows:
        return None
    pipeline, started, finished, witnessed = rows[0]
    told = read_witness(journal.path.parent, run)
    over = finished is not None
    if told is None:
        # Deleting the folder of a run that is over loses nothing that the journal lacks.
        why = "its folder is gone" if witnessed and not over else ""
    elif told.count is None:
        why = "its file `witness` is damaged"
    else:
        why = "" if matches_journal(journal, told) else _difference(journal, told)
    if not why:
        return None
    return SuspectRun(run, why, str(pipeline), float(str(started)), known=True, over=over)


def find_suspect_runs(journal: Journal) -> list[SuspectRun]:
    """All runs of a state directory that may have sent more than its journal knows.

    Raises: as `doubt_about`.
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
    for told in read_witnesses(journal.path.parent):
        if told.run not in known:
            if told.count != 0:
                why = "the journal does not know it"
                found.append(SuspectRun(told.run, why, told.pipeline, told.started))
        elif told.count is not None and told.count > known[told.run]:
            suspects.add(told.run)
    # Only runs that may be resumed are digested; all of them would take too long.
    found += [each for run in sorted(suspects) if (each := check_run(journal, run))]
    return found


def _difference(journal: Journal, told: WitnessRecord) -> str:
    ((count,),) = journal.query("SELECT count(*) FROM intent WHERE run = ?", told.run)
    if int(str(count)) < (told.count or 0):
        return f"it recorded {told.count:,} requests, and the journal has {count:,} of them"
    return "the journal has other requests than it recorded"
