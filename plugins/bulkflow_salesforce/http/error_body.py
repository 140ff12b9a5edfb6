"""What the body of an error response says.

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
from bulkflow_salesforce.http.json_text import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow_salesforce.http.headers import Headers

_XML_FAULT = (
    r"<(?:\w+:)?(?:errorCode|exceptionCode|faultcode)>([^<]*)</|"
    r"<(?:\w+:)?(?:message|exceptionMessage|faultstring)>([^<]*)</"
)
_TAG_NAME = r"!--|/?[A-Za-z0-9]*"
_UNSEEN = frozenset({"head", "script", "style"})


def read_faults(body: bytes) -> tuple[ApiFault, ...]:
    """The entries of an error body; none if it is empty or a page for people."""
    text = body.decode("utf-8", "replace").strip()
    if not text:
        return ()
    if text[0] in "[{":
        try:
            content = parse(text)
        except ValueError:
            return (ApiFault("", one_line(text)),)
        entries = content if isinstance(content, list) else [content]
        return tuple(_entry(entry) for entry in entries[: bounds.FAULTS])
    if text[0] == "<":
        return () if _looks_like_page(text) else tuple(_xml_faults(text))
    return (ApiFault("", one_line(text)),)


def _entry(entry: object) -> ApiFault:
    if not isinstance(entry, dict):
        return ApiFault("", one_line(json.dumps(entry)))
    code = _first(entry, "errorCode", "error", "exceptionCode", "statusCode")
    message = _first(entry, "message", "error_description", "exceptionMessage")
    fields = entry.get("fields")
    listed = fields[: bounds.FAULTS] if isinstance(fields, list) else ()
    names = tuple(one_line(str(name)) for name in listed)
    return ApiFault(code, message or ("" if code else one_line(json.dumps(entry))), names)


def _first(entry: dict[object, object], *keys: str) -> str:
    found = next((str(entry[key]).strip() for key in keys if entry.get(key) is not None), "")
    return bounds.cut(found, bounds.FAULT_CHARACTERS)


def _xml_faults(text: str) -> Iterator[ApiFault]:
    code = message = ""
    for found in re.finditer(_XML_FAULT, text[: bounds.PAGE_CHARACTERS]):
        code, message = code or (found[1] or ""), message or (found[2] or "")
    if code or message:
        yield ApiFault(_unescaped(code).strip(), _unescaped(message).strip())
    else:
        yield ApiFault("", page_words(text))


def _unescaped(text: str) -> str:
    # Here, as `html` holds all entities that there are, and few answers are pages.
    import html

    return html.unescape(text)


def _looks_like_page(text: str) -> bool:
    return re.match(r"<(?:!doctype\s+html|html|head|body)\b", text, re.IGNORECASE) is not None


def is_page(headers: Headers, body: bytes) -> bool:
    """Whether an answer is a page for people, whatever its content type says."""
    start = body[:512].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    return headers.is_page or _looks_like_page(start)


def page_words(text: str) -> str:
    """The first words that a reader of an HTML page would see, its title first.

    One pass from tag to tag, as the text may be made to waste the time of a search.
    """
    first, *pieces = text[: bounds.PAGE_CHARACTERS].split("<")
    words, inside = [first], ""
    for piece in pieces:
        name = _name_of(piece)
        if name == "!--" or inside == "!--":
            _, end, content = piece.partition("-->")
            inside = "" if end else "!--"
        else:
            content = piece.partition(">")[2]
            if inside in {"", name[1:]} and name not in _UNSEEN:
                inside = ""
            else:
                inside = inside or name
        if not inside or name == "title":
            words.append(content)
    return one_line(_unescaped(" ".join(words)))


def _name_of(piece: str) -> str:
    found = re.match(_TAG_NAME, piece)
    return found[0].lower() if found else ""


def one_line(text: str) -> str:
    """Put a text into one line that a message can quote."""
    line = " ".join(text[: bounds.PAGE_CHARACTERS].split())
    return bounds.cut(line, bounds.LINE_CHARACTERS)
