"""A source that is sent while it is read: its parts, as they become known.

Nothing of such a job is handed over before its last row was read and found fit to load. So a fault
that comes late, or a run that is killed on the way, leaves jobs of which nothing is processed.

A file is read once more where a run is gone on with, from when its next part is asked for: to give
the run up needs no file. What can be read once only (standard input, a
pipe, a `.gz`, a plugin's stream) goes through windows on disk, each of which is removed when its
parts are up. There is no going on with such a run before all of it is up, and no need: nothing of
it was processed then.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from attrs import define, evolve, field

from bulkflow.errors import DataError
from bulkflow.model.event import Notice
from bulkflow.model.ledger import HandedOverBeforeError
from bulkflow.model.part import Manifest
from bulkflow.plugin import SourceBytes, SourceFile
from bulkflow_csv import is_gzip, is_stream, iter_parts, read_windows
from bulkflow_csv.source import make_copy_error
from bulkflow_ingest.api.job_ids import JobIds, ids_in
from bulkflow_ingest.parts.job_parts import JobParts
from bulkflow_ingest.parts.ledger import Ledger
from bulkflow_ingest.parts.part_job import PartJob
from bulkflow_ingest.parts.prepare import prepare
from bulkflow_ingest.parts.restore import check_parts
from bulkflow_ingest.settings import IngestSettings
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
from bulkflow_ingest.source.windows import Window, Windows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkflow.model.history import JobHistory
    from bulkflow.model.part import SourceRecord
    from bulkflow.plugin import Context, Job, SourceData
    from bulkflow_csv import ByteSource, Head, PartRange

    Stretch: TypeAlias = tuple[Head, tuple[PartRange, ...]]
    """Rows that were read, and what is known of the file that they are in."""

READ = "read"
"""What the journal calls it that all of a source was read: recorded as an intent that is done."""


def prepare_stream(context: Context, job: Job) -> Manifest | None:
    """Read a source up to the end of its first part; the rest follows as it is sent.

    Raises:
        DataError: there is nothing at the location, Salesforce would refuse what was read, or an
            earlier attempt at the run read what cannot be read again.
    """
    Windows.clean_up(context)
    history = context.journal.read_history(job.key)
    passed = history is not None and any(
        source.spooled and source.origin is None for source in history.sources
    )
    done = (
        {intent.action for each in history.parts for intent in each.intents} if history else set()
    )
    if history is not None and not passed:
        manifest = prepare(context, job)
        if done & {READ, "close"} or manifest is None:
            # All was read: the files tell every part again.
            return manifest
        parts = JobParts.of(job)
        parts.pending = PendingParts(context, parts, history)
        return evolve(manifest, more=True)
    parts = JobParts.attach(job, IngestSettings.of(job.settings), [])
    if history is None:
        coming = parts.pending = PendingParts(context, parts)
        first = coming.take(record=False)
        Ledger(context).check(parts, [] if first is None else [first])
        return coming.manifest
    manifest = _known(parts, history)
    for each in history.parts:
        JobIds.of(context, job).add(ids_in(each))
    up = READ in done and all(each.uploaded for each in parts.parts)
    if not up and "close" not in done:
        parts.pending = PendingParts(context, parts)
        parts.pending.is_gone(history.sources[0].name)
    return manifest


def _known(parts: JobParts, history: JobHistory) -> Manifest:
    """The parts of what was read once and is gone; all of it was up when the first was closed."""
    parts.add(PartJob(each.part, None) for each in history.parts)
    for part, earlier in zip(parts.parts, history.parts, strict=True):
        part.restore(earlier)
    parts.is_restored = True
    parts.recount()
    cut = tuple(each.part for each in history.parts)
    sent = sum(each.sent for each in parts.parts)
    rows, size = sum(each.rows for each in cut), sum(each.bytes for each in cut)
    return Manifest(cut, (), rows, size, sent=sent)


@define(eq=False)
class PendingParts:
    """The parts of a job that are still to be read. One thread at a time takes them."""

    context: Context
    parts: JobParts
    _before: JobHistory | None = None
    """What an earlier attempt had read, which is passed by when the rest is asked for."""
    _heads: list[Head] = field(factory=list, init=False)
    _sources: list[SourceRecord] = field(factory=list, init=False)
    _recorded: int = field(default=0, init=False)
    _found: Iterator[PartJob] = field(init=False)
    _failure: BaseException | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._found = self._read()

    @property
    def manifest(self) -> Manifest:
        """What is known so far."""
        cut = tuple(each.part for each in self.parts.parts if each.part is not None)
        return Manifest(
            cut,
            self.parts.columns,
            sum(part.rows for part in cut),
            sum(part.bytes for part in cut),
            tuple(self._sources),
            tuple(f"{head.source.name}: {note}" for head in self._heads for note in head.notes),
            more=self.parts.pending is not None,
        )

    def is_gone(self, name: str) -> None:
        """What an earlier attempt read cannot be read again, and not all of it was sent."""
        self._failure = DataError(
            "it was not sent to its end when the run was stopped, and cannot be read again",
            place=name,
            help="nothing of it was processed: "
            f"`{self.context.format_command('abort')}` gives the run up; then run the file again",
        )

    def rest(self, context: Context) -> Iterator[PartJob]:
        """Take all that is left, each part when it is asked for; tells when that was the last.

        Raises:
            DataError: Salesforce would refuse what follows, or it cannot be read.
        """
        self.context = context
        if self._failure is not None:
            raise self._failure
        return self._rest()

    def _rest(self) -> Iterator[PartJob]:
        self._pass()
        while (part := self.take()) is not None:
            yield part
        rows = sum(part.rows for part in self.parts.parts)
        total = len(self.parts.parts)
        # A run may be stopped between this and the first intent to close, which tells it as well.
        journal = self.context.journal
        journal.settle(
            journal.intend(self.parts.job.key, total - 1, READ, {"rows": rows}), "done", {}
        )
        self.context.emit(
            Notice(f"read to the end: {rows:,} rows in {total:,} parts", job=self.parts.job.key)
        )

    def take(self, *, record: bool = True) -> PartJob | None:
        """The next part, made one of the job's; None when all is read.

        `record` writes it into the journal, before anything can be done with it.
        """
        part = self._next()
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
        return part

    def _check_ledger(self, part: PartJob) -> None:
        try:
            Ledger(self.context).check(self.parts, [part])
        except HandedOverBeforeError as error:
            self._failure = error
            raise

    def _pass(self) -> None:
        """Pass by what an earlier attempt had read. Raises `DataError` if it is not what it was."""
        before, self._before = self._before, None
        if before is None:
            return
        again = [part for _ in before.parts if (part := self._next()) is not None]
        try:
            check_parts(before, [each.part for each in again if each.part is not None])
        except DataError as error:
            self._failure = error
            raise
        self._recorded = len(self._sources)

    def _next(self) -> PartJob | None:
        """The next part that is read; None when all is."""
        if self._failure is not None:
            # What is behind a fault is never known, so there is no end to come to.
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
            with _stream_of(data) as stream:
                if stream is None:
                    found = self._of_file(to_byte_source(data, directory))
                else:
                    found = self._of_stream(stream, data, directory)
                for head, cut in found:
                    window, original = None, None
                    if stream is not None:
                        window = Window.of(head.source.path, len(cut))
                    elif head.sent_header is not head.header:
                        original = Original.of(head, None)
                    for data_of_part in cut:
                        self.context.checkpoint()
                        yield PartJob(
                            build_part(number, data_of_part),
                            data_of_part,
                            dialect=head.dialect,
                            window=window,
                            original=original,
                        )
                        number += 1

    def _of_file(self, source: ByteSource) -> Iterator[Stretch]:
        """Each part of a file, as soon as its end is known."""
        settings = self.parts.settings
        head = rename_sent_columns(read_source_head(ReadableSource(source), settings), settings)
        self._begin(head)
        for part in iter_parts(head, limit=build_part_limit(settings)):
            yield head, (part,)

    def _of_stream(self, stream: BinaryIO, data: SourceData, directory: Path) -> Iterator[Stretch]:
        """Each window of a stream."""
        settings = self.parts.settings
        begun = False
        for each in read_windows(
            stream,
            directory,
            name=data.name,
            gzipped=isinstance(data, SourceFile) and is_gzip(data.path),
            limit=build_part_limit(settings),
            delimiter=settings.delimiter_text,
            line_ending=settings.line_ending,
            rename=lambda head: rename_sent_columns(head, settings),
        ):
            if not begun:
                self._begin(each.head)
                begun = True
            yield each.head, each.parts

    def _begin(self, head: Head) -> None:
        self._heads.append(head)
        check_same_columns([(each.source.name, each.header.columns) for each in self._heads])
        self.parts.columns = self._heads[0].sent_header.columns
        self._sources.append(build_source_record(head))


@contextmanager
def _stream_of(data: SourceData) -> Iterator[BinaryIO | None]:
    """The stream that the data must be read as; None if they are, or become, a file."""
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
