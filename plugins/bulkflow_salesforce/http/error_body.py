"""Extracts the reasons from the body of an error response.

The documented body is a JSON array of `{"errorCode", "message"}`, sometimes with `fields`. An
object, OAuth's `{"error", "error_description"}`, the XML of older APIs, plain text, HTML pages of
gateways and empty bodies occur as well.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from bulkflow_salesforce.http import bounds
from bulkflow_salesforce.http.api_fault import ApiFault
from bulkflow_salesforce.http.json_text import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow_salesforce.http.headers import Headers

_XML_FAULT = (
    r"<(?:\w+:)?(?:errorCode|exceptionCode|faultcode)>([^<]*)</|"
    r"<(?:\w+:)?(?:message|exceptionMessage|faultstring)>([^<]*)</"
)
_TAG_NAME = r"!--|/?[A-Za-z0-9]*"
_INVISIBLE = frozenset({"head", "script", "style"})


def read_faults(body: bytes) -> tuple[ApiFault, ...]:
    """Parse the entries of an error body; none if it is empty or a web page."""
    text = body.decode("utf-8", "replace").strip()
    if not text:
        return ()
    if text[0] in "[{":
        try:
            content = parse_json(text)
        except ValueError:
            return (ApiFault("", to_line(text)),)
        entries = content if isinstance(content, list) else [content]
        return tuple(_parse_entry(entry) for entry in entries[: bounds.FAULTS])
    if text[0] == "<":
        return () if _looks_like_page(text) else tuple(_parse_xml(text))
    return (ApiFault("", to_line(text)),)


def _parse_entry(entry: object) -> ApiFault:
    if not isinstance(entry, dict):
        return ApiFault("", to_line(json.dumps(entry)))
    code = _get_first(entry, "errorCode", "error", "exceptionCode", "statusCode")
    message = _get_first(entry, "message", "error_description", "exceptionMessage")
    fields = entry.get("fields")
    listed = fields[: bounds.FAULTS] if isinstance(fields, list) else ()
    names = tuple(to_line(str(name)) for name in listed)
    return ApiFault(code, message or ("" if code else to_line(json.dumps(entry))), names)


def _get_first(entry: dict[object, object], *keys: str) -> str:
    found = next((str(entry[key]).strip() for key in keys if entry.get(key) is not None), "")
    return bounds.cut(found, bounds.FAULT_CHARACTERS)


def _parse_xml(text: str) -> Iterator[ApiFault]:
    code = message = ""
    for found in re.finditer(_XML_FAULT, text[: bounds.PAGE_CHARACTERS]):
        code, message = code or (found[1] or ""), message or (found[2] or "")
    if code or message:
        yield ApiFault(_unescape(code).strip(), _unescape(message).strip())
    else:
        yield ApiFault("", extract_page_text(text))


def _unescape(text: str) -> str:
    # Imported here because `html` loads all entities, and few responses are pages.
    import html

    return html.unescape(text)


def _looks_like_page(text: str) -> bool:
    return re.match(r"<(?:!doctype\s+html|html|head|body)\b", text, re.IGNORECASE) is not None


def is_page(headers: Headers, body: bytes) -> bool:
    """Check whether a response is a web page, whatever its content type."""
    start = body[:512].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    return headers.is_page or _looks_like_page(start)


def extract_page_text(text: str) -> str:
    """Extract the first visible words of an HTML page, its title first.

    The page is read in one pass from tag to tag: a hostile page could make a search very slow.
    """
    first, *pieces = text[: bounds.PAGE_CHARACTERS].split("<")
    words, inside = [first], ""
    for piece in pieces:
        name = _match_tag(piece)
        if name == "!--" or inside == "!--":
            _, end, content = piece.partition("-->")
            inside = "" if end else "!--"
        else:
            content = piece.partition(">")[2]
            if inside in {"", name[1:]} and name not in _INVISIBLE:
                inside = ""
            else:
                inside = inside or name
        if not inside or name == "title":
            words.append(content)
    return to_line(_unescape(" ".join(words)))


def _match_tag(piece: str) -> str:
    found = re.match(_TAG_NAME, piece)
    return found[0].lower() if found else ""


def to_line(text: str) -> str:
    """Format a text as one short line, for a message that quotes it."""
    line = " ".join(text[: bounds.PAGE_CHARACTERS].split())
    return bounds.cut(line, bounds.LINE_CHARACTERS)
