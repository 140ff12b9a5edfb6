"""Behaviours of query jobs, REST queries and requests on single records."""

# ruff: noqa: RUF009 - `define` makes an attrs field, as `attrs.field` does

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from bulkflow_sandbox.core.behavior.choice import Provenance, Refusal, define


class PagesForm(StrEnum):
    """The form of the addresses of the pages of a result."""

    URL = "resultPages.resultUrl"
    """As in the text of the guide."""
    LINK = "resultPages.resultLink"
    """As in schemas that were made from the guide's sample."""
    CHUNKS = "resultChunks.resultLink"
    """As a maintained client found it, relative to the path of the API version."""
    ABSENT = "absent"
    """There is no such resource."""


@frozen(slots=False)
class QueryChoices:
    """How queries and requests on records are answered."""

    query_place: str = define(
        "\n{line}\n{caret}\nERROR at Row:{row}:Column:{column}\n",
        Provenance.RECORDED,
        "The lines before the message of a refused query; how much of a long line is shown is "
        "not known",
    )
    query_length: int = define(100_000, Provenance.DOCUMENTED, "Most characters of a query")
    query_not_in_chain: bool = define(
        True,
        Provenance.CHOSEN,
        "NOT without parentheses is taken as an operand of AND and OR",
    )
    nulls_meet_not: bool = define(
        True,
        Provenance.CHOSEN,
        "A field without a value meets NOT, NOT IN and EXCLUDES (that it meets != is documented)",
    )
    week_starts: int = define(
        6,
        Provenance.DOCUMENTED,
        "First day of a week in a query: 6 is Sunday, as in the locale en_US",
    )
    bulk_query_refused: Refusal = define(
        Refusal(400, "API_ERROR", "{form} not supported in Bulk Query"),
        Provenance.RECORDED,
        "A form that query jobs do not take; recorded for compound fields, alike for the others",
    )
    query_missing: Refusal = define(
        Refusal(400, "MALFORMED_QUERY", "A query string has to be specified"),
        Provenance.CHOSEN,
        "Create of a query job without a query",
    )
    query_jobs_exceeded: Refusal = define(
        Refusal(400, "LIMIT_EXCEEDED", "{limit} Limit exceeded."),
        Provenance.RECORDED,
        "Create of a query job past a daily limit; the text is not known",
    )
    query_version_conflict: Refusal = define(
        Refusal(
            409,
            "INVALIDVERSION",
            "The API version in the request must be the version of the job: {version}",
        ),
        Provenance.DOCUMENTED,
        "Results of a query job in another API version than its own; the body is not known",
    )
    query_locator_invalid: Refusal = define(
        Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator"),
        Provenance.CHOSEN,
        "Query results at a locator that the job or query does not have",
    )
    max_records_invalid: Refusal = define(
        Refusal(400, "INVALID_QUERY_PARAMETER", "maxRecords must be a positive number: {value}"),
        Provenance.CHOSEN,
        "Query results with a maxRecords that is not a number above 0",
    )
    oldest_query_version: int = define(47, Provenance.DOCUMENTED, "First version with query jobs")
    oldest_pages_version: int = define(58, Provenance.DOCUMENTED, "First version with resultPages")
    wrong_case_blanks: bool = define(
        False,
        Provenance.DOCUMENTED,
        "A column whose name is not written in the field's own case is blank in failedResults: a "
        "known issue of some orgs, off because recorded results show the values",
    )
    written_order_version: int = define(
        50,
        Provenance.DOCUMENTED,
        "First version in which query results, successfulResults and failedResults have the "
        "columns as written; before, alphabetically",
    )
    query_page_rows: int = define(
        50_000, Provenance.CHOSEN, "Rows on a page of query results when maxRecords is not given"
    )
    query_pages: int = define(5, Provenance.DOCUMENTED, "Most pages that one resultPages names")
    query_pages_form: PagesForm = define(
        PagesForm.URL,
        Provenance.DOCUMENTED,
        "The response has `resultPages[].resultUrl`, as in the guide's text; schemas made from its "
        "sample have `resultLink`, and a client was answered with `resultChunks[].resultLink`",
    )
    query_header_without_rows: bool = define(
        True,
        Provenance.CHOSEN,
        "A query that finds nothing has a result with a header; else, an empty one",
    )
    query_doubles_as_java: bool = define(
        True,
        Provenance.CHOSEN,
        "Query results show numbers as successfulResults do: 9.12260031E8",
    )
    several_types: str = define(
        "Name",
        Provenance.CHOSEN,
        "The type in `attributes` of a parent that may be of several objects",
    )
    rest_forbidden: Refusal = define(
        Refusal(403, "INSUFFICIENT_ACCESS", "insufficient access rights on object id"),
        Provenance.CHOSEN,
        "Create, update or delete of a single record that the user may not do",
    )
    value_unreadable: Refusal = define(
        Refusal(
            400,
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of {type} from {token} value {value} or request may be "
            "missing a required field at [line:1, column:1]",
        ),
        Provenance.CHOSEN,
        "A single record with a value that is not of the field's type; its place is not counted",
    )
    collection_records: int = define(
        200, Provenance.DOCUMENTED, "Most records in a request to composite/sobjects"
    )
    collection_too_large: Refusal = define(
        Refusal(
            400,
            "EXCEEDED_ID_LIMIT",
            "record limit reached. cannot submit more than {limit} records into this call",
        ),
        Provenance.CHOSEN,
        "A request to composite/sobjects with more",
    )
    rest_page_rows: int = define(
        2000, Provenance.DOCUMENTED, "Records of an answer to a REST query"
    )
    rest_fewest_rows: int = define(
        200, Provenance.DOCUMENTED, "Fewest that Sforce-Query-Options can ask for"
    )
    rest_cursors: int = define(
        10, Provenance.DOCUMENTED, "Unfinished REST queries that are kept; the oldest goes first"
    )
