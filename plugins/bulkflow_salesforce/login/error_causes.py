"""Causes and remedies of OAuth errors.

The errors and their texts were reported by users of other Salesforce clients. `invalid_grant`, for
example, covers a dozen different mistakes.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen


@frozen
class Cause:
    """The cause and remedy of an OAuth error (any, if empty) whose description has some words."""

    error: str
    words: str
    cause: str
    remedy: str


# If an org blocks apps from elsewhere, the app is to blame, not the user.
_OWN_APP: Final = (
    "use an external client app of the org's own with --client-id and the org's My Domain as"
    " --login-url (docs/orgs.md, External client apps); or let an administrator install the app:"
    " Setup, Connected Apps OAuth Usage, Install"
)

# The first match is used; both texts are compared in lower case.
CAUSES = (
    Cause(
        "",
        "must be installed into org",
        "the app is not installed in the org, and Salesforce blocks such apps",
        _OWN_APP,
    ),
    Cause(
        "oauth_approval_error_generic",
        "",
        "the org does not let this user approve the app, usually because it is not installed there",
        _OWN_APP,
    ),
    Cause(
        "app_not_found",
        "",
        "this host does not know the app; an external client app is known to its own org only",
        "pass the org's own My Domain, such as https://mydomain.my.salesforce.com, as --login-url,"
        " and the consumer key of an app that was created in that org",
    ),
    Cause(
        "",
        "refresh_token scope is required",
        "the app lacks the scope `refresh_token`, or does not know the user yet",
        "add the scope `Perform requests at any time (refresh_token, offline_access)` to the app,"
        " set its permitted users to `Admin approved users are pre-authorized`, and allow the app"
        " in the user's profile or a permission set",
    ),
    Cause(
        "oauth_app_blocked",
        "",
        "an administrator of the org has blocked the app",
        "have it unblocked (Setup, Connected Apps OAuth Usage), or use an external client app of"
        " the org's own",
    ),
    Cause(
        "",
        "admin approved",
        "only users approved by an administrator may use the app (API access control, or the app's"
        " own policy)",
        "allow the app in the user's profile or a permission set; if API access control is on, the"
        " permission `Use Any API Client` works as well",
    ),
    Cause(
        "invalid_client_id",
        "",
        "this host does not know an app with that consumer key",
        "check the client id (Setup, External Client App Manager). A new app is known everywhere"
        " after some minutes, and an app is known to its own org only: pass its My Domain as"
        " --login-url",
    ),
    Cause(
        "invalid_client",
        "",
        "the consumer secret is not the app's, or the app does not allow this flow",
        "copy the consumer secret again (Setup, External Client App Manager, the app, Settings,"
        " Consumer Key and Secret), and make sure that the flow is enabled for the app",
    ),
    Cause(
        "invalid_grant",
        "authentication failure",
        "the username, the password or the security token is wrong, or the user may not log in"
        " from this network",
        "check all three; after a change of the password, Salesforce sends a new security token by"
        " email",
    ),
    Cause(
        "invalid_grant",
        "hasn't approved",
        "the user is not allowed to use the app yet, or does not exist at this host",
        "set the app's permitted users to `Admin approved users are pre-authorized` (Policies) and"
        " allow the app in the user's profile or a permission set; check the username",
    ),
    Cause(
        "invalid_grant",
        "audience",
        "the assertion is meant for another host",
        "use the login URL of the org: https://login.salesforce.com for production,"
        " https://test.salesforce.com for a sandbox",
    ),
    Cause(
        "invalid_grant",
        "invalid assertion",
        "the assertion's signature or time is not accepted",
        "sign with the key whose certificate was uploaded to the app (Enable JWT Bearer Flow), and"
        " check this machine's clock",
    ),
    Cause(
        "invalid_grant",
        "expired access/refresh token",
        "the refresh token was revoked, replaced, or has expired",
        "log in again: `bulkflow org login`",
    ),
    Cause(
        "invalid_grant",
        "no client credentials user",
        "the app has no user to run as",
        "choose one in the app's settings: Client Credentials Flow, Run As",
    ),
    Cause(
        "invalid_grant",
        "no valid scopes",
        "the app grants no scope that this flow may use",
        "add the scope `Manage user data via APIs (api)` to the app",
    ),
    Cause(
        "invalid_grant",
        "authorization code",
        "the code of the web login was used already, or took too long",
        "log in again, and allow the app within a few minutes",
    ),
    Cause(
        "invalid_grant",
        "code verifier",
        "the web login was finished by another program than the one that started it",
        "log in again",
    ),
    Cause(
        "invalid_grant",
        "device code",
        "the code was not confirmed in time",
        "log in again, and confirm the code within a few minutes",
    ),
    Cause(
        "invalid_grant",
        "ip restricted",
        "the app or the user's profile accepts logins from certain networks only",
        "add this machine's network to the trusted IP ranges, or relax them for the app",
    ),
    Cause(
        "unsupported_grant_type",
        "",
        "this host does not offer the flow to this app",
        "the username-password flow is off in new orgs (Setup, OAuth and OpenID Connect Settings);"
        " client credentials need the org's own My Domain address",
    ),
    Cause(
        "redirect_uri_mismatch",
        "",
        "the address that the browser returns to is not one of the app's callback URLs",
        "add it to the app exactly as noted here, or choose another port with --port",
    ),
    Cause(
        "access_denied",
        "",
        "the login was denied in the browser",
        "log in again and allow the app",
    ),
    Cause(
        "invalid_scope",
        "",
        "the app does not grant the scopes that were requested",
        "add the scopes `api` and `refresh_token` to the app",
    ),
    Cause(
        "invalid_app_access",
        "",
        "the user is not allowed to use the app",
        "allow the app in the user's profile or a permission set",
    ),
    Cause("inactive_user", "", "the user is not active", "activate the user, or use another"),
    Cause("inactive_org", "", "the org is locked, closed or suspended", "ask its administrator"),
    Cause(
        "rate_limit_exceeded",
        "",
        "there were too many logins in a short time",
        "wait an hour, and find out what logs in so often",
    ),
)
