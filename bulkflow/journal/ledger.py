"""The ledger: every range of rows that any run of the project handed over.

It is consulted before rows are handed over, by their bytes and not by file names, runs or exit
codes. Rows of two files are the same if their digests are; rows of one file are the same if their
byte ranges overlap, even if the file was divided differently.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from bulkflow.model.ledger import HandOver
from bulkflow.model.part import Counts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.journal.store import Journal, Statement
    from bulkflow.model.ledger import RowRange, Target


_RECORD: Final = """
    INSERT INTO hand_over (run, job, part, intent, organization, host, object, operation, digest,
        source, start, end, rows, head, remote_id, at)
    VALUES (?, ?, ?, (SELECT max(number) FROM intent), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def build_insert(made: HandOver, target: Target, rows: RowRange) -> Statement:
    """Build the statement that records a hand-over for the intent just recorded."""
    return (
        _RECORD,
        (
            made.run,
            made.job,
            made.part,
            target.organization,
            target.host,
            target.object,
            target.operation,
            rows.digest,
            rows.source,
            rows.start,
            rows.end,
            rows.rows,
            rows.head,
            made.remote_id,
            made.at,
        ),
    )


def find_hand_overs(
    journal: Journal,
    run: str,
    target: Target | None,
    ranges: Iterable[RowRange],
    before: int | None = None,
    *,
    longer: bool = False,
) -> list[HandOver]:
    """Find which of these rows other runs handed over, newest first.

    Args:
        journal: The journal.
        run: The run that asks. Its own rows are left out, and if it was started with `--fresh`,
            also everything that was handed over before it started.
        target: Only hand-overs to this target, as far as that is known; None for any target.
        ranges: The rows.
        before: Only hand-overs recorded before this intent.
        longer: Also longer and shorter ranges that begin with the same bytes; the caller has to
            compare their rows.
    """
    query = """
        SELECT number, run, job, part, at, remote_id, rows, counts, digest, end - start
        FROM hand_over
        WHERE run <> :run AND rows > 0 AND NOT undone AND (
            (digest <> '' AND digest = :digest)
            OR (source <> '' AND source = :source AND start < :end AND end > :start)
            OR (:longer AND head <> '' AND head = :head AND end - start <> :end - :start)
        ) AND at >= (SELECT CASE WHEN fresh THEN started ELSE 0 END FROM run WHERE id = :run)
    """
    values: dict[str, object] = {"run": run}
    if before is not None:
        query += " AND intent < :before"
        values["before"] = before
    if target is not None:
        # Older versions recorded neither the org nor the operation.
        query += """
            AND (operation IN ('', :operation)) AND (object IN ('', :object)) AND CASE
                WHEN organization <> '' AND :organization <> '' THEN organization = :organization
                ELSE host IN ('', :host) END
        """
        values |= {
            "operation": target.operation,
            "object": target.object,
            "organization": target.organization,
            "host": target.host,
        }
    found: dict[object, HandOver] = {}
    for rows in ranges:
        if not rows.rows:
            continue
        bound = {
            "digest": rows.digest,
            "source": rows.source,
            "start": rows.start,
            "end": rows.end,
            "head": rows.head,
            "longer": longer,
        }
        for number, *row in journal.query(query, values | bound):
            found[number] = _hand_over(row)
    return sorted(found.values(), key=lambda each: each.at, reverse=True)


def _hand_over(row: list[object]) -> HandOver:
    run, job, part, at, remote_id, rows, counts, digest, size = row
    return HandOver(
        str(run),
        str(job),
        int(str(part)),
        float(str(at)),
        str(remote_id),
        int(str(rows)),
        None if counts is None else Counts(*json.loads(str(counts))),
        str(digest),
        int(str(size)),
    )
