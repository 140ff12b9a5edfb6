"""Find the orgs of a file, and the org of each job and step.

A single org is the default. With several orgs there is no default: each job names its org, and so
does each step that works in an org without a job. A forgotten line therefore never loads rows into
the wrong org.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.language.codes import Code
from bulkflow.language.syntax import tree
from bulkflow.language.syntax.other_words import LOGIN
from bulkflow.model.diagnostic import Label
from bulkflow.model.org import get_only_org
from bulkflow.model.value import Name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow.language.diagnostics import Findings
    from bulkflow.plugin.phrase import Match
    from bulkflow.plugin.registry import Catalogue
    from bulkflow.source import SourceText, Span

EVERY = ""
"""The key of `--org PROFILE` without a name, which replaces the only org."""


@define(eq=False, repr=False)
class Orgs:
    """The orgs of a pipeline, by their names in the file."""

    findings: Findings
    declared: dict[str, Span] = field(factory=dict)
    profiles: dict[str, str] = field(factory=dict)
    """The profile of each name."""
    _used: set[str] = field(factory=set)
    _jobs: dict[tuple[int, int], str | None] = field(factory=dict)
    """The org of each job, by the place of its declaration: the source's id, and the offset."""

    @property
    def only(self) -> str | None:
        """The default org, if there is one."""
        return get_only_org(self.profiles)

    def resolve(self, name: Name) -> str | None:
        """Return the org that a line names; report one that is not declared."""
        if name.name in self.profiles:
            self._used.add(name.name)
            return name.name
        if not self.findings.any_broken:
            self.report_unknown(name.name, f"org {name.name} is not declared", name.span)
        return None

    def resolve_for_job(self, job: Name, clauses: Sequence[Match], *, whole: bool) -> str | None:
        """Return the org of a declared job.

        Args:
            job: The job's name.
            clauses: The matches of its clauses.
            whole: Whether these are all of its clauses. If not, the job may name its org in
                another one.
        """
        named = next((name for each in clauses if (name := _find_named(each))), None)
        if named is not None:
            org = self._if_declared(named)
        else:
            org = self._require_default(job.span, f"job {job.name}") if whole else self.only
        self._jobs[_place(job.span)] = org
        return org

    def resolve_for_line(self, match: Match, verb: Span, job: Span | None) -> str | None:
        """Return the org of a step or a condition.

        Args:
            match: The match of the line.
            verb: The place of its first word.
            job: The place where its job is declared, if it has one.
        """
        named = _find_named(match)
        if named is not None:
            return self._if_declared(named)
        if job is not None:
            return self._jobs.get(_place(job))
        if match.phrase.org_slot is not None and match.phrase.job_slot is None:
            return self._require_default(verb, f"`{verb.text}`")
        return self.only

    def report_unused(self, main: SourceText) -> None:
        """Warn of unused orgs, except those in included files, which pipelines may share."""
        if self.only is not None:
            return
        for name, place in self.declared.items():
            if name not in self._used and place.source is main:
                self.findings.warning(
                    Code.UNUSED_ORG,
                    f"org {name} is declared, but nothing uses it",
                    place,
                    f"use it in a job: `in {name}`; or remove this line",
                )

    def _require_default(self, place: Span, what: str) -> str | None:
        """Return the default org; report what needs an org if there is no default."""
        if len(self.profiles) > 1 and not self.findings.any_broken:
            first, *_ = self.profiles
            self.findings.error(
                Code.WHICH_ORG,
                f"{what} does not name its org; the file has {', '.join(self.profiles)}",
                place,
                f"add `in {first}`",
            )
        return self.only

    def _if_declared(self, name: Name) -> str | None:
        return name.name if name.name in self.profiles else None

    def report_unknown(self, name: str, message: str, place: Span) -> None:
        """Report a name that is not declared."""
        near = self.findings.did_you_mean(name, self.profiles)
        self.findings.error(
            Code.UNDECLARED_ORG, message, place, near or f"declare it: org {name} = PROFILE"
        )


