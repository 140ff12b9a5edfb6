"""The orgs of a run, by the names in its file, and the same in every attempt."""

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
    """A name leads to another org than in an earlier attempt at the run."""


def open_org(services: Services, name: str | None) -> OrgAccess:
    """Open an org by its name in the file, or the only one; opened once per run.

    Two names for one profile share an org, unless its record says otherwise.

    Raises:
        MovedOrgError: The name led to another org when the run first used it.
        UsageError: There is no such org.
        BulkflowError: The plugin cannot open it.
    """
    name = name or services.only_org
    if name is None or name not in services.orgs:
        raise _no_org(services, name)
    return services.shared.get(
        get_org_key(services, name), lambda: _open(services, name), lambda org: org.close()
    )


def are_all_transient(orgs: Mapping[str, str], known: Mapping[str, Org]) -> bool:
    """Whether every org of a file starts empty with each run; `orgs` maps names to profiles."""
    return all(profile in known and known[profile].transient for profile in orgs.values())


def get_org_key(services: Services, name: str) -> str:
    """Get a key that is equal for all names in the file that lead to the same org."""
    profile = services.orgs[name]
    record = services.catalogue.orgs.get(profile)
    apart = record is not None and record.apart
    return f"org:{profile} as {name}" if apart else f"org:{profile}"


def find_moved_orgs(services: Services) -> list[BulkflowError]:
    """Find the orgs that earlier attempts used and that are different now.

    Orgs that no attempt has used are not opened.
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
            # The step that needs the org reports this; perhaps no step does.
            continue
    return found


def _open(services: Services, name: str) -> OrgAccess:
    profile = services.orgs[name]
    record = services.catalogue.orgs.get(profile)
    if record is None:
        raise UsageError(
            f"unknown org {profile}",
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
    """Refuse an org other than the one that the run started in: its jobs are there.

    An org is identified by its organization id, because its host may be renamed, or be given to
    another org after a refresh; by its host if the id is unknown.
    """
    now = [org.organization or "", urlsplit(org.instance_url).netloc.lower()]
    kept: object = services.journal.decide_once(get_org_key(services, name), lambda: now)
    # Older versions recorded the host alone.
    before = [str(each) for each in kept] if isinstance(kept, list) else ["", str(kept)]
    same = before[0] == now[0] if before[0] and now[0] else before[1] == now[1]
    if not same:
        raise MovedOrgError(
            f"org {services.orgs[name]} is now {_described(now)}, but was {_described(before)} "
            "earlier in this run",
            help="the run's jobs are in that org, and its rows would be loaded again in another; "
            f"make {services.orgs[name]} lead to {_described(before)} again, or, if that org is "
            "gone, use `bulkflow run --fresh`",
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
            f"it is not clear which org is meant; the file has {', '.join(services.orgs)}",
            help="use a step that names an org or a job",
        )
    return UsageError(
        "the file names no org", help="write `org NAME` at its top, or use --org NAME"
    )
