"""Behaviours of the processing of uploads: CSV, headers, rows and their limits."""

# ruff: noqa: RUF009 - `define` makes an attrs field, as `attrs.field` does

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from bulkflow_sandbox.core.behavior.choice import Provenance, define


class SurplusValues(StrEnum):
    """How a row with more values than the header has names is handled."""

    FAIL_ROW = "fail row"
    IGNORE = "ignore"


@frozen(slots=False)
class ProcessingChoices:
    """How the rows of an upload are processed."""

    batch_rows: int = define(10_000, Provenance.DOCUMENTED, "Rows of an internal batch")
    chunk_rows: int = define(200, Provenance.DOCUMENTED, "Rows that are saved together")
    shuffle_batches: bool = define(
        True,
        Provenance.CHOSEN,
        "Results come batch by batch, in an order that is not the upload's",
    )
    surplus_values: SurplusValues = define(
        SurplusValues.FAIL_ROW,
        Provenance.CHOSEN,
        "A row with more values than the header has names fails",
    )
    surplus_text: str = define(
        "INVALID_FIELD:Number of values in the row ({found}) is greater than the number of "
        "columns ({expected}):--",
        Provenance.CHOSEN,
        "The error of such a row",
    )
    blank_line_text: str = define(
        "INVALID_FIELD:The row is empty:--",
        Provenance.CHOSEN,
        "A blank line between rows is a row that fails; blank lines at the end are ignored",
    )
    short_rows_padded: bool = define(
        True,
        Provenance.CHOSEN,
        "A row with fewer values than names is read as if the others were blank",
    )
    short_row_text: str = define(
        "INVALID_FIELD:Number of values in the row ({found}) is less than the number of columns "
        "({expected}):--",
        Provenance.CHOSEN,
        "The error of such a row where it is not",
    )
    stray_space_text: str = define(
        "INVALID_FIELD:Found unescaped quote at col {column}. A value with quote should be within "
        "a quote:--",
        Provenance.CHOSEN,
        "A space between the delimiter and a quote fails the row (documented without its text)",
    )
    unescaped_quote_text: str = define(
        "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be "
        "within a quote",
        Provenance.RECORDED,
        "A quote in the wrong place fails the job",
    )
    line_ending_text: str = define(
        "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is "
        "{name}",
        Provenance.RECORDED,
        "A line end, also within quotes, that is not the job's fails the job",
    )
    field_missing_text: str = define(
        "InvalidBatch : Field name not found : {name}",
        Provenance.RECORDED,
        "A column that is not a field, or that the user may not write, fails the job",
    )
    key_missing_text: str = define(
        "InvalidBatch : Field name not found : {name}",
        Provenance.CHOSEN,
        "An update or delete without the column Id, or an upsert without its key, fails the job",
    )
    column_twice_text: str = define(
        "InvalidBatch : Duplicate column name : {name}",
        Provenance.CHOSEN,
        "A column that is twice in the header, in any case, fails the job",
    )
    relationship_missing_text: str = define(
        "InvalidBatch : Unable to find relationship: {name}",
        Provenance.RECORDED,
        "A relationship column with an unknown relationship fails the job",
    )
    object_missing_text: str = define(
        "InvalidBatch : Unable to find object: {name}",
        Provenance.RECORDED,
        "A relationship column that names an unknown object type fails the job",
    )
    type_not_needed_text: str = define(
        "InvalidBatch : type is not needed for non polymorphic foreign key references: {name}",
        Provenance.RECORDED,
        "A relationship column with an object type where there is one type only fails the job",
    )
    type_needed_text: str = define(
        "InvalidBatch : type is needed for polymorphic foreign key references: {name}",
        Provenance.CHOSEN,
        "A relationship column without an object type where there are several fails the job",
    )
    header_limit: int = define(32_000, Provenance.DOCUMENTED, "Most characters of the header row")
    header_too_long_text: str = define(
        "InvalidBatch : The header row exceeds {limit} characters",
        Provenance.CHOSEN,
        "A longer header row fails the job",
    )
    column_limit: int = define(5_000, Provenance.DOCUMENTED, "Most columns of an upload")
    too_many_columns_text: str = define(
        "InvalidBatch : The number of columns exceeds {limit}",
        Provenance.CHOSEN,
        "An upload with more columns fails the job",
    )
    field_limit: int = define(131_072, Provenance.DOCUMENTED, "Most characters of a value")
    field_too_long_text: str = define(
        "InvalidBatch : Field exceeds the limit of {limit} characters",
        Provenance.CHOSEN,
        "A longer value fails the job",
    )
    lock_text: str = define(
        "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 1 records: {id}:--",
        Provenance.RECORDED,
        "The error of a row whose record is locked (a fault that a test asks for)",
    )
    lock_new_text: str = define(
        "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--",
        Provenance.CHOSEN,
        "The same where the row makes a new record, so that there is no id to name",
    )
    failed_ids_version: int = define(
        53,
        Provenance.DOCUMENTED,
        "First version in which sf__Id of failedResults names the record of a row; before, it is "
        "blank",
    )
    record_limit: int = define(400_000, Provenance.DOCUMENTED, "Most characters of a row")
    record_too_long_text: str = define(
        "InvalidBatch : Record exceeds the limit of {limit} characters",
        Provenance.CHOSEN,
        "A longer row fails the job",
    )
    batches_exceeded_text: str = define(
        "ExceededQuota : ApiBatchItems Limit exceeded.",
        Provenance.CHOSEN,
        "A job that meets the daily limit of batches fails; that the rows of the batches beyond it "
        "are in none of the three files is documented",
    )
    records_per_day: int = define(
        150_000_000, Provenance.DOCUMENTED, "Most records that are processed in 24 hours"
    )
    records_exceeded_text: str = define(
        "ExceededQuota : ApiBulkRecords Limit exceeded.",
        Provenance.CHOSEN,
        "A job that meets that limit fails; its remaining rows are unprocessed",
    )
    ignored_columns_on_delete: bool = define(
        True,
        Provenance.CHOSEN,
        "Other columns than Id in a delete file must be fields, and are ignored",
    )
    upsert_without_id_inserts: bool = define(
        True,
        Provenance.RECORDED,
        "An upsert by Id whose file has no column Id inserts all rows",
    )
    blank_key_fails: bool = define(
        True,
        Provenance.CHOSEN,
        "An upsert row whose external id is blank fails (with Id as the key, it is inserted)",
    )
