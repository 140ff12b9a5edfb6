"""The clauses of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.model.job_phase import Phase
from bulkflow.plugin import Clause, clause

if TYPE_CHECKING:
    from collections.abc import Mapping

Settings = "Mapping[str, object]"


@clause("insert {object}", sets=("operation", "object"), is_operation=True, makes_records=True)
def insert(object: str) -> Mapping[str, object]:  # noqa: A002 - the slot's name
    """Make a new record of every row."""
    return {"operation": "insert", "object": object}


@clause("update {object}", sets=("operation", "object"), is_operation=True)
def update(object: str) -> Mapping[str, object]:  # noqa: A002
    """Change the records that the column `Id` names; empty values change nothing."""
    return {"operation": "update", "object": object}


@clause(
    "upsert {object} by {field}",
    sets=("operation", "object", "external_id_field"),
    is_operation=True,
    makes_records=True,
)
def upsert(object: str, field: str) -> Mapping[str, object]:  # noqa: A002
    """Change the record that has the row's value in an external-id field, or make a new one."""
    return {"operation": "upsert", "object": object, "external_id_field": field}


@clause("delete {object}", sets=("operation", "object"), is_operation=True)
def delete(object: str) -> Mapping[str, object]:  # noqa: A002
    """Move the records that the column `Id` names to the Recycle Bin."""
    return {"operation": "delete", "object": object}


@clause("hard delete {object}", sets=("operation", "object"), is_operation=True)
def hard_delete(object: str) -> Mapping[str, object]:  # noqa: A002
    """Delete for good; needs the permission "Bulk API Hard Delete"."""
    return {"operation": "hardDelete", "object": object}


@clause("from {location}", sets=("location",))
def source(location: str) -> Mapping[str, object]:
    """Where the rows come from: a path, a glob, `-` for standard input, or a plugin's URL.

    Relative paths start at the folder of the pipeline file. The files of a glob are loaded in name
    order; they must have the same columns.
    """
    return {"location": location}


@clause("in {org}", sets=("org",))
def in_org(org: str) -> Mapping[str, object]:
    """The org that the job is for, in a file that has several, by its name there."""
    return {"org": org}


@clause("existing {id}", sets=("existing",), begins=Phase)
def existing(id: str) -> Mapping[str, object]:  # noqa: A002
    """A job that already lives in the org, by its id."""
    return {"existing": id}


@clause("parts of {size}", sets=("part_bytes", "part_rows"))
def parts_of_size(size: int) -> Mapping[str, object]:
    """How many bytes of CSV one part may have; 100 MB unless this says otherwise."""
    return {"part_bytes": size}


@clause("parts of {n:count} rows", sets=("part_bytes", "part_rows"))
def parts_of_rows(n: int) -> Mapping[str, object]:
    """How many rows one part may have; the limit in bytes holds as well."""
    return {"part_rows": n}


@clause("balanced parts", sets=("balanced",))
def balanced_parts() -> Mapping[str, object]:
    """Make all parts of a file about the same size, and as many as use every connection.

    Without this, each part is filled to its limit and the last one gets the rest: fewest requests,
    but connections that have nothing to send while the others finish.
    """
    return {"balanced": True}


@clause("over {n:count} connections", sets=("connections",))
def connections(n: int) -> Mapping[str, object]:
    """How many parts are sent at the same time; 4 unless this says otherwise, 16 at the most.

    All jobs of a run share 16 connections.
    """
    return {"connections": n}


@clause("compressed", sets=("compressed",))
def compressed() -> Mapping[str, object]:
    """Send the rows compressed with gzip, as long as the line is slower than the compression.

    The first parts tell which is so. Salesforce does not document that it takes such uploads: try
    it with your org. One that refuses them gets the rows as they are, with a warning.
    """
    return {"compressed": True}


@clause("uncompressed", sets=("compressed",))
def uncompressed() -> Mapping[str, object]:
    """Send the rows as they are, though the org's profile says `compression = true`."""
    return {"compressed": False}


