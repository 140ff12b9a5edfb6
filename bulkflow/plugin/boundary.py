"""The border between bulkflow and a plugin: whatever goes wrong there gets the plugin's name."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bulkflow.errors import BulkflowError, PluginError
from bulkflow.plugin.flow import FlowSignal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.plugin.records import Provider


@contextmanager
def attributed(provider: Provider | None, action: str) -> Iterator[None]:
    """Let bulkflow's errors and signals through; turn any other exception into a `PluginError`.

    `action` completes "plugin X failed while …", such as ``running `upload` ``.
    """
    try:
        yield
    except (BulkflowError, FlowSignal):
        raise
    except Exception as error:
        who = str(provider) if provider else "unknown"
        raise PluginError(
            f"plugin {who} failed while {action}: {type(error).__name__}: {error}",
            help="this is a fault of the plugin; report it to its author with this message, "
            "or block the plugin with BULKFLOW_BLOCK",
        ) from error
