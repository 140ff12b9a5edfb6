"""The commands of `bulkflow org`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_salesforce.commands.check import check_org
from bulkflow_salesforce.commands.login import login
from bulkflow_salesforce.commands.profiles import default, list_orgs, logout, show

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

COMMANDS: Mapping[str, click.Command] = {
    "login": login,
    "list": list_orgs,
    "show": show,
    "test": check_org,
    "default": default,
    "logout": logout,
}