@clause("streamed", sets=("streamed",))
def streamed() -> Mapping[str, object]:
    """Send the rows while they are still being read, instead of reading all of them before.

    Nothing is handed over before the last row was read: a fault that comes late leaves jobs of
    which nothing is processed, though it is told only then. What is read once only (standard input,
    a pipe, a `.gz`) takes no more room on disk than the parts that are on their way, and is not
    kept: a run that is killed before all is sent begins anew, `retry … rows` has nothing to send,
    and `save … rows` takes the rows from Salesforce's result files, without their lines.
    """
    return {"streamed": True}


@clause("assignment rule {id}", sets=("assignment_rule",))
def assignment_rule(id: str) -> Mapping[str, object]:  # noqa: A002
    """The assignment rule to run on cases or leads; without this, none runs."""
    return {"assignment_rule": id}


@clause("delimiter {delimiter}", sets=("delimiter",))
def delimiter(delimiter: str) -> Mapping[str, object]:
    """The file's column delimiter, where it should not be detected.

    Of one that Salesforce does not know, such as `delimiter "~"` or `delimiter "||"`, the rows are
    written anew with commas into the state folder.
    """
    return {"delimiter": delimiter}


@clause("line ending {ending:line_ending}", sets=("line_ending",))
def line_ending(ending: str) -> Mapping[str, object]:
    """The file's line ending, where it should not be detected."""
    return {"line_ending": ending}


@clause("encoding {encoding:text}", sets=("encoding",))
def encoding(encoding: str) -> Mapping[str, object]:
    """What the file is written in, where that is not UTF-8: `encoding "windows-1252"`.

    It is written anew as UTF-8 into the state folder, which is what is sent. Nothing else changes.
    """
    return {"encoding": encoding}


@clause("mend line endings", sets=("mend",))
def mend() -> Mapping[str, object]:
    """Make one of several kinds of line end, where a file has them mixed.

    Such a file is written anew into the state folder; one that has a single kind is sent as it is.
    All become LF, or CRLF if all line breaks in quotes are that.
    """
    return {"mend": True}


@clause("rename {column} to {field}", sets=("renames",), repeats=True)
def rename(column: str, field: str) -> Mapping[str, object]:
    """Send a column of the file under the name of a field. The rows stay as they are."""
    return {"renames": ((column, field),)}


@clause("keep {columns:column...}", sets=("kept", "dropped"), repeats=True)
def keep(columns: tuple[str, ...]) -> Mapping[str, object]:
    """Send these columns of the file, by the names that they have there, and no others.

    The rows are written anew into the state folder, as with `drop`, `set` and `null as`.
    """
    return {"kept": columns}


@clause("keep results", sets=("keep_results",))
def keep_results() -> Mapping[str, object]:
    """Keep the job's result files with the run, compressed.

    `undo` and `save` then work when Salesforce has removed the job, which it does after seven days,
    or when somebody has deleted it. A step that cannot fetch all of them fails. `keep "results"`
    keeps a column of that name.
    """
    return {"keep_results": True}


@clause("drop {columns:column...}", sets=("kept", "dropped"), repeats=True)
def drop(columns: tuple[str, ...]) -> Mapping[str, object]:
    """Send the columns of the file without these, by the names that they have there."""
    return {"dropped": columns}


@clause("set {field} to {value}", sets=("constants",), repeats=True)
def set_field(field: str, value: str) -> Mapping[str, object]:
    """Give a field the same value in every row: in place of its column, or as another one."""
    return {"constants": ((field, value),)}


@clause("null as {text}", sets=("nulls",), repeats=True)
def null(text: str) -> Mapping[str, object]:
    """Send `#N/A`, which clears a field, for each value that is exactly this text.

    In quotes or not, in all columns of the file. `null as ""` clears the fields of blank values,
    which Salesforce leaves as they are otherwise.
    """
    return {"nulls": (text,)}


@clause("patience {patience:duration}", sets=("patience",))
def patience(patience: float) -> Mapping[str, object]:
    """Wait out trouble that may pass for so long: `patience 1h`. 15 minutes unless this says.

    Such are an org that is away or busy, cut connections, and answers that are behind. A step that
    has a limit of its own, such as `wait up to 2h`, waits until that is over.
    """
    return {"patience": patience}


CLAUSES: tuple[Clause, ...] = (
    insert,
    update,
    upsert,
    delete,
    hard_delete,
    source,
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
    mend,
    rename,
    keep,
    keep_results,
    drop,
    set_field,
    null,
    patience,
)
