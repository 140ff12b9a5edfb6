"""REST queries: the first page directly, the others from a file.

All records are written to the file before the first page is sent, so later pages show the records
as of that moment. Only queries with several pages have files. They are deleted with the sandbox.
"""

from __future__ import annotations

import json
import re
import shutil
from array import array
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow_sandbox.core.ids import LOCATOR_PREFIX, make_id, to_id18
from bulkflow_sandbox.rest.query_columns import build_columns
from bulkflow_sandbox.rest.record_to_json import RecordWriter
from bulkflow_sandbox.soql.sql_query import Surface
from bulkflow_sandbox.store.database import take_serials

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from bulkflow_sandbox.org import SandboxOrg
    from bulkflow_sandbox.rest.query_columns import Body
    from bulkflow_sandbox.rest.record_to_json import Record
    from bulkflow_sandbox.soql.sql_query import Statement

_ROWS_AT_A_TIME: Final = 2000
_FIRST: Final = re.compile(r"[0-9]{1,18}")


@frozen
class QueryPage:
    """A page of records; `next` is the locator of the next page, if any."""

    total: int
    records: Sequence[Record]
    next: str | None = None


@frozen
class _Cursor:
    """A file with the records of a query, one per line, and the end offset of each line."""

    path: Path
    ends: array[int]
    page: int

    def read_records(self, first: int) -> list[Record]:
        last = min(first + self.page, len(self.ends)) - 1
        with self.path.open("rb") as file:
            start = self.ends[first - 1] if first else 0
            file.seek(start)
            return [json.loads(line) for line in file.read(self.ends[last] - start).splitlines()]


class RestQueries:
    """Runs queries, and keeps the files of those with more pages."""

    def __init__(self, org: SandboxOrg) -> None:
        self._org = org
        self._folder = org.database.folder / "cursors"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._cursors: dict[str, _Cursor] = {}
        self._lock = Lock()

    def query(self, text: str, version: str, *, page: int | None, deleted: bool) -> QueryPage:
        """Run a query, and return the first page.

        Args:
            text: The query.
            version: The API version, such as `"66.0"`.
            page: The maximum number of records per page; `None` is the default.
            deleted: Whether to include deleted records (queryAll).

        Raises:
            ApiError: The query is invalid or not supported.
        """
        org, choices = self._org, self._org.choices
        statement = self._compile(text, deleted=deleted)
        size = min(max(page or choices.rest_page_rows, choices.rest_fewest_rows), 2000)
        size = min(size, choices.rest_page_rows)
        with org.database.reading() as connection:
            found = connection.execute(statement.sql, statement.values)
            try:
                if statement.counts:
                    (count,) = found.fetchone()
                    return QueryPage(int(count), ())
                return self._read_first_page(found, statement, version, size)
            finally:
                found.close()

    def describe_columns(self, text: str) -> Body:
        """Describe the columns of a query without running it.

        Raises:
            ApiError: The query is invalid or not supported.
        """
        return build_columns(self._compile(text, deleted=False))

    def read_more(self, locator: str) -> QueryPage:
        """Read a page of an earlier query by its locator: an id, a dash, the first record.

        Raises:
            ApiError: The page does not exist, or no longer exists.
        """
        name, _, number = locator.partition("-")
        with self._lock:
            cursor = self._cursors.get(to_id18(name) or "")
        first = int(number) if _FIRST.fullmatch(number) else -1
        if cursor is None or not 0 <= first < len(cursor.ends):
            raise self._org.choices.query_locator_invalid.make_error()
        try:
            records = cursor.read_records(first)
        except FileNotFoundError as error:
            raise self._org.choices.query_locator_invalid.make_error() from error
        return self._make_page(to_id18(name) or "", cursor, first, records)

    def _compile(self, text: str, *, deleted: bool) -> Statement:
        # Importing SOQL loads lark, which only sandboxes that run queries need.
        from bulkflow_sandbox.soql.compile import compile_query
        from bulkflow_sandbox.soql.parse import parse

        org = self._org
        return compile_query(
            parse(text, org.choices),
            schema=org.schema,
            choices=org.choices,
            now=org.clock.now(),
            surface=Surface.REST,
            deleted=deleted,
        )

    def _read_first_page(
        self, found: sqlite3.Cursor, statement: Statement, version: str, size: int
    ) -> QueryPage:
        writer = RecordWriter(statement, version, self._org.choices.several_types)
        rows = found.fetchmany(size + 1)
        records = [writer.to_record(row) for row in rows[:size]]
        if len(rows) <= size:
            return QueryPage(len(rows), records)
        with self._org.database.writing() as connection:
            name = make_id(LOCATOR_PREFIX, take_serials(connection, "cursor", 1))
        self._folder.mkdir(exist_ok=True)
        cursor = _Cursor(self._folder / name, array("Q"), size)
        end = 0
        with cursor.path.open("wb") as file:
            while rows:
                for row in rows:
                    end += file.write(json.dumps(writer.to_record(row)).encode() + b"\n")
                    cursor.ends.append(end)
                rows = found.fetchmany(_ROWS_AT_A_TIME)
        self._keep(name, cursor)
        return self._make_page(name, cursor, 0, records)

    def _keep(self, name: str, cursor: _Cursor) -> None:
        with self._lock:
            self._cursors[name] = cursor
            excess = len(self._cursors) - self._org.choices.rest_cursors
            dropped = [self._cursors.pop(old) for old in list(self._cursors)[: max(0, excess)]]
        for old in dropped:
            # Windows cannot delete a file that is being read; it is deleted with the folder.
            with suppress(PermissionError):
                old.path.unlink(missing_ok=True)

    def _make_page(
        self, name: str, cursor: _Cursor, first: int, records: Sequence[Record]
    ) -> QueryPage:
        following = first + len(records)
        more = following < len(cursor.ends)
        return QueryPage(len(cursor.ends), records, f"{name}-{following}" if more else None)
