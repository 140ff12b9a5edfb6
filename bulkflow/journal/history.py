"""Reads earlier runs from the journal."""

from __future__ import annotations

import json
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from attrs import frozen

from bulkflow.model.history import (
    Intent,
    IntentKind,
    IntentOutcome,
    JobHistory,
    PartHistory,
    RunSummary,
    StepRecord,
    StepState,
)
from bulkflow.model.org import format_orgs
from bulkflow.model.part import Part, SourceRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkflow.journal.store import Journal

P = ParamSpec("P")
R = TypeVar("R", covariant=True)


SETTLED: Final = "settled/"
"""Prefix of the places that hold a job's counts after a command such as `retry`."""


@frozen
class RunRecord:
    """A run, with everything that is needed to resume it."""

    summary: RunSummary
    settings: Mapping[str, str]
    chosen_orgs: Mapping[str, str]
    """The profiles given with `--org`, by the names they replace."""
    texts: Mapping[str, str]
    """The pipeline file and its includes by path, as they were when the run started."""
    file: str
    """The pipeline file as given, before links were resolved."""


@frozen
class RunDetails:
    """Everything about a run, for display."""

    summary: RunSummary
    jobs: Mapping[str, JobHistory]
    """The history of each job that was divided into parts, by key."""
    steps: tuple[tuple[str, StepState], ...]
    """Each step that started, as written, and how far it came; in order."""


class _Reading(Protocol[P, R]):
    def __call__(self, journal: Journal, *values: P.args, **named: P.kwargs) -> R: ...


def _undamaged(read: Callable[Concatenate[Journal, P], R]) -> _Reading[P, R]:
    """Report content that cannot be understood as damage to the journal."""

    @wraps(read)
    def reading(journal: Journal, *values: P.args, **named: P.kwargs) -> R:
        try:
            return read(journal, *values, **named)
        except (ValueError, TypeError, AttributeError) as error:
            raise journal.make_damage_error(error) from error

    return reading


@_undamaged
def read_run_details(journal: Journal, run: str) -> RunDetails | None:
    """Read a run with its parts and steps; None for an unknown id."""
    record = read_run(journal, run)
    if record is None:
        return None
    histories = {job: read_job_history(journal, run, job) for job in record.summary.jobs}
    steps = {
        _text(place): (_text(text), StepState(_text(state)))
        for place, text, state in journal.query(
            "SELECT place, text, state FROM step WHERE run = ? AND place NOT LIKE ?"
            " ORDER BY number",
            run,
            f"{SETTLED}%",
        )
    }
    jobs = {job: history for job, history in histories.items() if history is not None}
    return RunDetails(record.summary, jobs, tuple(steps.values()))


@_undamaged
def list_runs(journal: Journal, *, pruned: bool = False) -> list[RunSummary]:
    """List every run, newest first; `pruned` includes runs with only their ledger left."""
    return [
        _summary(journal, row)
        for row in journal.query(
            "SELECT id, pipeline, org, orgs, started, finished, exit_code, given_up, home FROM run"
            " WHERE ? OR pruned IS NULL"
            " ORDER BY started DESC, id DESC",
            pruned,
        )
    ]


@_undamaged
def read_run(journal: Journal, run: str) -> RunRecord | None:
    """Read one run; None for an unknown id."""
    found = journal.query(
        "SELECT id, pipeline, org, orgs, started, finished, exit_code, given_up, home, settings,"
        " chosen_org, chosen_orgs, texts, coalesce(file, pipeline) FROM run"
        " WHERE id = ? AND pruned IS NULL",
        run,
    )
    if not found:
        return None
    (row,) = found
    moved = _moves(journal, row[8])
    return RunRecord(
        _summary(journal, row[:9]),
        json.loads(_text(row[9])),
        _orgs(row[10], row[11], name=""),
        {moved(path): text for path, text in json.loads(_text(row[12])).items()},
        moved(_text(row[13])),
    )


@_undamaged
def read_steps(journal: Journal, run: str) -> dict[str, StepRecord]:
    """Read how far each step of a run came, by place; the newest record of a place counts.

    A halted step is run again, so the records of its handlers are dropped.
    """
    steps: dict[str, StepRecord] = {}
    for row in journal.query(
        "SELECT place, state, detail, number FROM step WHERE run = ? ORDER BY number", run
    ):
        place, state = _text(row[0]), StepState(_text(row[1]))
        steps[place] = StepRecord(place, state, json.loads(_text(row[2])), _number(row[3]))
        if state is StepState.HALTED:
            for handled in [other for other in steps if other.startswith(f"{place}/")]:
                del steps[handled]
    return steps


