"""The commands of `bulkflow org`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_salesforce.commands.keeping import default, list_orgs, logout, show
from bulkflow_salesforce.commands.login import login
from bulkflow_salesforce.commands.trying import try_org

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

COMMANDS: Mapping[str, click.Command] = {
    "login": login,
    "list": list_orgs,
    "show": show,
    "test": try_org,
    "default": default,
    "logout": logout,
}
