"""`bulkflow lsp`: start the language server on stdin and stdout."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

import click

from bulkflow.cli.plugin_commands import get_plugins
from bulkflow.distribution import get_install_command
from bulkflow.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from typing import BinaryIO

    from bulkflow.cli.environment import Environment


@click.command("lsp")
@click.pass_obj
def command(environment: Environment) -> int:
    """Start the language server (LSP) on stdin and stdout.

    Editors start it themselves; docs/editors.md shows how to configure them.
    """
    if find_spec("pygls") is None:
        raise UsageError(
            "the language server needs pygls, which is not installed",
            help=f"install it with: {get_install_command('lsp')}",
        )
    from bulkflow.lsp.server import BulkflowServer

    server = BulkflowServer(get_plugins(environment).catalogue, environment.environ)
    stdout = cast("BinaryIO | None", getattr(environment.stdout, "buffer", None))
    server.start_io(environment.stdin, stdout)
    return ExitCode.DONE
