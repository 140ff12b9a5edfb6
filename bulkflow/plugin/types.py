"""The built-in types of slots; plugins add their own with a hook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.model.safe_path import build_path
from bulkflow.model.value import Duration, Integer, Name, Percent, Size, Text, Value, plain
from bulkflow.plugin.records import ValueType

if TYPE_CHECKING:
    from collections.abc import Callable


def takes(*kinds: type[Value], what: str) -> Callable[[Value], object]:
    """Make a converter that takes values of these kinds and returns their plain content."""

    def convert(value: Value) -> object:
        if not isinstance(value, kinds):
            raise ValueError(f"takes {what}")  # noqa: TRY004 - ValueError is what converters raise
        match value:
            case Integer():
                return value.number
            case Duration():
                return value.seconds
            case Size():
                return value.bytes
            case Percent():
                return value.percent
            case _:
                return plain(value)

    return convert


def choice(*words: str) -> Callable[[Value], object]:
    """Make a converter that takes one of these words."""

    def convert(value: Value) -> object:
        if isinstance(value, Name | Text) and plain(value) in words:
            return plain(value)
        raise ValueError(f"takes one of {', '.join(words)}")

    return convert


def anything(value: Value) -> object:
    """Convert any value to its text."""
    return plain(value)


COUNT_SHOWS = "a number of at least 1, such as 3"


def count(value: Value) -> object:
    """Convert a whole number of at least 1."""
    if not isinstance(value, Integer) or value.number < 1:
        raise ValueError(f"takes {COUNT_SHOWS}")
    return value.number


PATH_SHOWS = 'a path in quotes, such as "out/failed.csv"'


FOLDER_SHOWS = 'the path of a folder in quotes, such as "out"'


def _path(value: Value) -> object:
    if not isinstance(value, Text):
        raise ValueError(f"takes {PATH_SHOWS}")  # noqa: TRY004 - as converters do
    _refuse_control(plain(value))
    if not plain(value).strip():
        raise ValueError("it is empty")
    return build_path(value)


LOCATION_SHOWS = 'a path or URL in quotes, such as "export/*.csv"'


def _location(value: Value) -> object:
    if isinstance(value, Name) and value.name.lower() == "stdin":
        raise ValueError('standard input is written "-"')
    if not isinstance(value, Text):
        raise ValueError(f"takes {LOCATION_SHOWS}")  # noqa: TRY004 - as converters do
    _refuse_control(plain(value))
    return plain(value)


def _refuse_control(path: str) -> None:
    r"""Refuse a tab or line break, as in `"C:\temp\new.csv"`: no path contains one."""
    if "\t" in path or "\n" in path:
        raise ValueError(
            r"it contains a tab or a line break, written `\t` or `\n`; separate folders with /, "
            "even on Windows"
        )


def _type(name: str, what: str, *kinds: type[Value], constants: bool = True) -> ValueType:
    return ValueType(name, what, takes(*kinds, what=what), constants)


def framework_types() -> tuple[ValueType, ...]:
    """Return the types that every phrase may use."""
    return (
        _type("job", "the name of a job: job NAME", Name, constants=False),
        _type("org", "the name of one of the file's orgs", Name, constants=False),
        _type("name", "a bare name", Name, constants=False),
        ValueType("value", "any value", anything),
        _type("text", 'a text in quotes, such as "done"', Text),
        ValueType("path", PATH_SHOWS, _path),
        ValueType("folder", FOLDER_SHOWS, _path),
        ValueType("location", LOCATION_SHOWS, _location),
        _type("number", "a whole number, such as 3", Integer),
        ValueType("count", COUNT_SHOWS, count),
        _type("duration", "a duration, such as 30s, 5m or 2h", Duration),
        _type("size", "a size, such as 90MB or 1GiB", Size),
        _type("percent", "a percentage, such as 1%", Percent),
    )
