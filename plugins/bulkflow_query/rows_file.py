"""The file of an extract in the run's folder: one header, then the rows of page after page.

A page is in the file as a whole or not at all, as far as the journal knows: it is recorded with the
offset of its end and a digest when its last byte was written. Whatever follows that offset after a
crash is cut off. A page whose digest differs is fetched again, with all pages after it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Self

from attrs import define, field, frozen

from bulkflow.errors import StepError
from bulkflow.private_files import FILE_MODE, make_private_folder
from bulkflow.system_errors import find_shortage
from bulkflow_csv import CsvError, Digest, RecordCounter, compute_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from io import FileIO
    from pathlib import Path

_NEW: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)


class PageError(Exception):
    """A fetched page is not what the org announced."""


@frozen
class Page:
    """A page whose rows are in the file.

    Attributes:
        number: Its number, from 0.
        link: Where it was fetched: a locator, or the path of a page; empty for the first page of a
            result that is read by locators.
        next: The link of the next page; None if this is the last one.
        rows: Number of rows.
        end: The offset of its end in the file.
        digest: The digest of its bytes in the file.
        header: The header line with its line feed, as the org wrote it.
    """

    number: int
    link: str
    next: str | None
    rows: int
    end: int
    digest: str
    header: str

    def to_json(self) -> dict[str, object]:
        """Return what the journal records."""
        return {name: getattr(self, name) for name in _NAMES}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Page:
        """Read what the journal recorded."""
        return cls(**{name: kept[name] for name in _NAMES})


_NAMES: Final = ("number", "link", "next", "rows", "end", "digest", "header")


@define(eq=False, repr=False)
class RowsFile:
    """The file, open at the end of the last page. A context manager; for one thread.

    Attributes:
        path: The file.
        pages: The pages that are in it.
        default_header: The header of a result that is empty altogether.
    """

    path: Path
    pages: list[Page] = field(factory=list)
    default_header: bytes = b""
    _file: FileIO | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        try:
            make_private_folder(self.path.parent)
            descriptor = os.open(self.path, _NEW, FILE_MODE)
            self._file = os.fdopen(descriptor, "r+b", buffering=0)
            self._file.truncate(self.end)
            self._file.seek(self.end)
        except OSError as error:
            raise make_write_error(self.path, error) from error
        return self

    def __exit__(self, *_: object) -> None:
        assert self._file is not None
        self._file.close()

    @property
    def end(self) -> int:
        """The offset of the end of the last page."""
        return self.pages[-1].end if self.pages else 0

    @property
    def rows(self) -> int:
        """Number of rows of all pages."""
        return sum(page.rows for page in self.pages)

    def append(self, source: FileIO, link: str, following: str | None, expected: int) -> Page:
        """Append the rows of a fetched page, without its header.

        Args:
            source: The page as the org sent it.
            link: Where it was fetched.
            following: The link of the next page.
            expected: The number of rows that the org announced.

        Raises:
            PageError: It has another number of rows, or other columns than the pages before it. The
                file is as before.
            StepError: The file cannot be written.
        """
        assert self._file is not None
        try:
            page = self._copy(self._file, source, link, following)
            problem = self._find_problem(page, expected)
            if problem is not None:
                self._file.truncate(self.end)
                self._file.seek(self.end)
                raise PageError(problem)
        except OSError as error:
            raise make_write_error(self.path, error) from error
        self.pages.append(page)
        return page

    def _find_problem(self, page: Page, expected: int) -> str | None:
        if page.rows != expected:
            return f"it has {page.rows:,} rows, and the org announced {expected:,}"
        if self.pages and page.header != self.pages[0].header and page.rows:
            return f"its columns are {page.header.strip()[:200]}, and not those of the first page"
        return None

    def _copy(self, out: FileIO, source: FileIO, link: str, following: str | None) -> Page:
        counter, digest = RecordCounter(), Digest()
        source.seek(0)
        end, records, header, last = self.end, 0, b"", b"\n"
        while size := _fill(source, counter.buffer):
            records += counter.count(size)
            block = counter.buffer[:size]
            last = bytes(block[-1:])
            if not header:
                header = _read_header(block)
                block = block[len(header) :]
                if not self.pages:
                    _write(out, memoryview(header))
                    digest.update(header)
                    end += len(header)
            digest.update(block)
            _write(out, block)
            end += len(block)
        if not header and not self.pages:
            header = self.default_header
            _write(out, memoryview(header))
            digest.update(header)
            end, records = end + len(header), 1
        if last != b"\n":
            _write(out, memoryview(b"\n"))
            digest.update(b"\n")
            end, records = end + 1, records + 1
        rows = max(0, records - bool(header))
        text = header.decode("utf-8", "replace")
        return Page(len(self.pages), link, following, rows, end, digest.to_text(), text)

    def sync(self) -> None:
        """Write the file through to the disk."""
        assert self._file is not None
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise make_write_error(self.path, error) from error


def open_temporary_file(folder: Path) -> FileIO:
    """Open a file that has no name, or loses it with the process. Raises OSError.

    `tempfile.TemporaryFile` gives no raw file on Windows.
    """
    path = folder / f"{os.urandom(8).hex()}.tmp"
    temporary = getattr(os, "O_TEMPORARY", 0)
    descriptor = os.open(path, _NEW | os.O_EXCL | temporary, FILE_MODE)
    if not temporary:
        path.unlink()
    return os.fdopen(descriptor, "r+b", buffering=0)


def count_intact(path: Path, pages: Sequence[Page]) -> int:
    """Return how many of the first pages are in a file as they were recorded."""
    start = 0
    try:
        with path.open("rb", buffering=0) as file:
            for page in pages:
                if compute_digest(file, start, page.end) != page.digest:
                    return page.number
                start = page.end
    except (OSError, CsvError):
        return sum(page.end <= start for page in pages)
    return len(pages)


def is_whole(path: Path, pages: Sequence[Page]) -> bool:
    """Return whether a file has these pages and nothing else."""
    try:
        size = path.stat().st_size
    except OSError:
        return False
    return bool(pages) and size == pages[-1].end and count_intact(path, pages) == len(pages)


def _fill(source: FileIO, buffer: memoryview) -> int:
    """Read until the buffer is full or the file ends."""
    size = 0
    while size < len(buffer) and (got := source.readinto(buffer[size:])):
        size += got
    return size


def _read_header(block: memoryview) -> bytes:
    """Return the first line with its line feed. Names of fields contain no line breaks."""
    found = bytes(block).find(b"\n")
    return bytes(block if found < 0 else block[: found + 1])


def _write(out: FileIO, block: memoryview) -> None:
    while len(block):
        block = block[out.write(block) :]


def make_write_error(path: Path, error: OSError) -> StepError:
    """Make the error for a file that cannot be written."""
    short = find_shortage(error)
    return StepError(
        f"cannot write {path}: {short.what if short else error.strerror or error}",
        help=f"{short.remedy if short else 'check the folder, its space and its permissions'}; "
        "the results stay in the org for seven days",
    )
