"""`bulkflow words`: list the words of the language and the plugin that provides each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from bulkflow.cli.plugin_commands import get_plugins
from bulkflow.cli.shell_completion import complete_words
from bulkflow.cli.words_markdown import render_words_page
from bulkflow.errors import ExitCode, UsageError
from bulkflow.plugin.suggestions import ask_did_you_mean, find_nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.cli.environment import Environment
    from bulkflow.plugin.registry import Catalogue


@click.command("words")
@click.argument("word", required=False, shell_complete=complete_words)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON array to stdout.")
@click.option("--markdown", is_flag=True, help="Write all words as a Markdown page.")
@click.pass_obj
def command(environment: Environment, word: str | None, as_json: bool, markdown: bool) -> int:
    """List the steps, clauses, conditions and value types that start with WORD, or all of them."""
    catalogue = get_plugins(environment).catalogue
    if markdown:
        environment.stdout.write(render_words_page(catalogue))
        return ExitCode.DONE
    rows = [
        row for row in _make_rows(catalogue) if word is None or row["phrase"].split()[0] == word
    ]
    if word is not None and not rows:
        starts = (row["phrase"].split()[0] for row in _make_rows(catalogue))
        near = find_nearest(word, starts)
        raise UsageError(
            f"no step, clause or condition starts with `{word}`",
            help=ask_did_you_mean(near) or "`bulkflow words` lists them all",
        )
    if as_json:
        environment.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return ExitCode.DONE
    kind = ""
    for row in rows:
        if row["kind"] != kind:
            kind = row["kind"]
            environment.stdout.write(f"{'' if row is rows[0] else chr(10)}{kind}s\n")
        doc = row["doc"] if word is not None else row["doc"].partition("\n")[0]
        environment.stdout.write(f"  {row['phrase']}\n")
        for line in doc.splitlines():
            environment.stdout.write(f"      {line}\n" if line else "\n")
        environment.stdout.write(f"      from {row['plugin']}\n")
    return ExitCode.DONE


def _make_rows(catalogue: Catalogue) -> Iterator[dict[str, str]]:
    for kind, records in (
        ("step", catalogue.steps),
        ("clause", catalogue.clauses),
        ("condition", catalogue.conditions),
    ):
        for record in records:
            for phrase in record.phrases:
                yield {
                    "kind": kind,
                    "phrase": phrase.text,
                    "doc": record.doc,
                    "plugin": str(record.provider),
                }
    for value_type in catalogue.value_types.values():
        yield {
            "kind": "value type",
            "phrase": value_type.name,
            "doc": f"Takes {value_type.shows}.",
            "plugin": str(value_type.provider or "bulkflow itself"),
        }
