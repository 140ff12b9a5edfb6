"""A sandbox: an org with its records and jobs, and the thread that processes them."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from bulkflow_sandbox.core.behavior import Choices
from bulkflow_sandbox.core.clock import RealTimeClock
from bulkflow_sandbox.core.dates import format_moment
from bulkflow_sandbox.core.errors import SandboxError, SchemaError
from bulkflow_sandbox.core.limits import Limits
from bulkflow_sandbox.core.request_log import RequestLog
from bulkflow_sandbox.faults.plan import FaultPlan
from bulkflow_sandbox.ingest.jobs import IngestJobs
from bulkflow_sandbox.jobs.job import JobType
from bulkflow_sandbox.jobs.job_table import create_job_table, list_latest_jobs
from bulkflow_sandbox.jobs.processing_speed import Immediately
from bulkflow_sandbox.jobs.worker import Worker
from bulkflow_sandbox.login.admin_access import AdminAccess
from bulkflow_sandbox.login.service import Logins
from bulkflow_sandbox.login.sessions import Sessions, make_token
from bulkflow_sandbox.org import USER_ID, USERNAME, SandboxOrg, make_org_id, read_org_id
from bulkflow_sandbox.query.jobs import QueryJobs
from bulkflow_sandbox.rest.collections import RecordCollections
from bulkflow_sandbox.rest.queries import RestQueries
from bulkflow_sandbox.rest.records import Records
from bulkflow_sandbox.schema.file import load_standard_schema, read_schema
from bulkflow_sandbox.store.database import RecordDatabase, take_serials
from bulkflow_sandbox.store.tables import create_table, quote_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

    from bulkflow_sandbox.core.clock import SandboxClock
    from bulkflow_sandbox.faults.fault import AnyFault
    from bulkflow_sandbox.jobs.processing_speed import ProcessingSpeed
    from bulkflow_sandbox.schema.objects import Schema


class Sandbox:
    """The state of a local Bulk API 2.0 server, without HTTP.

    Args:
        data: The folder for all data. `None` uses a temporary one, removed by `close`.
        clock: The org's time.
        processing: How fast jobs are processed.
        token: An access token that is valid from the start. `None` makes one.
        org_id: The org id. `None` uses the one in the folder, or makes one.
        schema: The objects and rules. `None` uses the standard ones.
        choices: The behaviors that can be configured.
        faults: Faults to inject from the start.
        known_logins: Whether the well-known user and apps can log in.

    Raises:
        SandboxError: The folder cannot be used, or its org has another id.
        UsageError: The id is not an org id.
    """

    def __init__(
        self,
        data: Path | None = None,
        *,
        clock: SandboxClock | None = None,
        processing: ProcessingSpeed | None = None,
        token: str | None = None,
        org_id: str | None = None,
        schema: Schema | None = None,
        choices: Choices | None = None,
        faults: Iterable[AnyFault] = (),
        known_logins: bool = True,
    ) -> None:
        clock = clock or RealTimeClock()
        choices = choices or Choices()
        self.database = RecordDatabase(data)
        try:
            self.requests = RequestLog()
            self.limits = Limits(clock, records_per_day=choices.records_per_day)
            self.faults = FaultPlan(clock, self.limits, faults)
            self.org = SandboxOrg(
                id=self._load_org_id(org_id),
                schema=self._load_schema(schema or load_standard_schema()),
                database=self.database,
                clock=clock,
                choices=choices,
                limits=self.limits,
                faults=self.faults,
            )
            self.sessions = Sessions(
                token or make_token(self.org.id),
                USER_ID,
                clock,
                lambda: make_token(self.org.id),
                timedelta(hours=choices.session_hours),
            )
            self.access = AdminAccess(self.sessions, token)
            self._given_token = token
            self._create_tables()
            self._add_first_records()
            self.logins = Logins(self.org, self.sessions, known=known_logins)
            self.worker = Worker(clock, processing or Immediately())
            self.ingest = IngestJobs(self.org, self.worker)
            self.query = QueryJobs(self.org, self.worker)
            self.records = Records(self.org)
            self.collections = RecordCollections(self.org, self.records)
            self.queries = RestQueries(self.org)
        except BaseException:
            self.database.close()
            raise

    @property
    def token(self) -> str:
        """The access token that is valid from the start."""
        return self.sessions.token

    def settle(self, timeout: float | None = 60) -> bool:
        """Wait until all work that the pace allows now is done; return False on a timeout."""
        return self.worker.settle(timeout)

    def inject(self, *faults: AnyFault) -> None:
        """Inject faults from now on: all of them or none.

        Raises:
            UsageError: A fault names an unknown limit.
        """
        self.faults.add(*faults)

    def commit_late(self) -> None:
        """Let batches that outlive their jobs save their rows now."""
        self.worker.hurry()

    def refresh(self) -> None:
        """Empty the org, like refreshing a Salesforce sandbox.

        Afterwards the org has another id, only the records of a new org, no jobs and no logins.
        Schema, passwords, apps, limits and faults stay. The token changes unless it was given.
        """
        with self.database.reading() as connection:
            jobs = list_latest_jobs(connection, -1)
        for job in jobs:
            (self.query if job.job_type is JobType.QUERY else self.ingest).remove(job)
        with self.database.writing() as connection:
            for item in self.org.schema:
                connection.execute(f"DELETE FROM {quote_name(item.name)}")  # noqa: S608 - of the schema
            self.org.id = make_org_id()
            _store_org_id(connection, self.org.id)
            self._add_first_records()
        self.logins.grants.clear()
        self.sessions.reset(self._given_token or make_token(self.org.id), USER_ID)

    def change_schema(self, document: object) -> None:
        """Add the objects, fields and rules of a schema document, and store it with the data.

        Raises:
            SchemaError: The document is invalid, or existing records do not fit it.
        """
        schema = read_schema(document, self.org.schema)
        try:
            with self.database.writing() as connection:
                for item in schema:
                    create_table(connection, item)
                connection.execute(
                    "INSERT INTO facts VALUES (?, ?)",
                    (f"schema {take_serials(connection, 'schema', 1):06d}", json.dumps(document)),
                )
        except sqlite3.IntegrityError as error:
            raise SchemaError(
                "existing records do not fit the schema: two have the same unique value",
                help="delete the records first, or remove `unique` from the field",
            ) from error
        self.org.schema = schema

    def _load_org_id(self, wanted: str | None) -> str:
        """Return the org id in the folder; store the `wanted` or a random one in a new folder."""
        wanted_id = None if wanted is None else read_org_id(wanted)
        with self.database.writing() as connection:
            row = connection.execute("SELECT value FROM facts WHERE name = 'org'").fetchone()
            org_id = (wanted_id or make_org_id()) if row is None else str(row[0])
            _store_org_id(connection, org_id)
        if wanted_id not in {None, org_id}:
            raise SandboxError(
                f"the org in {self.database.folder} has the id {org_id}, not {wanted_id}",
                help=f"use --org-id {org_id}, omit it, or choose another folder for --data",
            )
        return org_id

    def _load_schema(self, schema: Schema) -> Schema:
        """Add the stored schema documents to a schema."""
        with self.database.reading() as connection:
            documents = connection.execute(
                "SELECT value FROM facts WHERE name LIKE 'schema %' ORDER BY name"
            ).fetchall()
        for (document,) in documents:
            schema = read_schema(json.loads(document), schema)
        return schema

    def close(self) -> None:
        """Stop working, close all files, and remove a temporary folder."""
        self.worker.close()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _create_tables(self) -> None:
        with self.database.writing() as connection:
            create_job_table(connection)
            for item in self.org.schema:
                create_table(connection, item)
            connection.execute("INSERT OR IGNORE INTO counters VALUES ('User', 1000)")

    def _add_first_records(self) -> None:
        """Add the user and the organization that exist in every org."""
        now = format_moment(self.org.clock.now())
        with self.database.writing() as connection:
            if self.org.schema.find_object("User") is not None:
                connection.execute(
                    'INSERT OR IGNORE INTO "User" ("Id", "Username", "LastName", '
                    '"Email", "Alias", "IsActive", "CreatedDate", "CreatedById", '
                    '"LastModifiedDate", "LastModifiedById", "SystemModstamp", "IsDeleted") '
                    "VALUES (:user, :name, 'Sandbox', :name, 'sandbox', 1, "
                    ":now, :user, :now, :user, :now, 0)",
                    {"user": USER_ID, "name": USERNAME, "now": now},
                )
            if self.org.schema.find_object("Organization") is not None:
                # A folder from an older version has an organization with another id.
                connection.execute('DELETE FROM "Organization" WHERE "Id" <> ?', (self.org.id,))
                connection.execute(
                    'INSERT OR IGNORE INTO "Organization" ("Id", "Name", "InstanceName", '
                    '"IsSandbox", "OrganizationType", "CreatedDate", "CreatedById", '
                    '"LastModifiedDate", "LastModifiedById", "SystemModstamp", "IsDeleted") '
                    "VALUES (:org, 'bulkflow sandbox', 'LOCAL', 1, 'Developer Edition', "
                    ":now, :user, :now, :user, :now, 0)",
                    {"org": self.org.id, "user": USER_ID, "now": now},
                )


def _store_org_id(connection: sqlite3.Connection, org_id: str) -> None:
    connection.execute("INSERT OR REPLACE INTO facts VALUES ('org', ?)", (org_id,))
