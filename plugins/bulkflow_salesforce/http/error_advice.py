"""What to do about an answer that refuses, as the help line of its error.

A help never says to run again, nor what was or was not done before: one request knows neither. The
run that made it does, and says so beside it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkflow_salesforce.http.api_fault import ApiFault
    from bulkflow_salesforce.http.call import Call

# By the first code that fits.
_BY_CODE = {
    "REQUEST_LIMIT_EXCEEDED": "wait until the org has API requests again"
    " (Setup, Company Information shows them)",
    "LIMIT_EXCEEDED": "wait until the org's earlier jobs have ended",
    "ExceededQuota": "wait until the org's limit of batches or rows in 24 hours allows more",
    "API_DISABLED_FOR_ORG": "this edition of Salesforce has no API; ask Salesforce to enable it",
    "API_CURRENTLY_DISABLED": "give the user the permission `API Enabled`; where API access control"
    " is on, let the user's profile or a permission set use the app as well",
    "FeatureNotEnabled": "ask an administrator for the permission that the message names;"
    " hard delete needs `Bulk API Hard Delete`",
    "INSUFFICIENT_ACCESS": "give the user access to the object and its fields",
    "InvalidEntity": "use the API name of an object that the Bulk API can load, such as Account or"
    " Invoice__c",
    "InvalidJobState": "look at the job's state; it has moved on since",
    "TXN_SECURITY_METERING_ERROR": "a transaction security policy of the org stopped this; ask an"
    " administrator",
    "INVALID_AUTH_HEADER": "give the access token alone, without the word Bearer",
}
_BY_STATUS = {
    401: "the session has ended, or the token is not one of this org: log in again, or get a new"
    " token",
    403: "ask an administrator of the org for the permission",
    410: "this API version is retired; choose a newer one",
    413: "a server on the way takes no request of this size: send the rows in smaller parts, with"
    " `parts of 10MB` in the job",
    420: "Salesforce could not route the request; try again in a few minutes",
    429: "the org takes fewer requests at a time; run with less in parallel",
}
_ANY = "correct what the message names"
_OF_SERVER = "the trouble is on Salesforce's side (https://status.salesforce.com); try again later"

# Sessions that no new token of the same kind makes better: words of the message, and the help.
HOPELESS_SESSIONS = {
    "not valid for use with the rest api": "this kind of session cannot use the API: log in with an"
    " app, `bulkflow org login`",
    "blacktab users cannot perform api operations": "this is a session of Salesforce's support,"
    " which cannot use the API: log in as a user of the org",
    "connected app is not attached to agent": "log in with an app of your own, not with an agent's",
}

ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+\.my\.salesforce\.com(?![\w.-])")
"""The address of an org, in a text."""

_JOB = re.compile(r"/services/data/v[0-9.]+/jobs/[a-z]+/[A-Za-z0-9]{15,18}(/|$)")
_RESOURCE = re.compile(r"/services/data/v([0-9]+\.0)/")
CHECK_ADDRESS = (
    "check that the instance URL is the org's own address, and that no proxy or login page stands"
    " before it"
)


def advise(call: Call, status: int, faults: tuple[ApiFault, ...]) -> str:
    """Say what to do about a refusal.

    Args:
        call: What was asked.
        status: The HTTP status.
        faults: What the answer says.
    """
    said = " ".join(fault.message for fault in faults)
    if "ConcurrentRequests" in said:
        return "the org has too many long requests under way; run with less in parallel"
    if any(fault.is_code("URL_NOT_RESET") for fault in faults):
        return advise_of_move(ADDRESS.search(said))
    if status == 401:
        for words, text in HOPELESS_SESSIONS.items():
            if words in said.lower():
                return text
    for code, text in _BY_CODE.items():
        if any(fault.is_code(code) for fault in faults):
            return text
    if status == 404:
        return _not_found(call)
    return _BY_STATUS.get(status, _OF_SERVER if status >= 500 else _ANY)


def advise_of_move(address: re.Match[str] | None) -> str:
    """Say what to do where the org has another address now, as far as that is known."""
    where = f", {address[0]}," if address else " (Setup, My Domain shows it)"
    return (
        f"the org has another address now: use it{where} as the instance URL, or log in again:"
        " `bulkflow org login NAME`"
    )


def advise_of_loss(call: Call) -> str:
    """Say what to do where the answer to a call is lost."""
    if not call.changes:
        return "check the network"
    return (
        "it is not known whether the org did it; look at the state in the org before you do it"
        " again"
    )


def _not_found(call: Call) -> str:
    if _JOB.match(call.path):
        return (
            "the job was deleted, or it is another org's; Salesforce removes jobs seven days after"
            " they have ended"
        )
    found = _RESOURCE.match(call.path)
    if found is None:
        return CHECK_ADDRESS
    return (
        f"the org may not have API version {found[1]}, which `bulkflow org test` shows, or the user"
        " may not use this resource"
    )
