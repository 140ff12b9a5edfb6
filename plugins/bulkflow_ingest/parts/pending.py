"""The parts of a source that is sent while it is read, in the order in which they become known."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from attrs import define, field

from bulkflow.errors import DataError
from bulkflow.model.event import Notice
from bulkflow.model.ledger import HandedOverBeforeError
from bulkflow.model.part import Manifest
from bulkflow.plugin import SourceBytes, SourceFile, SourceTable
from bulkflow.plugin.source_errors import ProblemsError
from bulkflow_csv import find_compression, is_stream, iter_parts, read_windows
from bulkflow_csv.source import make_copy_error
from bulkflow_ingest.parts.ledger import Ledger
from bulkflow_ingest.parts.part_job import PartJob
from bulkflow_ingest.parts.restore import check_parts
from bulkflow_ingest.source.column_names import find_name_problems
from bulkflow_ingest.source.open import make_copies_folder, open_location, to_byte_source
from bulkflow_ingest.source.original import Original
from bulkflow_ingest.source.readable import ReadableSource, read_source_head
from bulkflow_ingest.source.rewrite import rename_sent_columns
from bulkflow_ingest.source.split import (
    build_part,
    build_part_limit,
    build_source_record,
    check_same_columns,
)
from bulkflow_ingest.source.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkflow.model.history import JobHistory
    from bulkflow.model.part import SourceRecord
    from bulkflow.plugin import Context, SourceData
    from bulkflow_csv import ByteSource, Head, PartRange
    from bulkflow_ingest.parts.job_parts import JobParts

    PartsOfFile: TypeAlias = tuple[Head, tuple[PartRange, ...]]
    """Some parts, and the header of the file that holds them."""

logger = logging.getLogger(__name__)

READ = "read"
"""The action of the intent that the journal records as done when a whole source was read."""


@define(eq=False)
class PendingParts:
    """The parts of a job that are still to be read. Only one thread at a time may take them."""

    context: Context
    parts: JobParts
    _before: JobHistory | None = None
    """What an earlier attempt read; skipped when the next part is taken."""
    _heads: list[Head] = field(factory=list, init=False)
    _sources: list[SourceRecord] = field(factory=list, init=False)
    _recorded: int = field(default=0, init=False)
    _found: Iterator[PartJob] = field(init=False)
    _failure: BaseException | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._found = self._read()

    @property
    def manifest(self) -> Manifest:
        """The manifest of the parts that are known so far."""
        known = tuple(each.part for each in self.parts.parts if each.part is not None)
        return Manifest(
            known,
            self.parts.columns,
            sum(part.rows for part in known),
            sum(part.bytes for part in known),
            tuple(self._sources),
            tuple(f"{head.source.name}: {note}" for head in self._heads for note in head.notes),
            more=self.parts.pending is not None,
        )

    def mark_unreadable(self, name: str) -> None:
        """Note that the source cannot be read again, although not all of it was sent."""
        self._failure = DataError(
            "it was not completely sent when the run was stopped, and cannot be read again",
            place=name,
            help="nothing of it was processed: abort the run with "
            f"`{self.context.format_command('abort')}`, then run the file again",
        )

    def take_all(self, context: Context) -> Iterator[PartJob]:
        """Yield the remaining parts, each as soon as it is read; records the end of the source.

        Raises:
            DataError: The data cannot be read, or Salesforce would reject it.
        """
        self.context = context
        if self._failure is not None:
            raise self._failure
        return self._take_all()

    def _take_all(self) -> Iterator[PartJob]:
        self._skip_known()
        while (part := self.take()) is not None:
            yield part
        rows = sum(part.rows for part in self.parts.parts)
        total = len(self.parts.parts)
        # If the run is stopped before this is recorded, an intent to close shows it as well.
        journal = self.context.journal
        journal.settle(
            journal.intend(self.parts.job.key, total - 1, READ, {"rows": rows}), "done", {}
        )
        self.context.emit(
            Notice(f"read to the end: {rows:,} rows in {total:,} parts", job=self.parts.job.key)
        )

    def take(self, *, record: bool = True) -> PartJob | None:
        """Read the next part and add it to the job's parts. Returns None at the end.

        Args:
            record: Whether to write the part to the journal, before it can be used.
        """
        part = self._read_next()
        if part is None:
            self.parts.pending = None
            return None
        assert part.part is not None
        if record:
            self._check_ledger(part)
            new = tuple(self._sources[self._recorded :])
            found = Manifest((part.part,), self.parts.columns, part.part.rows, part.part.bytes, new)
            self.context.journal.record_parts(self.parts.job.key, found, self.parts.job.org)
        self._recorded = len(self._sources)
        self.parts.add([part])
        logger.debug("part %d: read %d rows", part.number + 1, part.rows)
        return part

    def _check_ledger(self, part: PartJob) -> None:
        try:
            Ledger(self.context).check(self.parts, [part])
        except HandedOverBeforeError as error:
            self._failure = error
            raise

    def _skip_known(self) -> None:
        """Skip what an earlier attempt read. Raises `DataError` if it has changed."""
        before, self._before = self._before, None
        if before is None:
            return
        again = [part for _ in before.parts if (part := self._read_next()) is not None]
        try:
            check_parts(before, [each.part for each in again if each.part is not None])
        except DataError as error:
            self._failure = error
            raise
        self._recorded = len(self._sources)

    def _read_next(self) -> PartJob | None:
        if self._failure is not None:
            # What follows an error is unknown, so the end can never be reached.
            raise self._failure
        try:
            return next(self._found, None)
        except BaseException as error:
            self._failure = error
            raise

    def _read(self) -> Iterator[PartJob]:
        job, settings = self.parts.job, self.parts.settings
        directory = make_copies_folder(self.context)
        number = 0
        for data in open_location(self.context, job, settings):
            if isinstance(data, SourceTable):
                raise DataError(
                    "rows with types cannot be streamed: they are written as CSV first",
                    place=data.name,
                    help="remove `streamed` from the job; they are read in constant memory anyway",
                )
            with _open_stream(data) as stream:
                if stream is None:
                    found = self._read_file(to_byte_source(data, directory))
                else:
                    found = self._read_stream(stream, data, directory)
                for head, ranges in found:
                    window, original = None, None
                    if stream is not None:
                        window = Window.of(head.source.path, len(ranges))
                    elif head.sent_header is not head.header:
                        original = Original.of(head, None)
                    for each in ranges:
                        self.context.checkpoint()
                        yield PartJob(
                            build_part(number, each),
                            each,
                            dialect=head.dialect,
                            window=window,
                            original=original,
                        )
                        number += 1

    def _read_file(self, source: ByteSource) -> Iterator[PartsOfFile]:
        """Yield each part of a file as soon as its end is known."""
        settings = self.parts.settings
        head = rename_sent_columns(read_source_head(ReadableSource(source), settings), settings)
        self._begin_file(head)
        for part in iter_parts(head, limit=build_part_limit(settings)):
            yield head, (part,)

    def _read_stream(
        self, stream: BinaryIO, data: SourceData, directory: Path
    ) -> Iterator[PartsOfFile]:
        """Yield the parts of each window of a stream."""
        settings = self.parts.settings
        begun = False
        for each in read_windows(
            stream,
            directory,
            name=data.name,
            compression=find_compression(data.path) if isinstance(data, SourceFile) else None,
            limit=build_part_limit(settings),
            delimiter=settings.delimiter_text,
            line_ending=settings.line_ending,
            rename=lambda head: rename_sent_columns(head, settings),
        ):
            if not begun:
                self._begin_file(each.head)
                begun = True
            yield each.head, each.parts

    def _begin_file(self, head: Head) -> None:
        logger.info("%s: sent while it is read", head.source.name)
        self._heads.append(head)
        check_same_columns([(each.source.name, each.header.columns) for each in self._heads])
        self.parts.columns = self._heads[0].sent_header.columns
        unfit = list(find_name_problems(head.source.name, self.parts.columns))
        if unfit:
            raise ProblemsError(unfit, head.source.name)
        self._sources.append(build_source_record(head))


@contextmanager
def _open_stream(data: SourceData) -> Iterator[BinaryIO | None]:
    """Open data that is read as a stream; None for a file, and for data that is copied to one."""
    if isinstance(data, SourceBytes):
        yield data.stream
    elif isinstance(data, SourceFile) and is_stream(data.path):
        try:
            stream = data.path.open("rb")
        except OSError as error:
            raise make_copy_error(data.name, error) from error
        with stream:
            yield stream
    else:
        yield None
