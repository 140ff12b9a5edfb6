"""Commands that plugins bring."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import click

from bulkflow import app
from bulkflow.errors import PluginError
from bulkflow.plugin.error_boundary import attribute_errors
from bulkflow.plugin.registry import PluginConflictError

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from bulkflow.cli.environment import Environment
    from bulkflow.plugin.host import PluginHost
    from bulkflow.plugin.records import Command


class LazyCommand(click.Command):
    """A plugin's command: loaded when it is called, known by its summary before."""

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
        """Load the command and let it read its arguments."""
        with attribute_errors(
            self._declared.provider, f"loading `{' '.join(self._declared.path)}`"
        ):
            command = self._declared.load()
        if not isinstance(command, click.Command):
            raise PluginError(
                f"plugin {self._declared.provider} brought something that is no command"
            )
        return command.make_context(info_name, args, parent, **extra)


def find_plugin_commands(environment: Environment) -> dict[str, click.Command]:
    """The commands of the installed plugins, by their first word."""
    return _tree(get_plugins(environment))


def get_plugins(environment: Environment) -> PluginHost:
    """The plugins of this process, found once for each setting of what is blocked."""
    return _host(environment.environ.get(app.BLOCK_VARIABLE, ""))


@cache
def _host(blocked: str) -> PluginHost:
    return app.load_plugins({app.BLOCK_VARIABLE: blocked})


def _tree(found: PluginHost) -> dict[str, click.Command]:
    """The plugins' commands, and the groups that they stand in. Raises `PluginConflictError`."""
    top: dict[str, click.Command] = {}
    commands: dict[tuple[str, ...], Command] = {}
    groups: dict[tuple[str, ...], Command] = {}
    """Each with the first command below it."""
    for declared in found.catalogue.commands:
        path = declared.path
        level: MutableMapping[str, click.Command] = top
        for length in range(1, len(path)):
            above, word = path[:length], path[length - 1]
            if above in commands:
                raise _clash(commands[above], declared)
            groups.setdefault(above, declared)
            group = level.setdefault(word, click.Group(word, help=f"Commands of {word}."))
            assert isinstance(group, click.Group)
            level = group.commands
        other = commands.setdefault(path, declared)
        if other is not declared or path in groups:
            raise _clash(groups.get(path, other), declared)
        level[path[-1]] = LazyCommand(declared)
    return top


def _clash(first: Command, second: Command) -> PluginConflictError:
    one, other = (f"`{' '.join(each.path)}`" for each in (first, second))
    what = f"the command {one}" if one == other else f"the commands {one} and {other}"
    both = "" if one == other else ", which cannot both be"
    return PluginConflictError(
        f"two plugins bring {what}{both}: {first.provider} and {second.provider}",
        help="block one of them: BULKFLOW_BLOCK=NAME",
    )
