"""`org env`: required environment variables, and the errors for missing ones."""

from __future__ import annotations

import pytest

from bulkflow.errors import ExitCode, UsageError
from bulkflow_salesforce import OrgAddress, from_environment

GOOD = {"SF_ACCESS_TOKEN": "00D!abc", "SF_ORG_INSTANCE_URL": "https://acme.my.salesforce.com"}


def test_token_and_address_come_from_the_environment():
    address, tokens = from_environment(GOOD)
    assert address == OrgAddress("https://acme.my.salesforce.com", "66.0")
    assert tokens.token() == "00D!abc"
    assert tokens.renew("00D!abc") is None


def test_older_names_are_understood_and_newer_ones_win():
    older = {
        "SFDX_ACCESS_TOKEN": "old",
        "SFDX_INSTANCE_URL": "https://old.my.salesforce.com",
        "SFDX_API_VERSION": "60.0",
    }
    address, tokens = from_environment(older)
    assert (address.host, address.api_version, tokens.token()) == (
        "old.my.salesforce.com",
        "60.0",
        "old",
    )
    address, tokens = from_environment(older | GOOD | {"SF_ORG_API_VERSION": "v67.0"})
    assert (address.host, address.api_version, tokens.token()) == (
        "acme.my.salesforce.com",
        "67.0",
        "00D!abc",
    )


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "SF_ACCESS_TOKEN and SF_ORG_INSTANCE_URL"),
        ({"SF_ORG_INSTANCE_URL": "https://x.example"}, "SF_ACCESS_TOKEN in"),
        ({"SF_ACCESS_TOKEN": "t", "SF_ORG_INSTANCE_URL": ""}, "SF_ORG_INSTANCE_URL in"),
    ],
)
def test_what_is_missing_is_named_with_a_way_to_get_it(environ, named):
    with pytest.raises(UsageError, match=named) as caught:
        from_environment(environ)
    assert "sf org" in caught.value.help
    assert caught.value.exit_code is ExitCode.WRONG


def test_a_redacted_token_is_recognised():
    redacted = "[REDACTED] Use 'sf org auth show-access-token' to view"
    with pytest.raises(UsageError, match="REDACTED") as caught:
        from_environment(GOOD | {"SF_ACCESS_TOKEN": redacted})
    assert "sf org auth show-access-token" in caught.value.help


@pytest.mark.parametrize("token", ["a b", "a\nb", "a\r\nX-Evil: 1", "Bearer abc", "tök", " "])
def test_a_token_that_would_break_a_header_is_refused_and_not_shown(token):
    with pytest.raises(UsageError, match="access token") as caught:
        from_environment(GOOD | {"SF_ACCESS_TOKEN": token})
    assert token.strip() == "" or token not in f"{caught.value} {caught.value.help}"


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("name", ["SF_ACCESS_TOKEN", "SF_ORG_INSTANCE_URL", "SF_ORG_API_VERSION"])
def test_quotes_that_a_file_of_variables_left_are_named(quote, name):
    environ = {"SF_ORG_API_VERSION": "66.0"} | GOOD
    with pytest.raises(UsageError, match=f"{name} is in quotes") as caught:
        from_environment(environ | {name: f"{quote}{environ[name]}{quote}"})
    assert "--env-file" in caught.value.help
    assert environ[name] not in str(caught.value)


def test_plain_http_is_for_this_machine_only():
    with pytest.raises(UsageError, match="plain http"):
        from_environment(GOOD | {"SF_ORG_INSTANCE_URL": "http://acme.my.salesforce.com"})
    address, _ = from_environment(GOOD | {"SF_ORG_INSTANCE_URL": "http://127.0.0.1:9000"})
    assert not address.secure
