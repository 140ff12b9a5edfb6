"""The clauses of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.model.job_phase import Phase
from bulkflow.plugin import Clause, clause
from bulkflow_ingest.settings import LOAD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.plugin import Job

Settings = "Mapping[str, object]"


@clause(
    "insert {object}",
    sets=("operation", "object"),
    is_operation=True,
    makes_records=True,
    kind=LOAD,
)
def insert(object: str) -> Mapping[str, object]:  # noqa: A002 - the slot's name
    """Create a record from every row."""
    return {"operation": "insert", "object": object}


@clause("update {object}", sets=("operation", "object"), is_operation=True, kind=LOAD)
def update(object: str) -> Mapping[str, object]:  # noqa: A002
    """Update the records that the column `Id` names; empty values change nothing."""
    return {"operation": "update", "object": object}


@clause(
    "upsert {object} by {field}",
    sets=("operation", "object", "external_id_field"),
    is_operation=True,
    makes_records=True,
    kind=LOAD,
)
def upsert(object: str, field: str) -> Mapping[str, object]:  # noqa: A002
    """Update the record that has the row's value in an external-ID field, or create a new one."""
    return {"operation": "upsert", "object": object, "external_id_field": field}


@clause("delete {object}", sets=("operation", "object"), is_operation=True, kind=LOAD)
def delete(object: str) -> Mapping[str, object]:  # noqa: A002
    """Move the records that the column `Id` names to the Recycle Bin."""
    return {"operation": "delete", "object": object}


@clause("hard delete {object}", sets=("operation", "object"), is_operation=True, kind=LOAD)
def hard_delete(object: str) -> Mapping[str, object]:  # noqa: A002
    """Delete records permanently; needs the permission "Bulk API Hard Delete"."""
    return {"operation": "hardDelete", "object": object}


@clause("from {location}", sets=("location",), kind=LOAD)
def source(location: str) -> Mapping[str, object]:
    """Read the rows from a path, a glob, `-` for standard input, or a plugin's URL.

    Relative paths start at the folder of the pipeline file. The files of a glob are loaded in the
    order of their names; they must have the same columns.
    """
    return {"location": location}


@clause("from {job}", sets=("location", "rows_of"), kind=LOAD)
def rows_of(job: Job) -> Mapping[str, object]:
    """Take the rows of a query job that was extracted before, also from another org.

    The columns are the fields of the query. Use `keep`, `drop` and `rename` where the operation
    needs others: a delete takes only `Id`.
    """
    return {"location": f"job {job.name}", "rows_of": job}


@clause("in {org}", sets=("org",))
def in_org(org: str) -> Mapping[str, object]:
    """Run the job in this org of the file, if the file has several."""
    return {"org": org}


@clause("existing {id}", sets=("existing",), begins=Phase, kind=LOAD)
def existing(id: str) -> Mapping[str, object]:  # noqa: A002
    """Use a job that is already in the org, by its id."""
    return {"existing": id}


@clause("parts of {size}", sets=("part_bytes", "part_rows"), kind=LOAD)
def parts_of_size(size: int) -> Mapping[str, object]:
    """Limit each part to this many bytes of CSV; the default is 100 MB."""
    return {"part_bytes": size}


@clause("parts of {n:count} rows", sets=("part_bytes", "part_rows"), kind=LOAD)
def parts_of_rows(n: int) -> Mapping[str, object]:
    """Limit each part to this many rows; the limit in bytes applies as well."""
    return {"part_rows": n}


@clause("balanced parts", sets=("balanced",), kind=LOAD)
def balanced_parts() -> Mapping[str, object]:
    """Make all parts of a file about the same size, and enough parts to use every connection.

    Without this, each part is filled to its limit and the last one gets the rest. That takes the
    fewest requests, but some connections may be idle while the others finish.
    """
    return {"balanced": True}


@clause("over {n:count} connections", sets=("connections",), kind=LOAD)
def connections(n: int) -> Mapping[str, object]:
    """Send this many parts at the same time; the default is 4, and the maximum 16.

    All jobs of a run share 16 connections.
    """
    return {"connections": n}


@clause("compressed", sets=("compressed",), kind=LOAD)
def compressed() -> Mapping[str, object]:
    """Compress the rows with gzip, as long as that is faster than sending them uncompressed.

    bulkflow measures this with the first parts. Salesforce does not document that it accepts
    compressed uploads: try it with your org. If the org refuses them, the rows are sent
    uncompressed, with a warning.
    """
    return {"compressed": True}


@clause("uncompressed", sets=("compressed",), kind=LOAD)
def uncompressed() -> Mapping[str, object]:
    """Send the rows uncompressed even if the org's profile says `compression = true`."""
    return {"compressed": False}


