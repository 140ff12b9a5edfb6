"""Shell completion of arguments and options; click makes the scripts (`docs/editors.md`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

SUFFIX = ".bulkflow"


def complete_files(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete pipeline files; the shell completes other files and subfolders."""
    del ctx, param
    folder, slash, begun = incomplete.rpartition("/")
    try:
        inside = sorted(Path(folder + slash or ".").iterdir())
    except OSError:
        # The folder does not exist: leave it to the shell.
        inside = []
    matching = [path for path in inside if path.name.startswith(begun) and path.name[0] != "."]
    files = [path.name for path in matching if path.suffix == SUFFIX]
    if not files or any(path.is_dir() for path in matching):
        return [_item(incomplete, type="file")]
    return [_item(f"{folder}{slash}{name}") for name in files]


def complete_codes(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete diagnostic codes, with their titles."""
    del ctx, param
    from bulkflow.language import Code

    return [
        _item(code.value, help=code.title)
        for code in Code
        if code.value.startswith(incomplete.upper())
    ]


def complete_orgs(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the orgs that plugins provide."""
    del param
    from bulkflow.cli.environment import Environment
    from bulkflow.cli.plugin_commands import get_plugins

    environment = ctx.find_object(Environment) or Environment.from_process()
    known = get_plugins(environment).catalogue.orgs.values()
    name, equals, begun = incomplete.rpartition("=")
    return [
        _item(f"{name}{equals}{org.name}", help=org.doc)
        for org in known
        if org.name.startswith(begun)
    ]


def complete_words(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the first words of steps, clauses and conditions."""
    del param
    from bulkflow.cli.environment import Environment
    from bulkflow.cli.plugin_commands import get_plugins

    catalogue = get_plugins(ctx.find_object(Environment) or Environment.from_process()).catalogue
    kinds = (catalogue.step_words, catalogue.clause_words, catalogue.condition_words)
    known = sorted({verb for words in kinds for verb in words.verbs})
    return [_item(verb) for verb in known if verb.startswith(incomplete)]


def complete_runs(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete runs of the state folder, the newest first, with the state of each."""
    del param
    return _run_ids(ctx, incomplete, finished=True)


def complete_unfinished_runs(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete unfinished runs."""
    del param
    return _run_ids(ctx, incomplete, finished=False)


def _run_ids(ctx: click.Context, incomplete: str, *, finished: bool) -> list[CompletionItem]:
    from bulkflow.app import runs
    from bulkflow.app.state import RunSelection
    from bulkflow.cli.run_state import describe_state
    from bulkflow.errors import BulkflowError

    try:
        found = runs.list_runs(RunSelection.of(None, ctx.params.get("state_dir")))
    except BulkflowError:
        # The command itself will report what is wrong with the journal.
        return []
    return [
        _item(run.id, help=f"{describe_state(run)}: {run.pipeline}")
        for run in found
        if run.id.startswith(incomplete) and (finished or run.finished is None)
    ]


def _item(value: str, *, type: str = "plain", help: str | None = None) -> CompletionItem:  # noqa: A002
    # Imported here because every command loads this module, and few complete anything.
    from click.shell_completion import CompletionItem

    return CompletionItem(value, type=type, help=help)
