"""The command: `bulkflow acme preview`."""

from __future__ import annotations

import csv
import io

import click

from bulkflow_acme.customers import COLUMNS, make_customers


@click.command("preview")
@click.option(
    "--rows", type=click.IntRange(min=1), default=5, show_default=True, help="Number of customers."
)
def preview(rows: int) -> int:
    """Print made-up customers as CSV, as `acme://customers` would load them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(make_customers(rows))
    click.echo(text.getvalue(), nl=False)
    return 0
