"""Turns values as written into arguments for a plugin's function."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bulkflow.errors import PluginError, UsageError
from bulkflow.model.value import (
    TextTooLongError,
    UnresolvedError,
    plain,
    resolve,
    resolve_name,
    several,
)
from bulkflow.plugin.error_boundary import attribute_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.model.value import Interpolate, Scope, Value, Written
    from bulkflow.plugin.phrase import Phrase
    from bulkflow.plugin.records import ValueType
    from bulkflow.plugin.registry import Catalogue
    from bulkflow.source import Span


class WrongValueError(UsageError):
    """A value cannot be used where it was written."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(f"{span}: {message}")
        self.span = span


def get_folder(span: Span) -> Path:
    """Get the folder that relative paths at a place start from: that of their file."""
    return span.source.path.parent if span.source.path else Path()


def evaluate(
    value: Value,
    scope: Scope,
    environ: Mapping[str, str],
    interpolate: Interpolate | None = None,
) -> Value:
    """Replace every name and variable in a value. Raises `UsageError`."""
    try:
        return resolve(resolve_name(value, scope), scope, environ, interpolate)
    except UnresolvedError as error:
        what = "environment variable" if error.variable else "name"
        raise WrongValueError(f"{what} {error.name} is not set", error.span) from error
    except TextTooLongError as error:
        raise WrongValueError(str(error), error.span) from error
    except ValueError as error:
        raise WrongValueError(str(error), value.span) from error


def evaluate_arguments(
    phrase: Phrase,
    written: Mapping[str, Written],
    scope: Scope,
    environ: Mapping[str, str],
    catalogue: Catalogue,
) -> dict[str, object]:
    """Build the arguments for a phrase's function; unfilled slots are left out.

    A slot of type `path` becomes a path that is absolute or relative to the working directory.

    Raises:
        UsageError: A value does not fit its slot.
    """
    slots = {slot.name: slot for slot in phrase.slots}
    arguments: dict[str, object] = {}
    for name, values in written.items():
        slot = slots[name]
        kind = catalogue.value_types.get(slot.type)
        if kind is None:
            raise PluginError(
                f"no plugin provides the type {slot.type} that the phrase `{phrase.text}` uses",
                help="`bulkflow plugins` shows which plugins are broken or blocked",
            )
        found = tuple(_argument(kind, each, scope, environ) for each in several(values))
        arguments[name] = found if slot.many else found[0]
    return arguments


def _argument(kind: ValueType, value: Value, scope: Scope, environ: Mapping[str, str]) -> object:
    known = evaluate(value, scope, environ, kind.interpolate) if kind.constants else value
    converted = _converted(kind, known)
    return get_folder(value.span) / str(converted) if kind.name in {"path", "folder"} else converted


def _converted(kind: ValueType, value: Value) -> object:
    with attribute_errors(kind.provider, f"reading `{plain(value)}` as {kind.name}"):
        try:
            return kind.convert(value)
        except ValueError as error:
            raise WrongValueError(str(error), value.span) from error
