"""The command `bulkflow sandbox serve`."""

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
from bulkflow_sandbox.schema.file import load_schema, load_standard_schema
from bulkflow_sandbox.server.listen_address import check_reach, read_address
from bulkflow_sandbox.server.server import serve as serve_sandbox
from bulkflow_sandbox.server.tls import ensure_certificate
from bulkflow_sandbox.server.token_source import VARIABLE, read_token

if TYPE_CHECKING:
    from bulkflow_sandbox.server.listen_address import ListenAddress

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=int, default=0, help="The port; by default, a free one.")
@click.option("--allow-remote", is_flag=True, help="Allow a --host that other machines can reach.")
@click.option(
    "--token",
    help="The access token; by default, a random one. Other users of this machine can see it: "
    f"prefer --token-file or the variable {VARIABLE}.",
)
@click.option("--token-file", type=_FILE, help="A file that contains the access token.")
@click.option(
    "--logins/--no-logins",
    default=None,
    help="Whether the well-known user and apps can log in; by default, only if no other machine "
    "can reach the sandbox.",
)
@click.option("--org-id", help="The org id; by default, the one in --data, or a random one.")
@click.option(
    "--data",
    type=_FOLDER,
    help="The folder for records and jobs; by default, they are deleted at the end.",
)
@click.option(
    "--schema",
    "schema_file",
    type=_FILE,
    help="A JSON or YAML file of objects, fields and rules to add to the standard ones.",
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
    help="A fault to inject, such as `upload#2=503` or `create=cut-after`; repeatable.",
)
@click.option("--tls", is_flag=True, help="Serve https, with a certificate made for the sandbox.")
@click.option(
    "--tls-name",
    "names",
    multiple=True,
    help="Another host name or address for the certificate; implies --tls; repeatable.",
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

    When ready, prints the environment variables that point `org env` and other clients at it, and
    a link to a page that shows its jobs, records and requests.
    """
    access_token = read_token(token, token_file, os.environ)
    address = read_address(host)
    warning = check_reach(address, allow_remote=allow_remote, tls=tls or bool(names))
    speed = read_speed(processing)
    injected = [read_fault(fault) for fault in faults]
    schema = None if schema_file is None else load_schema(schema_file, load_standard_schema())
    with ExitStack() as stack:
        certificate = None
        if tls or names:
            folder = (
                Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bulkflow-tls-")))
                if data is None
                else data / "tls"
            )
            certificate = ensure_certificate(folder, _list_certified_names(host, address, names))
        sandbox = stack.enter_context(
            Sandbox(
                data,
                token=access_token,
                org_id=org_id,
                processing=speed,
                schema=schema,
                faults=injected,
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
            click.echo(f"ready; {page} shows what happens; press Ctrl-C to stop", err=True)

        serve_sandbox(
            sandbox,
            host=address.host,
            port=port,
            certificate=None if certificate is None else certificate.pair,
            names=(host, *names),
            on_ready=ready,
        )
    return 0


def _list_certified_names(
    host: str, address: ListenAddress, names: tuple[str, ...]
) -> tuple[str, ...]:
    """List the names for the certificate; nobody connects to a wildcard address."""
    return names if address.wildcard else (host, address.host, *names)
