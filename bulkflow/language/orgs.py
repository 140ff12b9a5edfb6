"""The orgs of a file: which there are, and which of them a job or a step is for.

One org is everybody's. Where there are several, every job says which it is for, and so does every
step that works in an org and has no job: nothing is loaded into an org that the file does not name
for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.language import tree
from bulkflow.language.codes import Code
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
"""The name for which `--org PROFILE` stands: that of the only org."""


@define(eq=False, repr=False)
class Orgs:
    """The orgs of a pipeline, by the names that the file has for them."""

    findings: Findings
    declared: dict[str, Span] = field(factory=dict)
    profiles: dict[str, str] = field(factory=dict)
    """What each name stands for."""
    _used: set[str] = field(factory=set)
    _jobs: dict[tuple[int, int], str | None] = field(factory=dict)
    """The org of each job, by where the job is declared: the source's id, and the offset."""

    @property
    def only(self) -> str | None:
        """The org that is everybody's, if there is one."""
        return get_only_org(self.profiles)

    def named(self, name: Name) -> str | None:
        """The org that a line names; reports one that is not declared."""
        if name.name in self.profiles:
            self._used.add(name.name)
            return name.name
        if not self.findings.any_broken:
            self.unknown(name.name, f"org {name.name} is not declared", name.span)
        return None

    def of_job(self, job: Name, clauses: Sequence[Match], *, whole: bool) -> str | None:
        """The org of a declared job.

        Args:
            job: The job's name.
            clauses: What its clauses are.
            whole: Whether these are all, so that the one that says it cannot be another one.
        """
        named = next((name for each in clauses if (name := _named_in(each))), None)
        if named is not None:
            org = self._if_declared(named)
        else:
            org = self._needed(job.span, f"job {job.name}") if whole else self.only
        self._jobs[_place(job.span)] = org
        return org

    def of_line(self, match: Match, verb: Span, job: Span | None) -> str | None:
        """The org that a step or a question is about.

        Args:
            match: What the line is.
            verb: Its first word.
            job: Where its job is declared, if it has one.
        """
        named = _named_in(match)
        if named is not None:
            return self._if_declared(named)
        if job is not None:
            return self._jobs.get(_place(job))
        if match.phrase.org_slot is not None and match.phrase.job_slot is None:
            return self._needed(verb, f"`{verb.text}`")
        return self.only

    def report_unused(self, main: SourceText) -> None:
        """Warn of each of several orgs that nothing is for; an included file may share its own."""
        if self.only is not None:
            return
        for name, place in self.declared.items():
            if name not in self._used and place.source is main:
                self.findings.warning(
                    Code.UNUSED_ORG,
                    f"org {name} is declared, but nothing is for it",
                    place,
                    f"say of a job that it is: `in {name}`; or remove the line",
                )

    def _needed(self, place: Span, what: str) -> str | None:
        """The org of something that names none; reports it where there are several."""
        if len(self.profiles) > 1 and not self.findings.any_broken:
            first, *_ = self.profiles
            self.findings.error(
                Code.WHICH_ORG,
                f"{what} does not say which org it is for; the file has {', '.join(self.profiles)}",
                place,
                f"name it: `in {first}`",
            )
        return self.only

    def _if_declared(self, name: Name) -> str | None:
        return name.name if name.name in self.profiles else None

    def unknown(self, name: str, message: str, place: Span) -> None:
        """Report a name that the file does not declare."""
        near = self.findings.suggest.did_you_mean(name, self.profiles)
        self.findings.error(
            Code.UNDECLARED_ORG, message, place, near or f"declare it: org {name} = PROFILE"
        )


@define(eq=False, repr=False)
class OrgFinder:
    """Finds the orgs of a file, and what the command line puts in their place."""

    catalogue: Catalogue
    findings: Findings
    overrides: Mapping[str, str]
    """What `--org` says: profiles by the file's names; by `EVERY`, that of the only org."""
    start: Span
    """Where mistakes of the command line are reported, if the file has no better place."""

    def find(self, statements: Sequence[tree.Statement]) -> Orgs:
        """Every org of the file; reports what cannot be."""
        orgs = Orgs(self.findings)
        written: dict[str, Name] = {}
        for each in statements:
            if not isinstance(each, tree.Org) or not each.name.name:
                continue
            name = each.name.name
            if name in orgs.declared:
                self._twice(each, orgs.declared[name])
                continue
            orgs.declared[name] = each.name.span
            orgs.profiles[name] = each.profile.name
            written[name] = each.profile
        for name, profile in self.overrides.items():
            self._override(name, profile, orgs, written)
        for value in written.values():
            if value.name:
                self._known(value.name, "", value.span)
        if not orgs.profiles:
            self._refuse_jobs(statements)
        return orgs

    def _twice(self, again: tree.Org, first: Span) -> None:
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
            orgs.unknown(name, f"`{flag}`: the file declares no org {name}", self.start)
        elif not name and len(orgs.profiles) > 1:
            self.findings.error(
                Code.WHICH_ORG,
                f"`{flag}` does not say which org of the file it stands for; "
                f"the file has {', '.join(orgs.profiles)}",
                next(iter(orgs.declared.values())),
                "write " + " ".join(f"--org {each}=PROFILE" for each in orgs.profiles),
            )
        elif not name and meant in self.overrides:
            self.findings.error(
                Code.WHICH_ORG,
                f"`{flag}` and `--org {meant}={self.overrides[meant]}` are about the same org",
                orgs.declared.get(meant, self.start),
                "write one of them",
            )
        else:
            replaced = written.pop(meant, None)
            place = self.start if replaced is None else replaced.span
            self._known(profile, flag.removesuffix(profile), place)
            orgs.profiles[meant] = profile

    def _refuse_jobs(self, statements: Sequence[tree.Statement]) -> None:
        first = next((each for each in statements if isinstance(each, tree.Job)), None)
        if first is not None and not self.findings.any_broken:
            self.findings.error(
                Code.NO_ORG,
                "the file does not say which org its jobs are for",
                first.span,
                "write `org sandbox` at the top, or run with --org NAME",
            )

    def _known(self, profile: str, flag: str, place: Span) -> None:
        known = self.catalogue.orgs
        if profile in known:
            return
        near = self.findings.suggest.did_you_mean(profile, known)
        help_line = near or f"known orgs: {', '.join(sorted(known)) or 'none'}"
        if self.catalogue.broken:
            help_line += f"; {self.catalogue.broken_hint}"
        self.findings.error(
            Code.UNKNOWN_ORG, f"`{flag}{profile}` is no org that is known here", place, help_line
        )


def _named_in(match: Match) -> Name | None:
    """What stands in the place for an org."""
    named = match.arguments.get(match.phrase.org_slot or "")
    return named if isinstance(named, Name) else None


def _place(declared: Span) -> tuple[int, int]:
    return id(declared.source), declared.start
