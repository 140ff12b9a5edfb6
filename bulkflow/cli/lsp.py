"""`bulkflow lsp`: a language server over stdin and stdout."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

import click

from bulkflow.cli.plugin_commands import host
from bulkflow.distribution import get_install_command
from bulkflow.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from typing import BinaryIO

    from bulkflow.cli.environment import Environment


@click.command("lsp")
@click.pass_obj
def command(environment: Environment) -> int:
    """Help an editor with pipeline files, over stdin and stdout.

    An editor starts this by itself; docs/editors.md says how to tell it to.
    """
    if find_spec("pygls") is None:
        raise UsageError(
            "the language server needs pygls, which is not installed",
            help=get_install_command("lsp"),
        )
    from bulkflow.lsp.server import BulkflowServer

    server = BulkflowServer(host(environment).catalogue, environment.environ)
    stdout = cast("BinaryIO | None", getattr(environment.stdout, "buffer", None))
    server.start_io(environment.stdin, stdout)
    return ExitCode.DONE
