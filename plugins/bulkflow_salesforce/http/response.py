"""A complete response in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from bulkflow_salesforce.http.echo_filter import redact_excerpt, redact_json
from bulkflow_salesforce.http.error_body import is_page
from bulkflow_salesforce.http.error_parser import make_unusable_error
from bulkflow_salesforce.http.json_text import TooDeepError, parse_json

if TYPE_CHECKING:
    from bulkflow_salesforce.http.call import Call
    from bulkflow_salesforce.http.echo_filter import JsonValue
    from bulkflow_salesforce.http.errors import OrgError
    from bulkflow_salesforce.http.headers import Headers
    from bulkflow_salesforce.http.response_stream import ResponseStream


@frozen
class Response:
    """A complete 2xx response.

    Attributes:
        call: The request.
        status: From 200 to 299.
        headers: The response headers; names are case-insensitive.
        body: The decoded body, not redacted.
        secrets: The secrets of the request, which the response may echo.
    """

    call: Call
    status: int
    headers: Headers
    body: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, stream: ResponseStream, limit: int) -> Response:
        """Read a response that may have at most `limit` bytes.

        Raises:
            BadResponseError: It is a web page, or cannot be read, and the request changed nothing.
            LostResponseError: It is incomplete; or the same, and the request may have changed
                something.
        """
        content = stream.read(limit)
        if is_page(stream.headers, content):
            page = redact_excerpt(content, stream.secrets)
            raise make_unusable_error(stream.call, "a page instead of a response", page)
        return cls(stream.call, stream.status, stream.headers, content, secrets=stream.secrets)

    def parse_json(self) -> JsonValue:
        """Parse the body as JSON, and redact its texts.

        Raises:
            BadResponseError: It is not JSON, or nested too deeply, and the request changed nothing.
            LostResponseError: The same, and the request may have changed something.
        """
        return redact_json(self._parse(), self.secrets)

    def parse_object(self) -> dict[str, JsonValue]:
        """Parse the body as a JSON object, and redact its texts; raises like `parse_json`."""
        return self._check_object(self.parse_json())

    def parse_unredacted_object(self) -> dict[str, JsonValue]:
        """Parse the body as a JSON object that may contain tokens; raises like `parse_json`."""
        return self._check_object(self._parse())

    def _parse(self) -> JsonValue:
        try:
            value: JsonValue = parse_json(self.body)
        except TooDeepError as error:
            raise self._make_error(f"JSON that is {error}") from error
        except ValueError as error:
            what = "something that is not JSON" if self.body else "an empty body instead of JSON"
            raise self._make_error(what) from error
        return value

    def _check_object(self, value: JsonValue) -> dict[str, JsonValue]:
        if not isinstance(value, dict):
            raise self._make_error("JSON that is not an object")
        return value

    def _make_error(self, what: str) -> OrgError:
        return make_unusable_error(self.call, what, redact_excerpt(self.body, self.secrets))
