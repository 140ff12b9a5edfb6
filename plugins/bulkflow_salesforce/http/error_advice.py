"""What to do about an error response, as the help line of its error.

A help line never suggests running again, and never mentions earlier requests: a single request
cannot know their outcome. The run adds that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkflow_salesforce.http.api_fault import ApiFault
    from bulkflow_salesforce.http.call import Call

# The first code that matches is used.
_BY_CODE = {
    "REQUEST_LIMIT_EXCEEDED": "wait until the org has API requests again"
    " (Setup, Company Information shows them)",
    "LIMIT_EXCEEDED": "wait until the org's earlier jobs have finished",
    "ExceededQuota": "wait until the org's limit of batches or rows in 24 hours allows more",
    "API_DISABLED_FOR_ORG": "this edition of Salesforce has no API; ask Salesforce to enable it",
    "API_CURRENTLY_DISABLED": "give the user the permission `API Enabled`; if API access control is"
    " on, also allow the app in the user's profile or a permission set",
    "FeatureNotEnabled": "ask an administrator for the permission in the message;"
    " hard delete needs `Bulk API Hard Delete`",
    "INSUFFICIENT_ACCESS": "give the user access to the object and its fields",
    "InvalidEntity": "use the API name of an object that the Bulk API can load, such as Account or"
    " Invoice__c",
    "InvalidJobState": "check the job's state; it has changed in the meantime",
    "TXN_SECURITY_METERING_ERROR": "a transaction security policy of the org blocked this; ask an"
    " administrator",
    "INVALID_AUTH_HEADER": "pass the access token alone, without the word Bearer",
}
_BY_STATUS = {
    401: "the session has expired, or the token belongs to another org: log in again, or get a new"
    " token",
    403: "ask an administrator of the org for the permission",
    410: "this API version is retired; choose a newer one",
    413: "a server on the way does not accept requests of this size: send the rows in smaller"
    " parts, with `parts of 10MB` in the job",
    420: "Salesforce could not route the request; try again in a few minutes",
    429: "the org allows fewer requests at a time; run less in parallel",
}
_ANY = "correct what the message describes"
_OF_SERVER = "the problem is on Salesforce's side (https://status.salesforce.com); try again later"

# Sessions that a new token of the same kind would not fix: words of the message, and the help.
HOPELESS_SESSIONS = {
    "not valid for use with the rest api": "this kind of session cannot use the API: log in with an"
    " app, `bulkflow org login`",
    "blacktab users cannot perform api operations": "this is a session of Salesforce support, which"
    " cannot use the API: log in as a user of the org",
    "connected app is not attached to agent": "log in with an app of your own, not with an agent's",
}

ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+\.my\.salesforce\.com(?![\w.-])")
"""The address of an org within a text."""

_JOB = re.compile(r"/services/data/v[0-9.]+/jobs/[a-z]+/[A-Za-z0-9]{15,18}(/|$)")
_RESOURCE = re.compile(r"/services/data/v([0-9]+\.0)/")
CHECK_ADDRESS = (
    "check that the instance URL is the org's own address, and that no proxy or login page"
    " intercepts requests"
)


def advise(call: Call, status: int, faults: tuple[ApiFault, ...]) -> str:
    """Advise what to do about an error response.

    Args:
        call: The request.
        status: The HTTP status.
        faults: The entries of the error body.
    """
    said = " ".join(fault.message for fault in faults)
    if "ConcurrentRequests" in said:
        return "the org has too many long requests in progress; run less in parallel"
    if any(fault.is_code("URL_NOT_RESET") for fault in faults):
        return advise_new_address(ADDRESS.search(said))
    if status == 401:
        for words, text in HOPELESS_SESSIONS.items():
            if words in said.lower():
                return text
    for code, text in _BY_CODE.items():
        if any(fault.is_code(code) for fault in faults):
            return text
    if status == 404:
        return _advise_not_found(call)
    return _BY_STATUS.get(status, _OF_SERVER if status >= 500 else _ANY)


def advise_new_address(address: re.Match[str] | None) -> str:
    """Advise what to do if the org's address has changed; the new one may be unknown."""
    where = f", {address[0]}," if address else " (Setup, My Domain shows it)"
    return (
        f"the org's address has changed: use the new one{where} as the instance URL, or log in"
        " again: `bulkflow org login NAME`"
    )


def advise_lost_response(call: Call) -> str:
    """Advise what to do if the response to a request was lost."""
    if not call.changes:
        return "check the network"
    return (
        "the org may or may not have processed the request; check its state before you send it"
        " again"
    )


def _advise_not_found(call: Call) -> str:
    if _JOB.match(call.path):
        return (
            "the job was deleted, or belongs to another org; Salesforce deletes jobs seven days"
            " after they finished"
        )
    found = _RESOURCE.match(call.path)
    if found is None:
        return CHECK_ADDRESS
    return (
        f"the org may not support API version {found[1]} (`bulkflow org test` shows its newest), or"
        " the user has no access to this resource"
    )
