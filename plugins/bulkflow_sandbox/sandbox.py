"""A sandbox: an org with its records and jobs, and the thread that works on them."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from bulkflow_sandbox.core.admin_access import AdminAccess
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
from bulkflow_sandbox.login.service import Logins
from bulkflow_sandbox.login.sessions import Sessions, make_token
from bulkflow_sandbox.org import USER_ID, USERNAME, Org, new_org_id, read_org_id
from bulkflow_sandbox.query.jobs import QueryJobs
from bulkflow_sandbox.rest.collections import RecordCollections
from bulkflow_sandbox.rest.queries import RestQueries
from bulkflow_sandbox.rest.records import Records
from bulkflow_sandbox.schema.file import read_schema, standard_schema
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
    """The state of a local Bulk API 2.0 server, apart from HTTP.

    Args:
        data: The folder that keeps everything; `None` is a temporary one, removed by `close`.
        clock: The time that it lives in.
        processing: How fast jobs are processed.
        token: The access token that is valid from the start; `None` makes one.
        org_id: The id of the org; `None` is the one that the folder has, else a new one.
        schema: The objects and rules; `None` is the standard ones.
        choices: The behaviours that can be otherwise.
        faults: What goes wrong from the start.
        known_logins: Whether the user and the apps that everybody knows can log in.

    Raises:
        SandboxError: The folder cannot be used, or has an org with another id.
        UsageError: The id cannot be one of an org.
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
            self.org = Org(
                id=self._kept_id(org_id),
                schema=self._kept_schema(schema or standard_schema()),
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
        """The access token that the sandbox was started with."""
        return self.sessions.token

    def settle(self, timeout: float | None = 60) -> bool:
        """Waits until all work is done that the pace allows now; whether it came to that."""
        return self.worker.settle(timeout)

    def inject(self, *faults: AnyFault) -> None:
        """Lets things go wrong from now on: all of them, or none.

        Raises:
            UsageError: A fault is of a limit that there is not.
        """
        self.faults.add(*faults)

    def commit_late(self) -> None:
        """Lets the batches that are still at work for jobs that ended save their rows now."""
        self.worker.hurry()

    def refresh(self) -> None:
        """Empties the org, as the refresh of a sandbox does.

        It has another id, no records and jobs but those of a new org, and no logins; schema,
        passwords, apps, limits and faults stay. The token is a new one, unless it was given.
        """
        with self.database.reading() as connection:
            jobs = list_latest_jobs(connection, -1)
        for job in jobs:
            (self.query if job.job_type is JobType.QUERY else self.ingest).remove(job)
        with self.database.writing() as connection:
            for item in self.org.schema:
                connection.execute(f"DELETE FROM {quote_name(item.name)}")  # noqa: S608 - of the schema
            self.org.id = new_org_id()
            _keep_id(connection, self.org.id)
            self._add_first_records()
        self.logins.grants.clear()
        self.sessions.begin_again(self._given_token or make_token(self.org.id), USER_ID)

    def change_schema(self, document: object) -> None:
        """Adds the objects, fields and rules of a schema document, and keeps it with the data.

        Raises:
            SchemaError: The document describes something impossible.
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
                "records that are there do not fit the schema: two have the same unique value",
                help="delete the records first, or leave out `unique`",
            ) from error
        self.org.schema = schema

    def _kept_id(self, wanted: str | None) -> str:
        """The id of the org in the folder, or for a new one the `wanted` or a random one."""
        asked = None if wanted is None else read_org_id(wanted)
        with self.database.writing() as connection:
            row = connection.execute("SELECT value FROM facts WHERE name = 'org'").fetchone()
            kept = (asked or new_org_id()) if row is None else str(row[0])
            _keep_id(connection, kept)
        if asked not in {None, kept}:
            raise SandboxError(
                f"the org in {self.database.folder} has the id {kept}, not {asked}",
                help="leave the id out, or give --data another folder",
            )
        return kept

    def _kept_schema(self, schema: Schema) -> Schema:
        """A schema with the documents that were added to it when the sandbox ran before."""
        with self.database.reading() as connection:
            documents = connection.execute(
                "SELECT value FROM facts WHERE name LIKE 'schema %' ORDER BY name"
            ).fetchall()
        for (document,) in documents:
            schema = read_schema(json.loads(document), schema)
        return schema

    def close(self) -> None:
        """Ends the work, closes all files, and removes a temporary folder."""
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
        """Adds the user and the organization that every org has."""
        now = format_moment(self.org.clock.now())
        with self.database.writing() as connection:
            if self.org.schema.object("User") is not None:
                connection.execute(
                    'INSERT OR IGNORE INTO "User" ("Id", "Username", "LastName", '
                    '"Email", "Alias", "IsActive", "CreatedDate", "CreatedById", '
                    '"LastModifiedDate", "LastModifiedById", "SystemModstamp", "IsDeleted") '
                    "VALUES (:user, :name, 'Sandbox', :name, 'sandbox', 1, "
                    ":now, :user, :now, :user, :now, 0)",
                    {"user": USER_ID, "name": USERNAME, "now": now},
                )
            if self.org.schema.object("Organization") is not None:
                # A folder of an older version has one with another id.
                connection.execute('DELETE FROM "Organization" WHERE "Id" <> ?', (self.org.id,))
                connection.execute(
                    'INSERT OR IGNORE INTO "Organization" ("Id", "Name", "InstanceName", '
                    '"IsSandbox", "OrganizationType", "CreatedDate", "CreatedById", '
                    '"LastModifiedDate", "LastModifiedById", "SystemModstamp", "IsDeleted") '
                    "VALUES (:org, 'bulkflow sandbox', 'LOCAL', 1, 'Developer Edition', "
                    ":now, :user, :now, :user, :now, 0)",
                    {"org": self.org.id, "user": USER_ID, "now": now},
                )


def _keep_id(connection: sqlite3.Connection, org_id: str) -> None:
    connection.execute("INSERT OR REPLACE INTO facts VALUES ('org', ?)", (org_id,))
