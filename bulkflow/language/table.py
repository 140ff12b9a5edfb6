"""The parser's table, kept beside this module so that a start need not compute it.

Building the LALR(1) table takes longer than all the rest of a start. `table.json` holds what lark
serializes of a built parser, as plain data, and a digest of what it was made from. Where the
grammar was edited, or lark is of another version, the digest differs and the parser is built anew:
the file saves time and decides nothing.
"""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lark import Lark

Plain: TypeAlias = "str | int | bool | list[Plain] | dict[str, Plain] | None"

_FILE = "table.json"
_PAIRS = "#"
"""The key that marks an object as one whose keys are no texts in the original."""


def read_table(grammar: str) -> tuple[object, object] | None:
    """The data and memo for lark's loader; None where none was kept for this grammar and lark."""
    try:
        kept = json.loads((files("bulkflow.language") / _FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(kept, dict) or kept.get("digest") != digest_of(grammar):
        return None
    return _restored(kept.get("data")), _restored(kept.get("memo"))


def table_of(parser: Lark, grammar: str) -> str:
    """What `table.json` is to hold for a built parser."""
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    data, memo = parser.memo_serialize([TerminalDef, Rule])
    data["options"] = {**data["options"], "postlex": None}
    kept = {"digest": digest_of(grammar), "data": _plain(data), "memo": _plain(memo)}
    return json.dumps(kept, separators=(",", ":"), sort_keys=True) + "\n"


def digest_of(grammar: str) -> str:
    """A digest of all that a table depends on."""
    import lark

    return hashlib.sha256(f"{lark.__version__}\n{grammar}".encode()).hexdigest()


def _plain(value: object) -> Plain:
    """A value in JSON's types; sets are sorted, so that the file is the same each time."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return "".join(value)
        case dict():
            if all(isinstance(key, str) for key in value):
                return {"".join(key): _plain(each) for key, each in value.items()}
            return {_PAIRS: [[_plain(key), _plain(each)] for key, each in value.items()]}
        case set() | frozenset():
            return [_plain(each) for each in sorted(value)]
        case list() | tuple():
            return [_plain(each) for each in value]
        case _:
            raise TypeError(f"a table cannot hold {value!r}")


def _restored(value: Plain) -> object:
    match value:
        case dict() if _PAIRS in value:
            pairs = cast("list[list[Plain]]", value[_PAIRS])
            return {cast("int", key): _restored(each) for key, each in pairs}
        case dict():
            return {
                key: _restored(each) for key, each in cast("Mapping[str, Plain]", value).items()
            }
        case list():
            return [_restored(each) for each in value]
        case _:
            return value
