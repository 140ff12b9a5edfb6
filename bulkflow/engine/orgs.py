"""The orgs of a run: by the names that its file has for them, and the same in each attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import evolve

from bulkflow.errors import BulkflowError, RunInterruptedError, UsageError
from bulkflow.plugin.error_boundary import attribute_errors
from bulkflow.plugin.messages import OrgRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow.engine.run_state import Services
    from bulkflow.model.org import OrgAccess
    from bulkflow.plugin.records import Org


class MovedOrgError(UsageError):
    """A name leads into another org than in an earlier attempt at the run."""


def open_org(services: Services, name: str | None) -> OrgAccess:
    """An org by the file's name, or else the only one; opened at the first call.

    Two names for one profile are two names for one thing, unless its record says otherwise.

    Raises:
        MovedOrgError: the name led into another org when the run came to it first.
        UsageError: there is no such org.
        BulkflowError: what its plugin says against opening it.
    """
    name = name or services.only_org
    if name is None or name not in services.orgs:
        raise _no_org(services, name)
    return services.shared.get(
        get_org_key(services, name), lambda: _open(services, name), lambda org: org.close()
    )


def are_all_transient(orgs: Mapping[str, str], known: Mapping[str, Org]) -> bool:
    """Whether each org of a file begins empty with each run; it has the profiles by name."""
    return all(profile in known and known[profile].transient for profile in orgs.values())


def get_org_key(services: Services, name: str) -> str:
    """A text that is the same for all names of the file that lead into the same org."""
    profile = services.orgs[name]
    record = services.catalogue.orgs.get(profile)
    apart = record is not None and record.apart
    return f"org:{profile} as {name}" if apart else f"org:{profile}"


def find_moved_orgs(services: Services) -> list[BulkflowError]:
    """What is to be said of the orgs of earlier attempts that are other ones now.

    Those that no attempt came to are not asked.
    """
    found: list[BulkflowError] = []
    for way, name in {get_org_key(services, name): name for name in services.orgs}.items():
        if services.journal.find_decision(way) is None:
            continue
        try:
            open_org(services, name)
        except MovedOrgError as error:
            found.append(error)
        except RunInterruptedError:
            raise
        except BulkflowError:
            # Whoever needs it is told then; perhaps all that there was to do in it is done.
            continue
    return found


def _open(services: Services, name: str) -> OrgAccess:
    profile = services.orgs[name]
    record = services.catalogue.orgs.get(profile)
    if record is None:
        raise UsageError(
            f"no plugin knows the org {profile}",
            help=f"known orgs: {', '.join(sorted(services.catalogue.orgs)) or 'none'}",
        )
    with attribute_errors(record.provider, f"connecting to org {profile}"):
        org = record.connect(OrgRequest(profile, services.environ, services.run_directory))
    if record.transient:
        return evolve(org, transient=True)
    try:
        _refuse_another(services, name, org)
    except BulkflowError:
        org.close()
        raise
    return org


def _refuse_another(services: Services, name: str, org: OrgAccess) -> None:
    """The jobs of a run are in the org that it began in, so nothing is done in another.

    An org is known by its organization id, as its host may get another name, or another org after
    a refresh; by its host where nobody told the id.
    """
    now = [org.organization or "", urlsplit(org.instance_url).netloc.lower()]
    kept: object = services.journal.decide_once(get_org_key(services, name), lambda: now)
    # Older versions kept the host alone.
    before = [str(each) for each in kept] if isinstance(kept, list) else ["", str(kept)]
    same = before[0] == now[0] if before[0] and now[0] else before[1] == now[1]
    if not same:
        raise MovedOrgError(
            f"org {services.orgs[name]} is {_described(now)} now, and was {_described(before)} "
            "when the run came to it",
            help="the run's jobs are in that org, and what was loaded there would be loaded once "
            f"more elsewhere; make {services.orgs[name]} lead to {_described(before)} again, or, "
            "if that is gone, run the file with `bulkflow run --fresh`",
        )


def _described(identity: Sequence[str]) -> str:
    organization, host = identity
    return f"{host} (organization {organization})" if organization else host


def _no_org(services: Services, name: str | None) -> UsageError:
    if name is not None:
        return UsageError(
            f"the file declares no org {name}", help=f"write `org {name} = PROFILE` at its top"
        )
    if services.orgs:
        return UsageError(
            f"nothing says which org this is for; the file has {', '.join(services.orgs)}",
            help="use a step that takes the name of an org, or of a job",
        )
    return UsageError(
        "the file names no org", help="write `org NAME` at its top, or use --org NAME"
    )
