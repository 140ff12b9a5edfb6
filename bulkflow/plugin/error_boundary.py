"""The border between bulkflow and a plugin: whatever goes wrong there gets the plugin's name."""

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
    """Let bulkflow's own errors through; turn any other exception into a `PluginError`.

    Also `sys.exit` and whatever else is no `Exception`: a plugin does not decide how the program
    ends. Only the user's Ctrl-C passes, and the end of a generator.

    Args:
        provider: The plugin behind the border.
        action: Completes "plugin X failed while …", such as ``running `upload` ``.
        signals: Whether flow signals pass: only a step may say where the run goes on.
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
    """What a plugin raised, with the plugin's name; or what the machine has no more of."""
    if (short := build_machine_error(error, action)) is not None:
        return short
    who = str(provider) if provider else "unknown"
    return PluginError(
        f"plugin {who} failed while {action}: {type(error).__name__}: {error}",
        help="this is a fault of the plugin; report it to its author with this message, "
        "or block the plugin with BULKFLOW_BLOCK",
    )
