"""A server echoes the token anywhere in a response: it is never shown."""

from __future__ import annotations

import io
import json
import traceback

import pytest

from bulkflow.errors import BulkflowError
from bulkflow_salesforce import ForeignUrlError, OrgAddress, StaticToken

# It does not look like a token, so only code that knows it can hide it.
TOKEN = "quixotry-and-more"
CSV = {"Content-Type": "text/csv"}
HTML = {"Content-Type": "text/html"}
PAGE = f"<html><title>for {TOKEN}</title></html>".encode()
FAULT = [{"errorCode": TOKEN, "message": f"not {TOKEN}", "fields": [TOKEN]}, {"message": TOKEN}]
PLACES = {
    "a page": lambda server: server.answers(200, PAGE, HTML),
    "a page that refuses": lambda server: server.answers(403, PAGE, HTML),
    "a page of a gateway": lambda server: server.answers(501, PAGE, HTML),
    "an error": lambda server: server.answers(400, FAULT),
    "an error that is text": lambda server: server.answers(400, TOKEN.encode(), CSV),
    "where it leads": lambda server: server.answers(
        302, b"", {"Location": f"https://h.example/{TOKEN}"}
    ),
    "a media type": lambda server: server.answers(200, b"{}", {"Content-Type": f"text/{TOKEN}"}),
    "a coding": lambda server: server.answers(200, b"x", {"Content-Encoding": TOKEN}),
    "the status line": lambda server: server.sends(f"{TOKEN} is no HTTP\r\n\r\n".encode()),
    "a header that is cut": lambda server: server.sends(
        f"HTTP/1.1 200 OK\r\nContent-Length: {TOKEN}\r\nX: {TOKEN}".encode()
    ),
    "a chunk": lambda server: server.sends(
        f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{TOKEN}\r\n".encode()
    ),
}
CALLS = {
    "GET": lambda session: session.get("/x").parse_json(),
    "POST": lambda session: session.post_json("/x", {}).parse_json(),
    "download": lambda session: session.download("/x", io.BytesIO()),
}


def written(error: BulkflowError) -> str:
    faults = getattr(error, "faults", "")
    cause = getattr(error.__cause__, "faults", "")
    words = [str(error), repr(error), error.help or "", *error.notes, repr(faults), repr(cause)]
    return "\n".join([*words, *traceback.format_exception(error)])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("call", CALLS)
def test_a_token_that_is_given_back_is_hidden(server, connect, place, call):
    PLACES[place](server)
    session = connect(server, tokens=StaticToken(TOKEN))
    try:
        CALLS[call](session)
    except BulkflowError as error:
        said = written(error)
    else:
        said = ""
    assert TOKEN not in said


def test_an_address_that_a_server_names_is_not_quoted():
    org = OrgAddress("https://acme.my.salesforce.com")
    for url in (
        f"https://other.example/{TOKEN}",
        f"https://other.example?{TOKEN}",
        f"https://{TOKEN}@other.example/",
        f"https://me:{TOKEN}/x@other.example/",
        f"/elsewhere/{TOKEN}",
        f"/services/../{TOKEN}",
        f"//{TOKEN}@x/services/",
    ):
        with pytest.raises(ForeignUrlError) as caught:
            org.resolve(url)
        assert TOKEN not in json.dumps([str(caught.value), caught.value.help])
