"""`bulkflow sandbox serve`."""

from __future__ import annotations

import os
import shlex
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkflow_sandbox.faults.syntax import read_fault
from bulkflow_sandbox.jobs.speed_syntax import read_speed
from bulkflow_sandbox.sandbox import Sandbox
from bulkflow_sandbox.schema.file import load_schema, standard_schema
from bulkflow_sandbox.server.listen_address import check_reach, read_address
from bulkflow_sandbox.server.server import serve as serve_sandbox
from bulkflow_sandbox.server.tls import certificate_in
from bulkflow_sandbox.server.token_source import VARIABLE, read_token

if TYPE_CHECKING:
    from bulkflow_sandbox.server.listen_address import ListenAddress

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=int, default=0, help="The port; without it, a free one.")
@click.option(
    "--allow-remote", is_flag=True, help="Let other machines reach it, where --host does so."
)
@click.option(
    "--token",
    help=f"The access token that it takes, which other users of the machine can see; rather use "
    f"--token-file or the variable {VARIABLE}. Without any, one is made.",
)
@click.option("--token-file", type=_FILE, help="A file with the access token that it takes.")
@click.option(
    "--logins/--no-logins",
    default=None,
    help="Whether the user and the apps that everybody knows can log in; they can where only this "
    "machine reaches the sandbox.",
)
@click.option("--org-id", help="The organization's id; without it, one is made and kept.")
@click.option(
    "--data",
    type=_FOLDER,
    help="The folder that keeps its records and jobs; without it, they go when it ends.",
)
@click.option(
    "--schema",
    "schema_file",
    type=_FILE,
    help="A JSON file of objects, fields and rules to add to the standard ones.",
)
@click.option(
    "--processing",
    default="immediately",
    show_default=True,
    help="How fast jobs are processed: `immediately`, `3 polls`, `10s` or `500 rows/s`.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="FAULT",
    help="What goes wrong, such as `upload#2=503` or `create=cut-after`; may be repeated.",
)
@click.option("--tls", is_flag=True, help="Serve https, with a certificate of its own.")
@click.option(
    "--tls-name",
    "names",
    multiple=True,
    help="A further host name or address that the certificate is for; may be repeated.",
)
def serve(
    host: str,
    port: int,
    allow_remote: bool,
    token: str | None,
    token_file: Path | None,
    logins: bool | None,
    org_id: str | None,
    data: Path | None,
    schema_file: Path | None,
    processing: str,
    faults: tuple[str, ...],
    tls: bool,
    names: tuple[str, ...],
) -> int:
    """Serve a local Bulk API 2.0 sandbox until Ctrl-C.

    Prints, when it is ready, the environment variables with which `org env` and other clients
    reach it, and a link that shows its jobs, records and requests in a browser.
    """
    access_token = read_token(token, token_file, os.environ)
    address = read_address(host)
    warning = check_reach(address, allow_remote=allow_remote, tls=tls or bool(names))
    speed = read_speed(processing)
    wrong = [read_fault(fault) for fault in faults]
    schema = None if schema_file is None else load_schema(schema_file, standard_schema())
    with ExitStack() as stack:
        certificate = None
        if tls or names:
            folder = (
                Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bulkflow-tls-")))
                if data is None
                else data / "tls"
            )
            certificate = certificate_in(folder, _certified(host, address, names))
        sandbox = stack.enter_context(
            Sandbox(
                data,
                token=access_token,
                org_id=org_id,
                processing=speed,
                schema=schema,
                faults=wrong,
                known_logins=address.local if logins is None else logins,
            )
        )

        def ready(url: str) -> None:
            variables = {"SF_ORG_INSTANCE_URL": url, "SF_ACCESS_TOKEN": sandbox.token}
            if certificate is not None:
                variables |= certificate.environment
            for name, value in variables.items():
                click.echo(f"export {name}={shlex.quote(value)}")
            if warning is not None:
                click.echo(f"warning: {warning}", err=True)
            page = sandbox.access.make_link(url)
            click.echo(f"ready; {page} shows what happens; Ctrl-C ends it", err=True)

        serve_sandbox(
            sandbox,
            host=address.host,
            port=port,
            certificate=None if certificate is None else certificate.pair,
            names=(host, *names),
            on_ready=ready,
        )
    return 0


def _certified(host: str, address: ListenAddress, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that the certificate is for: a wildcard is an address of nobody."""
    return names if address.wildcard else (host, address.host, *names)