@clause("streamed", sets=("streamed",), kind=LOAD)
def streamed() -> Mapping[str, object]:
    """Upload the rows while the source is still being read, instead of reading all of it first.

    No job is closed before the last row was read, so nothing is processed if a fault is found late.
    A source that can be read only once (standard input, a pipe, a compressed file) takes only as
    much disk space as the parts in progress, and its rows are not kept: if the run is killed before
    all rows were sent, it starts from the beginning, `retry … rows` has nothing to send, and
    `save … rows` takes the rows from Salesforce's result files, without their line numbers.
    """
    return {"streamed": True}


@clause("assignment rule {id}", sets=("assignment_rule",), kind=LOAD)
def assignment_rule(id: str) -> Mapping[str, object]:  # noqa: A002
    """Run this assignment rule on cases or leads; without this, none runs."""
    return {"assignment_rule": id}


@clause("delimiter {delimiter}", sets=("delimiter",), kind=LOAD)
def delimiter(delimiter: str) -> Mapping[str, object]:
    """Set the file's column delimiter instead of detecting it.

    If Salesforce does not support the delimiter, as with `delimiter "~"` or `delimiter "||"`, the
    rows are rewritten with commas in the state folder.
    """
    return {"delimiter": delimiter}


@clause("line ending {ending:line_ending}", sets=("line_ending",), kind=LOAD)
def line_ending(ending: str) -> Mapping[str, object]:
    """Set the file's line ending instead of detecting it."""
    return {"line_ending": ending}


@clause("encoding {encoding:text}", sets=("encoding",), kind=LOAD)
def encoding(encoding: str) -> Mapping[str, object]:
    """Set the file's encoding if it is not UTF-8: `encoding "windows-1252"`.

    The file is converted to UTF-8 in the state folder, and the copy is sent. Nothing else changes.
    """
    return {"encoding": encoding}


@clause("mend line endings", sets=("normalizes_line_endings",), kind=LOAD)
def normalize_line_endings() -> Mapping[str, object]:
    """Normalize the line endings of a file that mixes several kinds.

    Such a file is rewritten in the state folder; a file with a single kind is sent unchanged. All
    line endings become LF, or CRLF if all line breaks inside quotes are CRLF.
    """
    return {"normalizes_line_endings": True}


@clause("rename {column} to {field}", sets=("renames",), repeats=True, kind=LOAD)
def rename(column: str, field: str) -> Mapping[str, object]:
    """Send a column of the file under the name of a field. The rows are not changed."""
    return {"renames": ((column, field),)}


@clause("keep {columns:column...}", sets=("kept", "dropped"), repeats=True, kind=LOAD)
def keep(columns: tuple[str, ...]) -> Mapping[str, object]:
    """Send only these columns of the file, by their names in the file.

    The rows are rewritten in the state folder, as with `drop`, `set` and `null as`.
    """
    return {"kept": columns}


@clause("keep results", sets=("keep_results",), kind=LOAD)
def keep_results() -> Mapping[str, object]:
    """Keep the job's result files with the run, compressed.

    `undo` and `save` then work even after Salesforce removed the job, which it does after seven
    days, or after somebody deleted it. A step fails if it cannot fetch all of them. To keep a
    column of that name, write `keep "results"`.
    """
    return {"keep_results": True}


@clause("drop {columns:column...}", sets=("kept", "dropped"), repeats=True, kind=LOAD)
def drop(columns: tuple[str, ...]) -> Mapping[str, object]:
    """Leave out these columns of the file, by their names in the file."""
    return {"dropped": columns}


@clause("set {field} to {value}", sets=("constants",), repeats=True, kind=LOAD)
def set_field(field: str, value: str) -> Mapping[str, object]:
    """Set a field to the same value in every row, replacing its column if there is one."""
    return {"constants": ((field, value),)}


@clause("null as {text}", sets=("nulls",), repeats=True, kind=LOAD)
def null(text: str) -> Mapping[str, object]:
    """Send `#N/A`, which clears a field, instead of each value that is exactly this text.

    It applies to all columns of the file, quoted or not. `null as ""` clears the fields of blank
    values, which Salesforce would leave unchanged.
    """
    return {"nulls": (text,)}


@clause("patience {patience:duration}", sets=("patience",))
def patience(patience: float) -> Mapping[str, object]:
    """Wait out temporary trouble for this long: `patience 1h`. The default is 15 minutes.

    Examples are an unreachable or busy org, lost connections, and an outdated job status. A step
    with a timeout of its own, such as `wait up to 2h`, waits until that is over.
    """
    return {"patience": patience}


CLAUSES: tuple[Clause, ...] = (
    insert,
    update,
    upsert,
    delete,
    hard_delete,
    source,
    rows_of,
    in_org,
    existing,
    parts_of_size,
    parts_of_rows,
    balanced_parts,
    connections,
    compressed,
    uncompressed,
    streamed,
    assignment_rule,
    delimiter,
    line_ending,
    encoding,
    normalize_line_endings,
    rename,
    keep,
    keep_results,
    drop,
    set_field,
    null,
    patience,
)
