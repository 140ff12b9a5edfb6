"""The query of a job, and the address of its database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from attrs import field, frozen

from bulkflow.model.value import Outside, Text

if TYPE_CHECKING:
    from bulkflow.model.value import Value

_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_SECRETS: Final = re.compile(r"(?:password|token|secret|key)=([^&\s]+)", re.IGNORECASE)
_SHORTEST: Final = 3
"""Characters of a piece of a password that a message may not contain."""


@frozen
class DatabaseUrl:
    """The address of a database, which may contain a password.

    Attributes:
        address: The URL.
        shown: What messages call it: the name of the variable that holds it.
    """

    address: str = field(repr=False)
    shown: str

    def __str__(self) -> str:
        return self.shown

    @property
    def scheme(self) -> str:
        """The part before `://`, in lower case."""
        return self.address.partition(":")[0].lower()

    def is_absent_from(self, text: str) -> bool:
        """Return whether a text has no piece of the secrets of the address, so it can be shown."""
        login, _, _ = self.address.partition("://")[2].rpartition("@")
        secrets = [login.partition(":")[2], *_SECRETS.findall(self.address)]
        pieces = {
            piece
            for secret in secrets
            for each in (secret, unquote(secret))
            for piece in (each, *re.split(r"[@:/?#&=%\s]+", each))
            if len(piece) >= _SHORTEST
        }
        return self.address not in text and not any(piece in text for piece in pieces)


@frozen
class SqlQuery:
    """A query, and the database that it is for. Its text has no part of the address."""

    text: str
    url: DatabaseUrl

    def __str__(self) -> str:
        return f"{self.text} at {self.url}"


def read_query(value: Value) -> str:
    """Return the text of a query, with parameters from outside of the file as SQL values.

    A parameter is in single quotes, where it is a text, or is a number. Nothing that it
    contains can change the query.

    Raises:
        ValueError: It is not a text, or a parameter is elsewhere.
    """
    if not isinstance(value, Text):
        raise ValueError("a query is a text in quotes")  # noqa: TRY004 - what a type raises
    if value.given:
        raise ValueError(
            "the whole query comes from outside of the pipeline file; write it into the file, and "
            "let only its values come from outside, as in \"… WHERE Region = '{region}'\""
        )
    pieces = [part for part in value.parts if isinstance(part, str)]
    fixed = "".join(each for each in pieces if not isinstance(each, Outside))
    if any(isinstance(each, Outside) for each in pieces):
        _refuse_confusing(fixed)
    reader = _Reader()
    made = []
    for piece in pieces:
        if isinstance(piece, Outside):
            made.append(_quote(str(piece), reader.inside))
        else:
            reader.read(piece)
            made.append(piece)
    text = "".join(made).strip().rstrip(";").rstrip()
    if not text:
        raise ValueError("the query is empty")
    return text


def read_url(value: Value) -> DatabaseUrl:
    """Return the address of a database.

    Raises:
        ValueError: It is not a URL, or it is written into the file with a password.
    """
    if not isinstance(value, Text):
        raise ValueError(  # noqa: TRY004 - what a type raises
            "write `env NAME`, with the variable that has the database's URL"
        )
    address = "".join(str(part) for part in value.parts)
    written = value.span.text
    shown = written.removeprefix("env").strip() if value.given else "the database"
    if "://" not in address:
        raise ValueError(
            f"{shown} is not the URL of a database, such as postgresql://user@host/name or "
            "sqlite:///data/crm.db"
        )
    if not value.given and not any(isinstance(part, Outside) for part in value.parts):
        login, _, _ = address.partition("://")[2].rpartition("@")
        if ":" in login:
            raise ValueError(
                "the URL has a password, and secrets do not belong in a pipeline file; put the URL "
                "into an environment variable, and write `at env NAME`"
            )
    return DatabaseUrl(address, shown)


_CONFUSING: Final = re.compile(r"\\|\[[^\]]*['\"`][^\]]*\]|/\*(?:(?!\*/).)*/\*", re.DOTALL)


def _refuse_confusing(text: str) -> None:
    """Raise ValueError for SQL of which databases disagree where its texts begin and end."""
    if _CONFUSING.search(text):
        raise ValueError(
            "a query with a backslash, quotes between brackets, or a comment inside of a comment "
            "cannot have parameters from outside of the pipeline file, because databases read it "
            "differently"
        )


_OPENERS: Final = re.compile(r"""'|"|`|--|/\*|\$\w*\$""")


class _Reader:
    """Follows SQL to know what a parameter is in.

    Attributes:
        inside: What ends the text, name or comment that is open; empty in plain SQL.
    """

    inside: str = ""

    def read(self, text: str) -> None:
        at = 0
        while at < len(text):
            if self.inside:
                end = text.find(self.inside, at)
                if end < 0:
                    return
                at, self.inside = end + len(self.inside), ""
            else:
                found = _OPENERS.search(text, at)
                if found is None:
                    return
                at = found.end()
                self.inside = {"--": "\n", "/*": "*/"}.get(found[0], found[0])


_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _quote(given: str, inside: str) -> str:
    if _CONTROL.search(given):
        raise ValueError("a parameter of the query has control characters")
    if inside == "'":
        if "\\" in given:
            raise ValueError(f"{given} has a backslash, which databases read differently")
        return given.replace("'", "''")
    if inside:
        raise ValueError(
            "a parameter is inside of a comment or a quoted name of the query; only values can "
            "come from outside of the pipeline file"
        )
    if _NUMBER.fullmatch(given) is None:
        raise ValueError(
            f"{given} is not a number; a text needs single quotes around its parameter: '{{name}}'"
        )
    return f"({given})" if given.startswith("-") else given
