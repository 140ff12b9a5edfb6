"""Which org a file is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.language import tree
from bulkflow.language.codes import Code
from bulkflow.model.diagnostic import Label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow.language.findings import Findings
    from bulkflow.plugin.catalogue import Catalogue
    from bulkflow.source import Span


def choose_org(
    statements: Sequence[tree.Statement],
    catalogue: Catalogue,
    override: str | None,
    start: Span,
    findings: Findings,
) -> str | None:
    """The name of the org: the command line's, else the file's.

    `start` is where the command line's is reported, if the file names none.
    """
    named = [each for each in statements if isinstance(each, tree.Org)]
    for extra in named[1:]:
        findings.error(
            Code.SECOND_ORG,
            "a file has one org",
            extra.span,
            "remove one of the two lines",
            labels=[Label(named[0].span, "the first one")],
        )
    if override is not None:
        place = named[0].name.span if named else start
        _known(override, "--org ", catalogue, place, findings)
        return override
    if named:
        name = named[0].name
        if name.name:
            _known(name.name, "", catalogue, name.span, findings)
        return name.name
    first = next((each for each in statements if isinstance(each, tree.Job)), None)
    if first is not None and not findings.any_broken:
        findings.error(
            Code.NO_ORG,
            "the file does not say which org its jobs are for",
            first.span,
            "write `org sandbox` at the top, or run with --org NAME",
        )
    return None


def _known(name: str, flag: str, catalogue: Catalogue, place: Span, findings: Findings) -> None:
    if name in catalogue.orgs:
        return
    near = findings.suggest.did_you_mean(name, catalogue.orgs)
    known = ", ".join(sorted(catalogue.orgs)) or "none"
    findings.error(
        Code.UNKNOWN_ORG,
        f"`{flag}{name}` is no org that is known here",
        place,
        near or f"known orgs: {known}",
    )
