"""Converts a forecast to JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.model.diagnostic import Severity
from bulkflow.model.org import format_orgs
from bulkflow.plugin.context import Job
from bulkflow.report.errors.diagnostics import sort_diagnostics
from bulkflow.report.errors.json_diagnostics import diagnostic_to_json

if TYPE_CHECKING:
    from bulkflow.model.forecast import Forecast, JobForecast
    from bulkflow.model.part import Part


def plan_to_json(forecast: Forecast) -> dict[str, object]:
    """Convert a forecast to a JSON object.

    `diagnostics` has the form of `check`. `errors` has the messages of all errors, including those
    of diagnostics.
    """
    wrong = [each for each in forecast.diagnostics if each.severity is Severity.ERROR]
    return {
        "pipeline": forecast.pipeline,
        "org": format_orgs(forecast.orgs) or None,
        "orgs": dict(forecast.orgs),
        "jobs": [_job_to_json(job) for job in forecast.jobs],
        "steps": [
            {
                "depth": step.depth,
                "kind": step.kind.value,
                "step": step.text,
                "job": step.job,
                "org": step.org,
                "requests": step.requests,
                "requests_per_part": step.requests_per_part,
            }
            for step in forecast.steps
        ],
        "requests": forecast.requests,
        "requests_per_part": forecast.requests_per_part,
        "rows": forecast.rows,
        "bytes": forecast.bytes,
        "diagnostics": [
            diagnostic_to_json(each) for each in sort_diagnostics(forecast.diagnostics)
        ],
        "errors": [
            *(each.message for each in wrong),
            *(str(error) for error in forecast.errors),
        ],
    }


def _job_to_json(job: JobForecast) -> dict[str, object]:
    manifest = None if job.manifest is None or job.manifest.from_org else job.manifest
    return {
        "job": job.job,
        "org": job.org,
        "clauses": list(job.clauses),
        "settings": {
            name: value.key if isinstance(value, Job) else value
            for name, value in job.settings.items()
        },
        "rows": manifest.rows if manifest else None,
        "bytes": manifest.bytes if manifest else None,
        "columns": list(manifest.columns) if manifest else None,
        "notes": list(manifest.notes) if manifest else [],
        "parts": [_part_to_json(part) for part in (manifest.parts if manifest else ())],
        "more": bool(manifest and manifest.more),
    }


def _part_to_json(part: Part) -> dict[str, object]:
    return {
        "number": part.index + 1,
        "source": part.source,
        "start": part.start,
        "end": part.end,
        "first_row": part.first_row,
        "first_line": part.first_line,
        "rows": part.rows,
        "bytes": part.bytes,
    }
