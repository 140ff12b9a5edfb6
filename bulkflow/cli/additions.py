"""Commands that plugins bring."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import click

from bulkflow import app
from bulkflow.errors import PluginError
from bulkflow.plugin.boundary import attributed

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
        with attributed(self._declared.provider, f"loading `{' '.join(self._declared.path)}`"):
            command = self._declared.load()
        if not isinstance(command, click.Command):
            raise PluginError(
                f"plugin {self._declared.provider} brought something that is no command"
            )
        return command.make_context(info_name, args, parent, **extra)


def additions(environment: Environment) -> dict[str, click.Command]:
    """The commands of the installed plugins, by their first word."""
    return _tree(host(environment))


def host(environment: Environment) -> PluginHost:
    """The plugins of this process, found once for each setting of what is blocked."""
    return _host(environment.environ.get(app.BLOCK_VARIABLE, ""))


@cache
def _host(blocked: str) -> PluginHost:
    return app.plugins({app.BLOCK_VARIABLE: blocked})


def _tree(found: PluginHost) -> dict[str, click.Command]:
    top: dict[str, click.Command] = {}
    for declared in found.catalogue.commands:
        *words, last = declared.path
        level: MutableMapping[str, click.Command] = top
        for word in words:
            group = level.setdefault(word, click.Group(word, help=f"Commands of {word}."))
            if not isinstance(group, click.Group):
                raise PluginError(
                    f"plugin {declared.provider} adds a command below `{word}`, "
                    "which is a command itself"
                )
            level = group.commands
        if last in level:
            raise PluginError(
                f"two plugins bring the command `{' '.join(declared.path)}`; "
                f"one of them is {declared.provider}"
            )
        level[last] = LazyCommand(declared)
    return top
