"""Sandboxes for anybody's tests: a context manager, and a pytest fixture.

With pytest, one line in `conftest.py` brings the fixture `salesforce_sandbox`, a new empty org for
each test that asks for it:

    pytest_plugins = ["bulkflow_sandbox.testing"]

    def test_my_loader(salesforce_sandbox):
        salesforce_sandbox.insert("Account", {"Name": "Acme"})
        my_loader.run(salesforce_sandbox.url, salesforce_sandbox.token)
        assert [one["LastName"] for one in salesforce_sandbox.records("Contact")] == ["Muster"]

    @pytest.mark.salesforce_sandbox(tls=True, faults=["create=cut-after"])
    def test_my_loader_in_bad_weather(salesforce_sandbox): ...

The marker takes the arguments of `local_org`, which is the context manager for everybody else.
Importing this module does not import pytest.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import define

from bulkflow.errors import UsageError
from bulkflow_sandbox.faults.syntax import read_fault
from bulkflow_sandbox.jobs.job import JobType
from bulkflow_sandbox.jobs.job_table import list_jobs_after
from bulkflow_sandbox.jobs.speed_syntax import read_speed
from bulkflow_sandbox.org import USER_ID
from bulkflow_sandbox.rest.records import Records
from bulkflow_sandbox.sandbox import Sandbox
from bulkflow_sandbox.schema.file import load_schema, read_schema, standard_schema
from bulkflow_sandbox.schema.objects import Schema
from bulkflow_sandbox.server.server import SandboxServer
from bulkflow_sandbox.server.tls import certificate_in
from bulkflow_sandbox.store.list_records import list_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.clock import SandboxClock
    from bulkflow_sandbox.core.request_log import RequestEntry
    from bulkflow_sandbox.faults.fault import AnyFault
    from bulkflow_sandbox.jobs.job import BulkJob
    from bulkflow_sandbox.jobs.processing_speed import ProcessingSpeed
    from bulkflow_sandbox.schema.rules import Value
    from bulkflow_sandbox.server.tls import Certificate

__all__ = ["LocalOrg", "local_org"]

# Where pytest finds the fixture; it reads this name in every module that it loads as a plugin.
pytest_plugins = ["bulkflow_sandbox.fixtures"]


@define(eq=False)
class LocalOrg:
    """A running sandbox as a test sees it.

    `sandbox` is its state, for all that is not here: `sandbox.sessions.revoke_all()`,
    `sandbox.limits.set(...)`, `sandbox.worker.set_speed(...)`.
    """

    _server: SandboxServer
    certificate: Certificate | None

    @property
    def sandbox(self) -> Sandbox:
        """The state behind the server."""
        return self._server.api

    @property
    def url(self) -> str:
        """The instance URL, such as `http://127.0.0.1:50123`."""
        return self._server.url

    @property
    def instance(self) -> str:
        """The host and port of the URL: what simple-salesforce calls `instance`."""
        return urlsplit(self.url).netloc

    @property
    def token(self) -> str:
        """An access token that is valid until the test makes it invalid."""
        return self._server.token

    @property
    def page(self) -> str:
        """The link to the page, with its token."""
        return self._server.page

    @property
    def org_id(self) -> str:
        """The organization's id, of 18 characters."""
        return self.sandbox.org.id

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables by which bulkflow, the Salesforce CLI and TLS libraries find the org.

        What does not come is waited for no longer than 3 seconds.
        """
        trust = {} if self.certificate is None else self.certificate.environment
        return {
            "SF_ORG_INSTANCE_URL": self.url,
            "BULKFLOW_PATIENCE": "3s",
            "SF_ACCESS_TOKEN": self.token,
            **trust,
        }

    @property
    def requests(self) -> tuple[RequestEntry, ...]:
        """What clients have asked so far, in the order in which it was answered."""
        return self.sandbox.requests.list_after()

    def jobs(self) -> list[BulkJob]:
        """All jobs that are not deleted, the oldest first."""
        with self.sandbox.database.reading() as connection:
            return list_jobs_after(connection, tuple(JobType), "", -1)

    def records(self, object_name: str, *, deleted: bool = False) -> list[dict[str, Value]]:
        """All records of an object, the oldest first, each with all of its fields.

        Args:
            object_name: The API name of the object.
            deleted: Whether to list those that are in the bin too.

        Raises:
            UsageError: There is no such object.
        """
        item = self.sandbox.org.schema.object(object_name)
        if item is None:
            raise UsageError(
                f"the sandbox has no object {object_name!r}",
                help="describe it in a schema, and give that with schema=",
            )
        with self.sandbox.database.reading() as connection:
            return list_records(connection, item, deleted=deleted)

    def insert(self, object_name: str, *records: Mapping[str, object]) -> list[str]:
        """Adds records before a test begins, outside of any job and of the request log.

        Args:
            object_name: The API name of the object.
            records: The fields of each, with values as in JSON.

        Returns:
            Their ids, in order.

        Raises:
            ApiError: The org refuses one; those before it are there.
        """
        saving = Records(self.sandbox.org)
        return [saving.create(object_name, record, USER_ID).id for record in records]

    @contextmanager
    def away(self) -> Iterator[None]:
        """Lets the org refuse every connection while the block runs; jobs go on."""
        self._server.stop()
        try:
            yield
        finally:
            self._server.start()

    def settle(self, timeout: float = 60) -> bool:
        """Waits until all work is done that the pace allows now; whether it came to that."""
        return self.sandbox.settle(timeout)


@contextmanager
def local_org(
    *,
    data: Path | None = None,
    tls: bool = False,
    schema: Schema | Path | Mapping[str, object] | None = None,
    processing: ProcessingSpeed | str | None = None,
    faults: Iterable[AnyFault | str] = (),
    clock: SandboxClock | None = None,
    choices: Choices | None = None,
    token: str | None = None,
    org_id: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    names: tuple[str, ...] = (),
) -> Iterator[LocalOrg]:
    """Serves a new org while the block runs.

    Args:
        data: The folder that keeps everything; `None` is a temporary one.
        tls: Whether to serve https, with a certificate made for this org.
        schema: Objects, fields and rules to add to the standard ones: the path of a schema file,
            what stands in one, or a whole schema in the place of the standard one.
        processing: How fast jobs are processed: a pace, or words such as `"3 polls"`.
        faults: What goes wrong: faults, or words such as `"upload#2=503"`.
        clock: The time that it lives in.
        choices: The behaviours that can be otherwise.
        token: The access token; `None` makes one.
        org_id: The organization's id; `None` is that of the folder, or a new one.
        host: The address to listen on.
        port: The port; 0 is a free one.
        names: Host names of the server, besides those of this machine; the certificate has them.

    Raises:
        SchemaError: The schema is wrong.
        UsageError: The words for `processing` or `faults`, or the id, are wrong.
        SandboxError: The folder, address or port cannot be used, or TLS lacks its library.
    """
    known = _schema(schema)
    speed = read_speed(processing) if isinstance(processing, str) else processing
    wrong = [read_fault(fault) if isinstance(fault, str) else fault for fault in faults]
    with ExitStack() as stack:
        certificate = None
        if tls:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bulkflow-tls-"))
            certificate = certificate_in(Path(folder), (host, *names))
        sandbox = stack.enter_context(
            Sandbox(
                data,
                clock=clock,
                processing=speed,
                token=token,
                org_id=org_id,
                schema=known,
                choices=choices,
                faults=wrong,
            )
        )
        server = stack.enter_context(
            SandboxServer(
                sandbox,
                host=host,
                port=port,
                certificate=None if certificate is None else certificate.pair,
                names=names,
            )
        )
        yield LocalOrg(server, certificate)


def _schema(given: Schema | Path | Mapping[str, object] | None) -> Schema | None:
    if given is None or isinstance(given, Schema):
        return given
    if isinstance(given, Path):
        return load_schema(given, standard_schema())
    return read_schema(given, standard_schema())
