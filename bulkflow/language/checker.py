"""From a text to a plan: the passes of the checker, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.language import tree
from bulkflow.language.diagnostics import Findings
from bulkflow.language.include import Includer
from bulkflow.language.lifecycle import follow_jobs
from bulkflow.language.open_jobs import report_left_open
from bulkflow.language.orgs import OrgFinder
from bulkflow.language.outputs import refuse_overwriting
from bulkflow.language.parameters import Parameters
from bulkflow.language.planner import Planner
from bulkflow.language.scope import Scope
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
    """A plan, unless something is wrong; and all diagnostics, by file and place."""

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
    """Parse a file and everything that it includes, and find all mistakes that can be found.

    Args:
        source: The main file.
        catalogue: The words and types that plugins bring.
        settings: The command line's `--set`, as written.
        environ: The environment variables that the file may read.
        read: Reads an included file; raises OSError, UnicodeDecodeError or TooLargeError.
        orgs: The command line's `--org`: profiles by the names of the file's orgs that they
            are to stand for, or by `EVERY` one that stands for the only org.

    Raises:
        GrammarMissingError: the installation lacks its grammar.
        PluginConflictError: two plugins claim the same phrase.
        PluginError: a plugin failed while it was asked about a value or a job.
    """
    findings = Findings()
    includer = Includer(read, findings)
    statements = includer.statements(source)
    start = Span(source, 0, 0)
    found = OrgFinder(catalogue, findings, orgs or {}, start).find(statements)
    planner = Planner(catalogue, findings, source, found)
    scope = Scope(environ)
    params = [each for each in statements if isinstance(each, tree.ParamNode)]
    parameters = Parameters(planner.evaluator, settings).declare(params, scope, start)
    body = planner.block(statements, scope)
    plan = Plan(source, found.profiles, parameters, body, tuple(includer.sources))
    if not (findings.any_broken or findings.full or None in planner.doubtful):
        follow_jobs(plan, catalogue, findings, planner.doubtful)
    if not findings.any_error:
        refuse_overwriting(plan, catalogue, findings, environ)
        for name, noun in (*((each.name, "param") for each in params), *planner.named):
            if name.span.source is source:
                planner.evaluator.unused(name, noun)
        found.report_unused(source)
        report_left_open(plan, catalogue, findings)
    return Checked(None if findings.any_error else plan, findings.sorted())
