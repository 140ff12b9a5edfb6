"""Sandboxes for tests: a context manager and a pytest fixture.

With pytest, one line in `conftest.py` adds the fixture `salesforce_sandbox`, a new, empty org for
each test that uses it:

    pytest_plugins = ["bulkflow_sandbox.testing"]

    def test_my_loader(salesforce_sandbox):
        salesforce_sandbox.insert("Account", {"Name": "Acme"})
        my_loader.run(salesforce_sandbox.url, salesforce_sandbox.token)
        assert [one["LastName"] for one in salesforce_sandbox.records("Contact")] == ["Muster"]

    @pytest.mark.salesforce_sandbox(tls=True, faults=["create=cut-after"])
    def test_my_loader_in_bad_weather(salesforce_sandbox): ...

The marker takes the arguments of `local_org`, the context manager for use without pytest.
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
from bulkflow_sandbox.schema.file import load_schema, load_standard_schema, read_schema
from bulkflow_sandbox.schema.objects import Schema
from bulkflow_sandbox.server.server import SandboxServer
from bulkflow_sandbox.server.tls import ensure_certificate
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

# pytest reads this name in every module that it loads as a plugin.
pytest_plugins = ["bulkflow_sandbox.fixtures"]


@define(eq=False)
class LocalOrg:
    """A running sandbox, for tests.

    `sandbox` gives access to everything else: `sandbox.sessions.revoke_all()`,
    `sandbox.limits.set(...)`, `sandbox.worker.set_speed(...)`.
    """

    _server: SandboxServer
    certificate: Certificate | None

    @property
    def sandbox(self) -> Sandbox:
        """The state that is served."""
        return self._server.api

    @property
    def url(self) -> str:
        """The instance URL, such as `http://127.0.0.1:50123`."""
        return self._server.url

    @property
    def instance(self) -> str:
        """The host and port of the URL, as in simple-salesforce's `instance`."""
        return urlsplit(self.url).netloc

    @property
    def token(self) -> str:
        """An access token that is valid until the test revokes it."""
        return self._server.token

    @property
    def page(self) -> str:
        """The link to the web page, including its token."""
        return self._server.page

    @property
    def org_id(self) -> str:
        """The org id, 18 characters."""
        return self.sandbox.org.id

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that point bulkflow, the Salesforce CLI and TLS libraries at the org.

        They also make bulkflow wait at most 3 seconds for a response.
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
        """The requests of clients so far, in the order of the responses."""
        return self.sandbox.requests.list_after()

    def jobs(self) -> list[BulkJob]:
        """List all jobs that are not deleted, oldest first."""
        with self.sandbox.database.reading() as connection:
            return list_jobs_after(connection, tuple(JobType), "", -1)

    def records(self, object_name: str, *, deleted: bool = False) -> list[dict[str, Value]]:
        """List all records of an object, oldest first, each with all of its fields.

        Args:
            object_name: The API name of the object.
            deleted: Whether to include records in the recycle bin.

        Raises:
            UsageError: The object does not exist.
        """
        item = self.sandbox.org.schema.find_object(object_name)
        if item is None:
            raise UsageError(
                f"the sandbox has no object {object_name!r}",
                help="describe it in a schema, and pass that as `schema=`",
            )
        with self.sandbox.database.reading() as connection:
            return list_records(connection, item, deleted=deleted)

    def insert(self, object_name: str, *records: Mapping[str, object]) -> list[str]:
        """Add records without a job or a request, such as the data that a test starts with.

        Args:
            object_name: The API name of the object.
            records: The fields of each record, with JSON values.

        Returns:
            The ids, in order.

        Raises:
            ApiError: The org rejects a record. The records before it have been added.
        """
        saving = Records(self.sandbox.org)
        return [saving.create(object_name, record, USER_ID).id for record in records]

    @contextmanager
    def away(self) -> Iterator[None]:
        """Refuse every connection while the block runs; jobs continue."""
        self._server.stop()
        try:
            yield
        finally:
            self._server.start()

    def settle(self, timeout: float = 60) -> bool:
        """Wait until all work that the pace allows now is done; return False on a timeout."""
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
    """Serve a new org while the block runs.

    Args:
        data: The folder for all data. `None` uses a temporary one.
        tls: Whether to serve https, with a certificate made for this org.
        schema: Objects, fields and rules to add to the standard ones, as the path or the content of
            a schema file; or a `Schema` to use instead.
        processing: How fast jobs are processed: a pace, or text such as `"3 polls"`.
        faults: Faults to inject: objects, or text such as `"upload#2=503"`.
        clock: The org's time.
        choices: The behaviors that can be configured.
        token: The access token. `None` makes one.
        org_id: The org id. `None` uses the one in the folder, or makes one.
        host: The address to listen on.
        port: The port. 0 picks a free one.
        names: More host names of the server, added to the certificate.

    Raises:
        SchemaError: The schema is invalid.
        UsageError: `processing`, `faults` or `org_id` is invalid.
        SandboxError: The folder, address or port cannot be used, or a library for TLS is missing.
    """
    resolved = _resolve_schema(schema)
    speed = read_speed(processing) if isinstance(processing, str) else processing
    injected = [read_fault(fault) if isinstance(fault, str) else fault for fault in faults]
    with ExitStack() as stack:
        certificate = None
        if tls:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bulkflow-tls-"))
            certificate = ensure_certificate(Path(folder), (host, *names))
        sandbox = stack.enter_context(
            Sandbox(
                data,
                clock=clock,
                processing=speed,
                token=token,
                org_id=org_id,
                schema=resolved,
                choices=choices,
                faults=injected,
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


def _resolve_schema(given: Schema | Path | Mapping[str, object] | None) -> Schema | None:
    if given is None or isinstance(given, Schema):
        return given
    if isinstance(given, Path):
        return load_schema(given, load_standard_schema())
    return read_schema(given, load_standard_schema())
