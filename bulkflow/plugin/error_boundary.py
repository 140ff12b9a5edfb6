"""The boundary between bulkflow and a plugin: every unexpected error names the plugin."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bulkflow.errors import BulkflowError, PluginError
from bulkflow.plugin.control_flow import FlowSignal
from bulkflow.system_errors import build_machine_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.plugin.records import Provider


@contextmanager
def attribute_errors(
    provider: Provider | None, action: str, *, signals: bool = False
) -> Iterator[None]:
    """Turn unexpected exceptions into a `PluginError` that names the plugin.

    bulkflow's own errors pass. `sys.exit` and other exceptions that are not an `Exception` are
    converted too, because a plugin does not decide how the program ends. Only KeyboardInterrupt
    passes, and the end of a generator.

    Args:
        provider: The plugin.
        action: Completes "plugin X failed while …", such as ``running `upload` ``.
        signals: Whether flow signals pass: only a step may change the flow.
    """
    try:
        yield
    except (BulkflowError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        if signals and isinstance(error, FlowSignal):
            raise
        raise build_plugin_error(provider, action, error) from error


def build_plugin_error(
    provider: Provider | None, action: str, error: BaseException
) -> BulkflowError:
    """Build the error for what a plugin raised, or for a shortage of the machine."""
    if (short := build_machine_error(error, action)) is not None:
        return short
    who = str(provider) if provider else "unknown"
    return PluginError(
        f"plugin {who} failed while {action}: {type(error).__name__}: {error}",
        help="this is a fault of the plugin; report it to its author with this message, "
        "or block the plugin with BULKFLOW_BLOCK",
    )
