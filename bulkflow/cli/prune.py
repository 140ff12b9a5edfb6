"""`bulkflow prune`: delete what is kept of finished runs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import click

from bulkflow.app.state import RunSelection
from bulkflow.cli.options import state_option
from bulkflow.errors import ExitCode
from bulkflow.report.text.number_format import format_plural, format_size

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.cli.environment import Environment

_UNITS = {"h": 3600, "d": 86_400, "w": 604_800}


def _parse_age(text: str) -> float:
    """Parse an age such as `30d` into seconds."""
    found = re.fullmatch(r"([0-9]{1,6})([hdw])", text)
    if found is None:
        raise click.BadParameter(f"invalid age {text!r}: write 12h, 30d or 4w")
    return float(found[1]) * _UNITS[found[2]]


@click.command("prune")
@click.argument("file", required=False)
@click.option(
    "--older-than",
    type=_parse_age,
    default="30d",
    show_default=True,
    metavar="AGE",
    help="Only runs that finished longer ago than AGE: 12h, 30d or 4w.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be deleted without deleting it.")
@state_option
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")
@click.pass_obj
def command(
    environment: Environment,
    file: str | None,
    older_than: float,
    dry_run: bool,
    state_dir: Path | None,
    as_json: bool,
) -> int:
    """Delete what is kept of finished runs: copies of rows, results and journal records.

    FILE is a pipeline file, and selects the state folder next to it. Unfinished runs are kept, and
    so is the ledger of loaded rows. Pruned runs can no longer be retried or undone.
    """
    from bulkflow.app.pruning import prune

    pruned = prune(RunSelection.of(file, state_dir).directory, older_than, dry=dry_run)
    if as_json:
        record = {
            "runs": pruned.runs,
            "kept_bytes": pruned.kept_bytes,
            "busy": pruned.busy,
            "dry_run": dry_run,
        }
        environment.stdout.write(json.dumps(record) + "\n")
        return ExitCode.DONE
    verb = "would delete" if dry_run else "deleted"
    environment.stdout.writelines(f"{run}\n" for run in pruned.runs)
    environment.show(
        f"{verb} {format_plural(len(pruned.runs), 'run')}, {format_size(pruned.kept_bytes)}"
    )
    for run in pruned.busy:
        environment.show(f"kept {run}: a run of the same file is in progress")
    return ExitCode.DONE
