"""Parses queries, with the errors of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bulkflow_soql.parser
from bulkflow_sandbox.core.errors import ApiError
from bulkflow_sandbox.soql.errors import MALFORMED_QUERY, TOO_COMPLICATED, make_query_error
from bulkflow_soql.errors import SoqlError

if TYPE_CHECKING:
    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_soql.tree import Query


def parse(text: str, choices: Choices) -> Query:
    """Parse a query.

    Raises:
        ApiError: The query is malformed (`MALFORMED_QUERY`) or too complicated.
    """
    try:
        return bulkflow_soql.parser.parse(
            text, longest=choices.query_length, not_in_chain=choices.query_not_in_chain
        )
    except SoqlError as error:
        if error.at is not None:
            raise make_query_error(
                choices, text, error.at, MALFORMED_QUERY, error.problem
            ) from error
        code = TOO_COMPLICATED if error.too_complicated else MALFORMED_QUERY
        raise ApiError(400, code, error.problem) from error
