"""Converts events to JSON. The keys are public; `docs/events.md` documents them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, assert_never

from attrs import asdict

from bulkflow.errors import DataError
from bulkflow.model.diagnostic import PipelineError
from bulkflow.model.event import (
    JobPrepared,
    Notice,
    Progress,
    RunFinished,
    RunStarted,
    Shown,
    StepFailed,
    StepFinished,
    StepStarted,
)
from bulkflow.report.errors.diagnostics import sort_diagnostics
from bulkflow.report.errors.json_diagnostics import diagnostic_to_json, span_to_json

if TYPE_CHECKING:
    from bulkflow.errors import BulkflowError
    from bulkflow.model.event import Event, JobOutcome
    from bulkflow.model.part import Part


def event_to_json(event: Event) -> dict[str, object]:
    """Convert an event to a JSON object: its name under `event`, then its values."""
    match event:
        case RunStarted():
            return {
                "event": "run_started",
                "run": event.run,
                "pipeline": event.pipeline,
                "org": event.org,
                "orgs": dict(event.orgs),
                "at": event.at,
            }
        case JobPrepared():
            return {
                "event": "job_prepared",
                "job": event.job,
                "rows": event.manifest.rows,
                "bytes": event.manifest.bytes,
                "bytes_sent": event.manifest.sent,
                "columns": list(event.manifest.columns),
                "notes": list(event.manifest.notes),
                "parts": [_part_to_json(part) for part in event.manifest.parts],
                "more": event.manifest.more,
            }
        case StepStarted():
            return {"event": "step_started", **_step_to_json(event)}
        case StepFinished():
            return {
                "event": "step_finished",
                **_step_to_json(event),
                "seconds": event.seconds,
                "counts": None if event.counts is None else asdict(event.counts),
            }
        case StepFailed():
            return {
                "event": "step_failed",
                **_step_to_json(event),
                "seconds": event.seconds,
                "error": error_to_json(event.error),
            }
        case Progress():
            return {
                "event": "progress",
                "job": event.job,
                "at": event.at,
                "parts": event.parts,
                "parts_done": event.parts_done,
                "bytes_sent": event.bytes_sent,
                "bytes_total": event.bytes_total,
                "rows_processed": event.rows_processed,
                "rows_failed": event.rows_failed,
                "rows_total": event.rows_total,
                "states": dict(event.states),
                "rows_unprocessed": event.rows_unprocessed,
                "rows_withheld": event.rows_withheld,
                "rows_unknown": event.rows_unknown,
            }
        case Notice():
            return {
                "event": "notice",
                "level": event.level.value,
                "message": event.message,
                "job": event.job,
                "help": event.help,
            }
        case Shown():
            return {
                "event": "shown",
                "title": event.title,
                "job": event.job,
                "properties": to_json_value(event.properties),
            }
        case RunFinished():
            return {
                "event": "run_finished",
                "run": event.run,
                "exit_code": int(event.exit_code),
                "at": event.at,
                "seconds": event.seconds,
                "jobs": [_outcome_to_json(outcome) for outcome in event.jobs],
                "errors": [error_to_json(error) for error in event.errors],
                "help": event.help,
            }
        case _:
            assert_never(event)


def error_to_json(error: BulkflowError) -> dict[str, object]:
    """Convert an error to a JSON object, with `place` and `diagnostics` if it has them."""
    record: dict[str, object] = {
        "type": type(error).__name__,
        "message": error.message,
        "help": error.help,
        "notes": list(error.notes),
        "exit_code": int(error.exit_code),
    }
    if isinstance(error, DataError) and error.place is not None:
        record["place"] = error.place
    if isinstance(error, PipelineError):
        record["diagnostics"] = [
            diagnostic_to_json(each) for each in sort_diagnostics(error.diagnostics)
        ]
    return record


def to_json_value(value: object) -> object:
    """Convert any value to a JSON value. Types that JSON lacks become strings."""
    match value:
        case Enum():
            return to_json_value(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Mapping():
            return {str(key): to_json_value(item) for key, item in value.items()}
        case list() | tuple():
            return [to_json_value(item) for item in value]
        case set() | frozenset():
            return sorted((to_json_value(item) for item in value), key=str)
        case _:
            return str(value)


def _step_to_json(event: StepStarted | StepFinished | StepFailed) -> dict[str, object]:
    return {
        "step": event.step,
        "text": event.text,
        "job": event.job,
        "at": event.at,
        "place": span_to_json(event.span),
    }


def _part_to_json(part: Part) -> dict[str, object]:
    return {
        "index": part.index,
        "source": part.source,
        "start": part.start,
        "end": part.end,
        "first_row": part.first_row,
        "first_line": part.first_line,
        "rows": part.rows,
        "bytes": part.bytes,
    }


def _outcome_to_json(outcome: JobOutcome) -> dict[str, object]:
    error = outcome.commonest_error
    return {
        "job": outcome.job,
        "phase": outcome.phase,
        "rows": outcome.counts.rows,
        "loaded": outcome.counts.loaded,
        "failed": outcome.counts.failed,
        "unprocessed": outcome.counts.unprocessed,
        "withheld": outcome.counts.withheld,
        "unknown": outcome.counts.unknown,
        "fetched": outcome.counts.fetched,
        "seconds": outcome.seconds,
        "saved": list(outcome.saved),
        "left": list(outcome.left),
        "undone": outcome.undone,
        "commonest_error": None
        if error is None
        else {"message": error.message, "rows": error.rows, "varies": error.varies},
    }