@_undamaged
def read_job_history(journal: Journal, run: str, job: str) -> JobHistory | None:
    """Read what was done with a job of a run; None if it was never divided into parts."""
    parts = [
        Part(
            _number(row[0]),
            _text(row[1]),
            _number(row[2]),
            _number(row[3]),
            _number(row[4]),
            _number(row[5]),
            _number(row[6]),
            _number(row[7]),
            _text(row[8]),
        )
        for row in journal.query(
            "SELECT number, source, start, end, first_row, first_line, rows, bytes, digest"
            " FROM part WHERE run = ? AND job = ? ORDER BY number",
            run,
            job,
        )
    ]
    home = journal.query("SELECT home FROM run WHERE id = ?", run)
    moved = _moves(journal, home[0][0] if home else None)
    sources = tuple(
        SourceRecord(
            _text(name),
            moved(_text(path)),
            _number(size),
            _number(modified),
            bool(_number(spooled)),
            None if origin is None else moved(_text(origin)),
            _text(digest),
        )
        for name, path, size, modified, spooled, origin, digest in journal.query(
            "SELECT name, path, size, modified_ns, spooled, origin, digest FROM source"
            " WHERE run = ? AND job = ? ORDER BY number",
            run,
            job,
        )
    )
    if not sources and not parts:
        return None
    org = journal.query("SELECT org FROM job_org WHERE run = ? AND job = ?", run, job)
    return JobHistory(
        sources,
        tuple(_part_history(journal, run, job, part) for part in parts),
        _text(org[0][0]) if org else None,
    )


def _part_history(journal: Journal, run: str, job: str, part: Part) -> PartHistory:
    intents = tuple(
        Intent(
            _text(action),
            json.loads(_text(detail)),
            float(_text(at)),
            None if outcome is None else IntentOutcome(_text(outcome)),
            None if result is None else json.loads(_text(result)),
            _number(number),
            None if kind is None else IntentKind(_text(kind)),
        )
        for action, detail, at, outcome, result, number, kind in journal.query(
            "SELECT action, detail, at, outcome, outcome_detail, number, kind FROM intent"
            " WHERE run = ? AND job = ? AND part = ? ORDER BY number",
            run,
            job,
            part.index,
        )
    )
    seen = journal.query(
        "SELECT remote_id, state, processed, failed FROM remote_state"
        " WHERE run = ? AND job = ? AND part = ?"
        " ORDER BY number DESC LIMIT 1",
        run,
        job,
        part.index,
    )
    if not seen:
        return PartHistory(part, intents)
    remote_id, state, processed, failed = seen[0]
    counters = (_number(processed), _number(failed))
    states = journal.query(
        "SELECT DISTINCT state FROM remote_state"
        " WHERE run = ? AND job = ? AND part = ? AND remote_id = ?",
        run,
        job,
        part.index,
        remote_id,
    )
    return PartHistory(
        part,
        intents,
        _text(remote_id),
        _text(state),
        counters,
        frozenset(_text(each) for (each,) in states),
    )


def _summary(journal: Journal, row: tuple[object, ...]) -> RunSummary:
    run = _text(row[0])
    jobs = journal.query(
        # Resent rows belong to a file that is counted already.
        "SELECT job, sum(CASE WHEN source IN (SELECT name FROM source WHERE run = part.run"
        " AND job = part.job AND origin IS NOT NULL) THEN 0 ELSE rows END)"
        " FROM part WHERE run = ? GROUP BY job ORDER BY job",
        run,
    )
    orgs = _orgs(row[2], row[3])
    return RunSummary(
        run,
        _moves(journal, row[8])(_text(row[1])),
        format_orgs(orgs) or None,
        float(_text(row[4])),
        None if row[5] is None else float(_text(row[5])),
        None if row[6] is None else _number(row[6]),
        sum(_number(rows) for _, rows in jobs),
        tuple(_text(job) for job, _ in jobs),
        orgs,
        row[6] is not None and bool(row[7]),
    )


def build_path_mapping(before: Path | None, now: Path | None) -> Callable[[str], str]:
    """Build a function that maps recorded paths to today's, after a move of the project.

    Files in the project's folder move with the state directory.

    Args:
        before: The state directory then; None for runs that did not record it.
        now: The state directory of the paths that are wanted.
    """
    if before is None or now is None or before == now:
        return lambda path: path
    old, new = before.parent, now.parent

    def moved(path: str) -> str:
        known = Path(path)
        return str(new / known.relative_to(old)) if known.is_relative_to(old) else path

    return moved


def _moves(journal: Journal, home: object) -> Callable[[str], str]:
    return build_path_mapping(None if home is None else Path(_text(home)), journal.home)


def _orgs(one: object, several: object, *, name: str | None = None) -> dict[str, str]:
    """Read profiles by name, including those of an older run with one unnamed org.

    Args:
        one: The profile of that org.
        several: The profiles of a newer run.
        name: The name of the unnamed org; by default its profile.
    """
    if one is None:
        return dict(json.loads(_text(several)))
    return {_text(one) if name is None else name: _text(one)}


def _text(value: object) -> str:
    return str(value)


def _number(value: Any) -> int:
    return int(value)
