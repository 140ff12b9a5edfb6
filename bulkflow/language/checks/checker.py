"""Check a pipeline and make its plan, in several passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.language.checks.include import Includer
from bulkflow.language.checks.orgs import OrgFinder
from bulkflow.language.checks.outputs import report_overwritten
from bulkflow.language.checks.parameters import Parameters
from bulkflow.language.checks.planner import Planner
from bulkflow.language.checks.scope import NameScope
from bulkflow.language.codes import Code
from bulkflow.language.diagnostics import Findings
from bulkflow.language.flow.lifecycle import check_lifecycle
from bulkflow.language.flow.open_jobs import report_left_open
from bulkflow.language.syntax import tree
from bulkflow.model.plan import Plan
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bulkflow.model.diagnostic import Diagnostic
    from bulkflow.plugin.registry import Catalogue
    from bulkflow.source import SourceText


@frozen
class Checked:
    """The plan, or None if there are errors; and all diagnostics, by file and place."""

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]


def check(
    source: SourceText,
    catalogue: Catalogue,
    *,
    settings: Mapping[str, str],
    environ: Mapping[str, str],
    read: Callable[[Path], SourceText],
    orgs: Mapping[str, str] | None = None,
) -> Checked:
    """Parse a file and everything it includes, and report all mistakes.

    Args:
        source: The main file.
        catalogue: The words and types of the installed plugins.
        settings: The command line's `--set`, as written.
        environ: The environment variables that the file may read.
        read: Reads an included file; raises OSError, UnicodeDecodeError or TooLargeError.
        orgs: The command line's `--org`: profiles by the names of the orgs that they replace,
            or by `EVERY` for the only org.

    Raises:
        GrammarMissingError: The grammar is missing or damaged.
        PluginConflictError: Two plugins define the same phrase.
        PluginError: A plugin failed while it checked a value or a job.
    """
    findings = Findings()
    includer = Includer(read, findings)
    statements = includer.parse_all(source)
    start = Span(source, 0, 0)
    found = OrgFinder(catalogue, findings, orgs or {}, start).find(statements)
    planner = Planner(catalogue, findings, source, found)
    scope = NameScope(environ)
    params = [each for each in statements if isinstance(each, tree.ParamNode)]
    parameters = Parameters(planner.evaluator, settings).declare(params, scope, start)
    body = planner.plan_block(statements, scope)
    plan = Plan(source, found.profiles, parameters, body, tuple(includer.sources))
    if not (findings.any_broken or findings.full or None in planner.doubtful):
        check_lifecycle(plan, catalogue, findings, planner.doubtful)
    if not statements and not findings.any_error:
        findings.warning(
            Code.NOTHING_TO_DO,
            "this file has nothing to do",
            start,
            "declare a job and load it; `bulkflow explain B115` shows an example",
        )
    if not findings.any_error:
        report_overwritten(plan, catalogue, findings, environ)
        for name, noun in (*((each.name, "param") for each in params), *planner.named):
            if name.span.source is source:
                planner.evaluator.report_unused(name, noun)
        found.report_unused(source)
        report_left_open(plan, catalogue, findings)
    return Checked(None if findings.any_error else plan, findings.to_sorted())
