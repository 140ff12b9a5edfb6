"""Passwords in addresses of proxies and orgs are never shown, however they are written."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Callable, Iterator
from typing import TypeVar
from urllib.parse import quote

import pytest

from bulkflow.errors import BulkflowError, UsageError
from bulkflow_salesforce import (
    Network,
    OrgAddress,
    ProxyRefusedError,
    RetryPolicy,
    Session,
    StaticToken,
    from_environment,
)
from bulkflow_salesforce.http.origin import Origin
from bulkflow_salesforce.login.auth_url import AuthUrl
from bulkflow_salesforce.profiles.profile import Profile
from support.tunnel import TunnelProxy

# One that may be a word, and one that may be a port, though not one that tests are given.
MARKS = ("quixotry", "17113")
DELIMITERS = (
    *"#?@:/\\%&=;,+ \t\n\"'<>[](){}|^`~!$*.-_",
    *("%23", "%40", "%2F", "%3A", "%25", "%", "%%", "://", "//", "@@", ":@", "/@", "#@", "?@"),
    # A letter, a delimiter after normalization, an invisible character, a lone byte.
    *("ü", "\uff20", "\uff0f", "\uff1a", "\uff03", "\uff1f", "\u2100", "\u200b", "\udcff"),
)
ODD = ("", *DELIMITERS)


def forms(mark: str, host: str, scheme: str) -> Iterator[str]:
    """Addresses with a password, for each delimiter."""
    for odd in ODD:
        for user in (f"me:{mark}{odd}", f"me:{odd}{mark}", f"me:{mark}{odd}{mark}", f"{mark}{odd}"):
            yield f"{scheme}://{user}@{host}"
        yield f"{scheme}://me{odd}{mark}@{host}"
        yield f"me:{mark}{odd}x@{host}"
        yield f"//me:{mark}{odd}x@{host}"
        yield f"{scheme}:/me:{mark}{odd}x@{host}"
        yield f"socks5://me:{mark}{odd}x@{host}"
        yield f"{scheme}://me:{mark}{odd}x%40{host}"
        yield f"{scheme}://{host}/{odd}{mark}"
        yield f"{scheme}://{host}?password={odd}{mark}"
        yield f"{scheme}://{host}#{odd}{mark}"
        yield f'"{scheme}://me:{mark}{odd}x@{host}"'


def traced(error: BulkflowError) -> str:
    """The whole output for an error, with BULKFLOW_DEBUG=1."""
    return "\n".join(
        [str(error), error.help or "", *error.notes, *traceback.format_exception(error)]
    )


T = TypeVar("T")


def attempt(make: Callable[[str], T], value: str) -> tuple[T | None, str]:
    """The value made of an address, or the whole output for its refusal."""
    try:
        return make(value), ""
    except UsageError as error:
        return None, traced(error)


@pytest.fixture
def tunnel() -> Iterator[TunnelProxy]:
    """A proxy that refuses every password, and echoes what it was sent."""
    proxy = TunnelProxy(0, "407 {asked}")
    yield proxy
    proxy.close()


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "all_proxy"])
@pytest.mark.parametrize("mark", MARKS)
def test_a_password_of_a_proxy_leaves_no_trace(tunnel, org, variable, mark):
    refused = asked = 0
    for scheme in ("http",) if variable == "all_proxy" else ("http", "ftp"):
        for value in forms(mark, f"127.0.0.1:{tunnel.port}", scheme):
            network, said = attempt(lambda value: Network.of({variable: value}), value)
            assert mark not in said, value
            if network is None:
                refused += 1
                continue
            asked += 1
            assert network.proxy is not None
            assert network.proxy.host == f"127.0.0.1:{tunnel.port}", value
            session = Session(
                OrgAddress("https://acme.my.salesforce.com"),
                StaticToken("t" * 20),
                network=network,
                ca_file=org.certificate.authority,
                policy=RetryPolicy(attempts=1),
            )
            with session, pytest.raises(ProxyRefusedError) as caught:
                session.get("/x")
            said = traced(caught.value) + repr(network) + repr(session)
            assert mark not in said, value
            assert str(network.proxy.authorization).removeprefix("Basic ") not in said
    assert refused > 100
    assert asked > 100


def test_a_password_reaches_the_proxy_as_it_is(tunnel):
    for password in ("pa:ss", "p@ss", "ü", "pa ss", "50%", "a\udcffb"):
        written = quote(password.encode("utf-8", "surrogateescape"), safe="")
        network = Network.of({"HTTPS_PROXY": f"http://me:{written}@127.0.0.1:{tunnel.port}"})
        assert network.proxy is not None
        pair = b"me:" + password.encode("utf-8", "surrogateescape")
        assert network.proxy.authorization == f"Basic {base64.b64encode(pair).decode()}"


HOST = "acme.my.salesforce.com"
PLACES = {
    "instance URL": OrgAddress,
    "login URL": Origin,
    "environment": lambda url: from_environment(
        {"SF_ACCESS_TOKEN": "00D!x", "SF_ORG_INSTANCE_URL": url}
    )[0],
    "login-url of a profile": lambda url: profile(
        {"login-url": url, "instance-url": "https://a.b"}
    ),
    "instance-url of a profile": lambda url: profile({"instance-url": url}),
    "SFDX auth URL": lambda url: AuthUrl.parse(f"force://app:secret:refresh@{url}"),
}


def profile(content: dict[str, str]) -> Profile:
    made = Profile.from_content(
        "prod", {"flow": "token", "secrets": {"access-token": "env:X"}} | content
    )
    made.check()
    return made


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("mark", MARKS)
def test_a_password_in_the_address_of_an_org_leaves_no_trace(place, mark):
    refused = 0
    for value in (*forms(mark, HOST, "https"), *forms(mark, HOST, "http")):
        found, said = attempt(PLACES[place], value)
        assert mark not in said + repr(found), value
        # Only an auth URL has secrets of its own.
        assert found is None or place == "SFDX auth URL", value
        refused += found is None
    assert refused > 400


@pytest.mark.parametrize("mark", MARKS)
def test_a_refresh_token_with_any_delimiter_leaves_no_trace(mark):
    for odd in ODD:
        for url in (
            f"force://app:secret:{mark}{odd}@{HOST}",
            f"force://app:{mark}{odd}:refresh@{HOST}",
            f"force://app:secret:refresh@{mark}{odd}@{HOST}",
        ):
            found, said = attempt(AuthUrl.parse, url)
            assert mark not in said + repr(found), url


def test_an_address_without_secrets_is_quoted_for_the_user():
    with pytest.raises(UsageError, match=r"acme\.my\.salesforce\.com is not an https"):
        OrgAddress(HOST)
    with pytest.raises(UsageError, match=r"http://acme\.my\.salesforce\.com is plain http"):
        OrgAddress(f"http://{HOST}")


# ------------------------------------------------------------------------- on the command line

PIPELINE = 'org {org}\njob a\n    insert Account\n    from "a.csv"\nload job a\n'
TYPED = ("", "#", "?", "@", ":", "/", "\\", " ", "ü", "\uff20", "[", "%23", "%")


@pytest.mark.parametrize("odd", TYPED)
def test_no_command_writes_a_password_of_an_address(workshop, tunnel, odd):
    mark = MARKS[0]
    secret = f"me:{mark}{odd}x"
    workshop.environ |= {
        "BULKFLOW_DEBUG": "1",
        "SF_ACCESS_TOKEN": "00D000000000001!x",
        "SF_ORG_INSTANCE_URL": f"https://{HOST}",
        "HTTPS_PROXY": f"http://{secret}@127.0.0.1:{tunnel.port}",
        "AUTH_URL": f"force://app:secret:refresh@{secret}@{HOST}",
    }
    workshop.write("a.csv", "Name\nAcme\n")
    file = str(workshop.write("p.bulkflow", PIPELINE.format(org="env")))
    state = ("--state-dir", str(workshop.folder / "state"))
    said = []

    def run(*arguments: str) -> None:
        ran = workshop.command(*arguments)
        assert ran.code == 2, (arguments, ran.err)
        said.append(ran.out + ran.err)

    run("org", "test", "env")
    run("run", file, *state)
    run("run", file, *state, "--json", "--verbose")
    del workshop.environ["HTTPS_PROXY"]
    for url in (f"https://{secret}@{HOST}", f"https://{HOST}/{secret}", f"{secret}@{HOST}"):
        workshop.environ["SF_ORG_INSTANCE_URL"] = url
        run("org", "test", "env")
        run("run", file, *state, "--fresh", "--json")
        token = ("--flow", "token", "--secret", "access-token=env:SF_ACCESS_TOKEN")
        run("org", "login", "ci", *token, "--instance-url", url)
        run("org", "login", "ci", *token, "--instance-url", f"https://{HOST}", "--login-url", url)
        run("org", "login", "ci", "--client-id", "x", "--login-url", url)
    run("org", "login", "ci", "--flow", "auth-url", "--secret", "auth-url=env:AUTH_URL")
    assert not [each for each in said if mark in each]
    assert not [each for each in said if "internal error" in each]
    for path in workshop.folder.rglob("*"):
        if path.is_file():
            assert mark.encode() not in path.read_bytes(), path
