"""What a session gives back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from bulkflow_salesforce.http.echo_filter import hidden, shown
from bulkflow_salesforce.http.error_parser import unusable
from bulkflow_salesforce.http.json_text import TooDeepError, parse

if TYPE_CHECKING:
    from bulkflow_salesforce.http.call import Call
    from bulkflow_salesforce.http.echo_filter import JsonValue
    from bulkflow_salesforce.http.headers import Headers


@frozen
class Response:
    """A 2xx answer, read to its end, and redacted where it is shown.

    Attributes:
        call: What was asked.
        status: From 200 to 299.
        headers: The answer's headers, found in any case.
        body: The decoded body, as it came.
        secrets: What the request held, and the answer may give back.
    """

    call: Call
    status: int
    headers: Headers
    body: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def json(self) -> JsonValue:
        """The body as JSON, its texts redacted.

        Raises:
            BadAnswerError: It is not JSON, or too deep, and the request changed nothing.
            LostAnswerError: The same, and the request may have changed something.
        """
        return hidden(self._value(), self.secrets)

    def json_object(self) -> dict[str, JsonValue]:
        """The body as a JSON object, its texts redacted; raises as `json` does."""
        return self._object(self.json())

    def secret_object(self) -> dict[str, JsonValue]:
        """The body as a JSON object whose texts are as they came, tokens too; raises as `json`."""
        return self._object(self._value())

    def _value(self) -> JsonValue:
        try:
            value: JsonValue = parse(self.body)
        except TooDeepError as error:
            raise unusable(
                self.call, f"JSON that is {error}", shown(self.body, self.secrets)
            ) from error
        except ValueError as error:
            what = "something that is not JSON" if self.body else "an empty body in place of JSON"
            raise unusable(self.call, what, shown(self.body, self.secrets)) from error
        return value

    def _object(self, value: JsonValue) -> dict[str, JsonValue]:
        if not isinstance(value, dict):
            raise unusable(self.call, "JSON that is not an object", shown(self.body, self.secrets))
        return value
