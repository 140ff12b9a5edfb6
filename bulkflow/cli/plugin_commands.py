"""Commands that plugins provide, and the groups that hold them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import click

from bulkflow import app
from bulkflow.errors import PluginError
from bulkflow.plugin.error_boundary import attribute_errors
from bulkflow.plugin.registry import PluginConflictError

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from bulkflow.cli.environment import Environment
    from bulkflow.plugin.host import PluginHost
    from bulkflow.plugin.records import Command

_GROUPS: Final[Mapping[str, str]] = {
    "jobs": "Manage ingest jobs in an org.",
    "org": "Log in to and manage orgs.",
    "sandbox": "Run the local sandbox.",
}
"""The help of command groups. A plugin declares commands, not groups."""


class LazyCommand(click.Command):
    """A plugin's command, which is imported when it is called. Help shows its summary."""

    def __init__(self, declared: Command) -> None:
        super().__init__(declared.path[-1], help=declared.summary, short_help=declared.summary)
        self._declared = declared

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: object,
    ) -> click.Context:
        """Load the command and parse its arguments."""
        with attribute_errors(
            self._declared.provider, f"loading `{' '.join(self._declared.path)}`"
        ):
            command = self._declared.load()
        if not isinstance(command, click.Command):
            raise PluginError(
                f"plugin {self._declared.provider} declares "
                f"`{' '.join(self._declared.path)}`, which is not a click command"
            )
        return command.make_context(info_name, args, parent, **extra)


def find_plugin_commands(environment: Environment) -> dict[str, click.Command]:
    """Find the commands of the installed plugins, by their first word."""
    return _build_tree(get_plugins(environment))


def get_plugins(environment: Environment) -> PluginHost:
    """Get the plugins of this process; they are loaded once per value of `BULKFLOW_BLOCK`."""
    return _host(environment.environ.get(app.BLOCK_VARIABLE, ""))


@cache
def _host(blocked: str) -> PluginHost:
    return app.load_plugins({app.BLOCK_VARIABLE: blocked})


def _build_tree(found: PluginHost) -> dict[str, click.Command]:
    """Build the plugins' commands and their groups. Raises `PluginConflictError`."""
    top: dict[str, click.Command] = {}
    commands: dict[tuple[str, ...], Command] = {}
    groups: dict[tuple[str, ...], Command] = {}
    """The first command in each group."""
    for declared in found.catalogue.commands:
        path = declared.path
        level: MutableMapping[str, click.Command] = top
        for length in range(1, len(path)):
            above, word = path[:length], path[length - 1]
            if above in commands:
                raise _make_conflict(commands[above], declared)
            groups.setdefault(above, declared)
            help_ = _GROUPS.get(word, f"The {word} commands.")
            group = level.setdefault(word, click.Group(word, help=help_))
            assert isinstance(group, click.Group)
            level = group.commands
        other = commands.setdefault(path, declared)
        if other is not declared or path in groups:
            raise _make_conflict(groups.get(path, other), declared)
        level[path[-1]] = LazyCommand(declared)
    return top


def _make_conflict(first: Command, second: Command) -> PluginConflictError:
    one, other = (f"`{' '.join(each.path)}`" for each in (first, second))
    what = f"the command {one}" if one == other else f"the commands {one} and {other}"
    reason = "" if one == other else ", which conflict"
    return PluginConflictError(
        f"two plugins provide {what}{reason}: {first.provider} and {second.provider}",
        help="block one of them with BULKFLOW_BLOCK=NAME",
    )
