"""`bulkflow plugins`: list the installed plugins and what each provides."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

import click

from bulkflow.cli.plugin_commands import get_plugins
from bulkflow.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bulkflow.cli.environment import Environment
    from bulkflow.plugin.host import PluginHost
    from bulkflow.plugin.records import Provider


@click.command("plugins")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON array to stdout.")
@click.pass_obj
def command(environment: Environment, as_json: bool) -> int:
    """List the installed plugins and what each provides, or why it failed to load."""
    rows = _make_rows(get_plugins(environment))
    if as_json:
        environment.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return ExitCode.DONE
    for row in rows:
        environment.stdout.write(
            f"{row['plugin']}  {row['distribution']} {row['version']}  {row['status']}\n"
        )
        for kind, names in row["brings"].items():
            environment.stdout.write(f"  {kind}: {', '.join(names)}\n")
        if row["cause"]:
            environment.stdout.write(f"  {row['cause']}\n")
    return ExitCode.DONE


def _make_rows(found: PluginHost) -> list[_Row]:
    brings = _group_by_plugin(found)
    rows = [
        _make_row(each.provider, "loaded", brings[each.provider.plugin]) for each in found.loaded
    ]
    rows += [
        _make_row(each.provider, "broken", cause=f"{type(each.cause).__name__}: {each.cause}")
        for each in found.broken
    ]
    rows += [_make_row(provider, "blocked") for provider in found.blocked]
    return rows


if TYPE_CHECKING:
    from typing import TypedDict

    class _Row(TypedDict):
        plugin: str
        distribution: str
        version: str
        status: str
        brings: Mapping[str, list[str]]
        cause: str


def _make_row(
    provider: Provider, status: str, brings: Mapping[str, list[str]] | None = None, cause: str = ""
) -> _Row:
    return {
        "plugin": provider.plugin,
        "distribution": provider.distribution,
        "version": provider.version,
        "status": status,
        "brings": dict(brings or {}),
        "cause": cause,
    }


def _group_by_plugin(found: PluginHost) -> defaultdict[str, defaultdict[str, list[str]]]:
    brings: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for provider, kind, name in _list_provided(found):
        if provider is not None:
            brings[provider.plugin][kind].append(name)
    return brings


def _list_provided(found: PluginHost) -> Iterator[tuple[Provider | None, str, str]]:
    catalogue = found.catalogue
    for step in catalogue.steps:
        yield from ((step.provider, "steps", phrase.text) for phrase in step.phrases)
    for clause in catalogue.clauses:
        yield from ((clause.provider, "clauses", phrase.text) for phrase in clause.phrases)
    for each in catalogue.conditions:
        yield from ((each.provider, "conditions", phrase.text) for phrase in each.phrases)
    yield from (
        (kind.provider, "value types", name) for name, kind in catalogue.value_types.items()
    )
    yield from ((org.provider, "orgs", name) for name, org in catalogue.orgs.items())
    yield from ((source.provider, "sources", name) for name, source in catalogue.sources.items())
    yield from (
        (each.provider, "sources", suffix)
        for each in catalogue.file_sources
        for suffix in each.suffixes
    )
    yield from ((sink.provider, "sinks", name) for name, sink in catalogue.sinks.items())
    yield from ((made.provider, "commands", " ".join(made.path)) for made in catalogue.commands)
    for plugin in found.loaded:
        yield from ((plugin.provider, "listens to", event) for event in found.list_events(plugin))
