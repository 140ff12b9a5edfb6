"""The name that bulkflow is distributed under: on PyPI, `bulkflow` is another project."""

from __future__ import annotations

from typing import Final

DISTRIBUTION: Final = "bulkflow-sf"


def get_install_command(extra: str) -> str:
    """Return the commands that install an extra: from an index, and in a checkout."""
    return f'pip install "{DISTRIBUTION}[{extra}]", or in a checkout pip install ".[{extra}]"'


def get_reinstall_command() -> str:
    """Return the commands that repair an installation: from an index, and in a checkout."""
    command = "pip install --force-reinstall"
    return f"{command} {DISTRIBUTION}, or in a checkout {command} ."
