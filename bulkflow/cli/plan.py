"""`bulkflow plan`: what a run would do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from bulkflow import app
from bulkflow.cli.additions import host
from bulkflow.cli.options import pipeline_options, request_of
from bulkflow.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.cli.environment import Environment
    from bulkflow.engine.forecast import Forecast, JobForecast


@click.command("plan")
@pipeline_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_obj
def command(
    environment: Environment,
    file: Path,
    settings: tuple[str, ...],
    org: str | None,
    as_json: bool,
) -> int:
    """Show what a run of the pipeline FILE would do.

    Reads the data to its end, as a run does before its first request; sends nothing. Ends with 2 if
    the file or the data is wrong.
    """
    request = request_of(environment, file, settings, org)
    forecast = app.plan(request, host(environment), lambda _: None)
    if as_json:
        environment.stdout.write(json.dumps(_as_json(forecast), ensure_ascii=False) + "\n")
    else:
        environment.stdout.write(_as_text(forecast))
    for error in forecast.errors:
        environment.show_error(error)
    return ExitCode.WRONG if forecast.errors else ExitCode.DONE


def _as_text(forecast: Forecast) -> str:
    lines = [f"{forecast.pipeline} against {forecast.org or 'no org'}", ""]
    for job in forecast.jobs:
        lines += _job_lines(job)
    lines.append("steps")
    for step in forecast.steps:
        calls = ""
        if step.requests is None:
            calls = "    (calls: not known yet)"
        elif step.requests:
            calls = f"    ({_plural(step.requests, 'call')})"
        lines.append(f"  {'  ' * step.depth}{step.text}{calls}")
    lines += [
        "",
        ", ".join(
            (
                _plural(forecast.rows, "row"),
                _megabytes(forecast.bytes),
                f"at least {_plural(forecast.requests, 'API call')}; more for waiting and handlers",
            )
        ),
        "",
    ]
    return "\n".join(lines)


def _job_lines(job: JobForecast) -> list[str]:
    lines = [f"job {job.job}"]
    lines += [f"  {name.replace('_', ' ')}: {value}" for name, value in job.settings.items()]
    manifest = job.manifest
    if manifest is None:
        lines.append("  its rows are not known before the run")
    else:
        lines.append(
            f"  {_plural(manifest.rows, 'row')} in {_plural(len(manifest.parts), 'part')}, "
            f"{_megabytes(manifest.bytes)}, {_plural(len(manifest.columns), 'column')}: "
            f"{', '.join(manifest.columns)}"
        )
        lines += [
            f"    part {part.index + 1}: {part.source} from line {part.first_line:,}: "
            f"{_plural(part.rows, 'row')}, {_megabytes(part.bytes)}"
            for part in manifest.parts
        ]
        lines += [f"  note: {note}" for note in manifest.notes]
    return [*lines, ""]


def _as_json(forecast: Forecast) -> dict[str, object]:
    return {
        "pipeline": forecast.pipeline,
        "org": forecast.org,
        "jobs": [
            {
                "job": job.job,
                "settings": dict(job.settings),
                "rows": job.manifest.rows if job.manifest else None,
                "bytes": job.manifest.bytes if job.manifest else None,
                "columns": list(job.manifest.columns) if job.manifest else None,
                "notes": list(job.manifest.notes) if job.manifest else [],
                "parts": [
                    {
                        "number": part.index + 1,
                        "source": part.source,
                        "start": part.start,
                        "end": part.end,
                        "first_row": part.first_row,
                        "first_line": part.first_line,
                        "rows": part.rows,
                        "bytes": part.bytes,
                    }
                    for part in (job.manifest.parts if job.manifest else ())
                ],
            }
            for job in forecast.jobs
        ],
        "steps": [
            {"depth": step.depth, "step": step.text, "job": step.job, "requests": step.requests}
            for step in forecast.steps
        ],
        "requests": forecast.requests,
        "rows": forecast.rows,
        "bytes": forecast.bytes,
        "errors": [str(error) for error in forecast.errors],
    }


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
