"""What a session gives back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

from bulkflow_salesforce.http.error_parser import unusable

if TYPE_CHECKING:
    from bulkflow_salesforce.http.errors import Call
    from bulkflow_salesforce.http.headers import Headers

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"


@frozen
class Response:
    """A 2xx answer, read to its end.

    Attributes:
        call: What was asked.
        status: From 200 to 299.
        headers: The answer's headers, found in any case.
        body: The decoded body.
    """

    call: Call
    status: int
    headers: Headers
    body: bytes = field(repr=False)

    def json(self) -> JsonValue:
        """The body as JSON.

        Raises:
            BadAnswerError: It is not JSON, and the request changed nothing.
            LostAnswerError: It is not JSON, and the request may have changed something.
        """
        try:
            value: JsonValue = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            what = "something that is not JSON" if self.body else "an empty body in place of JSON"
            raise unusable(self.call, what, self.body) from error
        return value

    def json_object(self) -> dict[str, JsonValue]:
        """The body as a JSON object; raises as `json` does."""
        value = self.json()
        if not isinstance(value, dict):
            raise unusable(self.call, "JSON that is not an object", self.body)
        return value
