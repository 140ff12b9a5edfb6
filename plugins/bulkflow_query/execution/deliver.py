"""Saves the rows of an extract under the user's name, and keeps them for other jobs.

The file appears when it is whole, and only then replaces one of that name. The journal has its
digest before the copy in the run's folder is removed, so a step that is run again after a crash
finds either the rows or the file.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bulkflow.atomic_files import deliver_file, resolve_target
from bulkflow.model.event import Notice
from bulkflow.plugin import format_plural
from bulkflow.private_files import FILE_MODE
from bulkflow_csv import CsvError, compute_digest
from bulkflow_jobs.extracted_rows import ExtractedRows, set_extracted_rows
from bulkflow_jobs.job_label import make_label
from bulkflow_query.rows_file import is_whole, make_write_error
from bulkflow_query.sinks.extracted import ExtractedCsv, read_columns
from bulkflow_query.sinks.formats import find_format
from bulkflow_query.watermark import FIELD

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bulkflow.plugin import Context, Job
    from bulkflow_query.execution.query_job import LogicalQuery
    from bulkflow_query.rows_file import Page

FOLDER = "extracted"
"""The folder of a run for rows of query jobs."""


PAGES = "pages"
"""Instead of a digest: the file has exactly the pages that the journal records."""


def _is_csv(path: Path) -> bool:
    return path.name.lower().endswith(".csv")


def get_rows_path(context: Context, job: Job) -> Path:
    """Return the path of a job's rows in the run's folder."""
    return context.run_directory / FOLDER / f"{make_label(job.key)}.csv"


def deliver(
    query: LogicalQuery,
    context: Context,
    path: Path | None,
    find_kinds: Callable[[Sequence[str]], tuple[str, ...]],
) -> None:
    """Save the rows of a query, all of which are in the run's folder.

    Args:
        query: The query.
        context: The step's context.
        path: Where to save them; None to keep them in the run's folder only.
        find_kinds: Returns the types of columns, for formats that need them.

    Raises:
        StepError: The file cannot be written.
    """
    rows = get_rows_path(context, query.job)
    digest = None
    columns = read_columns(query.pages[0].header) if query.pages else ()
    newest = None
    if query.settings.since is not None:
        newest = _find_newest(rows, columns, context)
    if path is not None:
        typed = find_format(path).typed
        kinds = find_kinds(columns) if typed else ("",) * len(columns)
        total = sum(page.rows for page in query.pages)
        content = ExtractedCsv(rows, columns, kinds, total, rows.parent, context.checkpoint)
        digest = _save(content, path, context)
    detail: dict[str, object] = {
        "path": None if path is None else str(path),
        "digest": digest,
        "newest": newest,
        "began": query.began,
    }
    number = context.journal.intend(query.job.key, 0, "delivered", detail)
    context.journal.settle(number, "done", {})
    query.delivered = detail
    if digest is not None and not query.job.is_read:
        rows.unlink(missing_ok=True)
    publish_rows(query, context)
    if path is not None:
        query.job.saved.append(str(path))
    total = sum(page.rows for page in query.pages)
    where = "" if path is None else f" to {path}"
    what = f"extracted {format_plural(total, 'row')} of job {query.job.name}{where}"
    context.emit(Notice(what, job=query.job.key))


def _find_newest(rows: Path, columns: Sequence[str], context: Context) -> str | None:
    """Find the newest `SystemModstamp` of the rows, as the org wrote it."""
    from bulkflow_query.sinks.typed import find_greatest

    names = tuple(columns)
    total = ExtractedCsv(rows, names, ("",) * len(names), 0, rows.parent, context.checkpoint)
    index = next((n for n, name in enumerate(names) if name.lower() == FIELD.lower()), None)
    return None if index is None else find_greatest(total, index)


def _save(rows: ExtractedCsv, path: Path, context: Context) -> str | None:
    """Write the file; return how to recognize it, or None if it is a device."""
    form = find_format(path)
    try:
        with deliver_file(path, context.run_directory) as scratch:
            form.write(rows, scratch)
            scratch.chmod(FILE_MODE)
        target = resolve_target(path)
    except OSError as error:
        raise make_write_error(path, error) from error
    if target is None:
        return None
    # For CSV, the digests of the pages show any change.
    return PAGES if _is_csv(path) else compute_digest(target)


def is_delivered(query: LogicalQuery, path: Path | None) -> bool:
    """Return whether an earlier attempt at this step has saved the rows, and they are there."""
    kept = query.delivered
    if kept is None or path is None or kept["path"] != str(path):
        return False
    if kept["digest"] == PAGES:
        return is_whole(path, query.pages)
    try:
        return kept["digest"] == compute_digest(path)
    except CsvError:
        return False


def publish_rows(query: LogicalQuery, context: Context) -> None:
    """Publish where the rows of a query are, if they were extracted."""
    if query.delivered is None or not query.pages:
        set_extracted_rows(query.job, None)
        return
    path = get_rows_path(context, query.job)
    saved = query.delivered["path"]
    if not path.exists() and isinstance(saved, str) and _is_csv(Path(saved)):
        path = Path(saved)
    total = sum(page.rows for page in query.pages)
    intact = partial(_is_intact, path, tuple(query.pages))
    set_extracted_rows(query.job, ExtractedRows(path, total, intact))


def _is_intact(path: Path, pages: tuple[Page, ...]) -> bool:
    return is_whole(path, pages)