@define(eq=False, repr=False)
class OrgFinder:
    """Find the orgs of a file, and apply `--org`."""

    catalogue: Catalogue
    findings: Findings
    overrides: Mapping[str, str]
    """The profiles of `--org`, by the names of orgs in the file, or by `EVERY`."""
    start: Span
    """The place of mistakes on the command line, if there is no better one."""

    def find(self, statements: Sequence[tree.StatementNode]) -> Orgs:
        """Return the orgs of a file; report mistakes."""
        orgs = Orgs(self.findings)
        written: dict[str, Name] = {}
        for each in statements:
            if not isinstance(each, tree.OrgNode) or not each.name.name:
                continue
            name = each.name.name
            if name in orgs.declared:
                self._report_duplicate(each, orgs.declared[name])
                continue
            orgs.declared[name] = each.name.span
            orgs.profiles[name] = each.profile.name
            written[name] = each.profile
        for name, profile in self.overrides.items():
            self._override(name, profile, orgs, written)
        for value in written.values():
            if value.name:
                self._check_profile(value.name, "", value.span)
        if not orgs.profiles:
            self._report_no_org(statements)
        return orgs

    def _report_duplicate(self, again: tree.OrgNode, first: Span) -> None:
        self.findings.error(
            Code.DUPLICATE_NAME,
            f"org {again.name.name} is declared twice",
            again.name.span,
            f"give one of them another name: org NAME = {again.profile.name}"
            if again.profile.name
            else "give one of them another name",
            labels=[Label(first, "first declared here")],
        )

    def _override(self, name: str, profile: str, orgs: Orgs, written: dict[str, Name]) -> None:
        flag = f"--org {name}={profile}" if name else f"--org {profile}"
        meant = name or orgs.only or profile
        if name and name not in orgs.profiles:
            orgs.report_unknown(name, f"`{flag}`: the file declares no org {name}", self.start)
        elif not name and len(orgs.profiles) > 1:
            self.findings.error(
                Code.WHICH_ORG,
                f"`{flag}` does not say which org it replaces; "
                f"the file has {', '.join(orgs.profiles)}",
                next(iter(orgs.declared.values())),
                "write " + " ".join(f"--org {each}={profile}" for each in orgs.profiles),
            )
        elif not name and meant in self.overrides:
            self.findings.error(
                Code.WHICH_ORG,
                f"`{flag}` and `--org {meant}={self.overrides[meant]}` replace the same org",
                orgs.declared.get(meant, self.start),
                "remove one of them",
            )
        else:
            replaced = written.pop(meant, None)
            place = self.start if replaced is None else replaced.span
            self._check_profile(profile, flag.removesuffix(profile), place)
            orgs.profiles[meant] = profile

    def _report_no_org(self, statements: Sequence[tree.StatementNode]) -> None:
        first = next((each for each in statements if isinstance(each, tree.JobNode)), None)
        if first is not None and not self.findings.any_broken:
            self.findings.error(
                Code.NO_ORG,
                "this file has jobs but no org",
                first.span,
                "write `org sandbox` at the top, or use --org NAME",
            )

    def _check_profile(self, profile: str, flag: str, place: Span) -> None:
        known = self.catalogue.orgs
        if profile in known:
            return
        near = self.findings.did_you_mean(profile, known)
        help_line = near or (
            f"log in to it first: `{LOGIN} {profile}`; "
            f"known orgs: {', '.join(sorted(known)) or 'none'}"
        )
        if self.catalogue.broken:
            help_line += f"; {self.catalogue.broken_hint}"
        self.findings.error(Code.UNKNOWN_ORG, f"unknown org `{flag}{profile}`", place, help_line)


def _find_named(match: Match) -> Name | None:
    """Return the org that a line names."""
    named = match.arguments.get(match.phrase.org_slot or "")
    return named if isinstance(named, Name) else None


def _place(declared: Span) -> tuple[int, int]:
    return id(declared.source), declared.start
