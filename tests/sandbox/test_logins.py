"""The login flows over a real socket, with real signatures and a clock that the test moves."""

from __future__ import annotations

import base64
import hashlib
import hmac
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree as ET

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from bulkflow_sandbox import Choices
from bulkflow_sandbox.login.apps import CLI_APP, DEFAULT_APP, LOOPBACK, ConnectedApp
from bulkflow_sandbox.org import USER_ID, USERNAME

TOKEN = "/services/oauth2/token"
RESOURCE = "/services/data/v66.0/limits"
APP = {"client_id": DEFAULT_APP.client_id, "client_secret": DEFAULT_APP.client_secret}
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
REFUSED = "invalid_grant"


@pytest.fixture(scope="module")
def keys():
    """The key of an app, and that of somebody else."""
    return [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]


def private(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public(key):
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def certificate(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def post(client, path, fields, **headers):
    sent = {"Authorization": "", "Content-Type": "application/x-www-form-urlencoded"} | headers
    return client.send("POST", path, urlencode(fields), sent)


def log_in(client, **fields):
    answer = post(client, TOKEN, APP | fields)
    assert answer.status == 200, answer.data
    return answer.json()


def refused(client, fields, path=TOKEN, **headers):
    answer = post(client, path, fields, **headers)
    body = answer.json()
    assert list(body) == ["error", "error_description"]
    return answer.status, body["error"], body["error_description"]


def works(client, token):
    status = client.send("GET", RESOURCE, headers={"Authorization": f"Bearer {token}"}).status
    assert status in {200, 401}
    return status == 200


def password(client, **fields):
    return log_in(
        client, grant_type="password", **({"username": USERNAME, "password": "sandbox"} | fields)
    )


# What every login answers.


def test_a_login_answers_with_a_token_that_works_and_where_it_does(start, clock):
    client = start(clock=clock)
    answer = password(client)
    assert list(answer) == [
        "access_token",
        "signature",
        "scope",
        "instance_url",
        "id",
        "token_type",
        "issued_at",
    ]
    assert answer["access_token"].startswith("00D")
    assert "!" in answer["access_token"]
    assert answer["instance_url"] == client.server.url
    assert answer["id"] == f"{client.server.url}/id/{client.server.api.org.id}/{USER_ID}"
    assert answer["token_type"] == "Bearer"
    assert answer["issued_at"] == str(int(clock.now().timestamp() * 1000))
    assert works(client, answer["access_token"])


def test_the_signature_is_that_of_the_identity_and_the_time(client):
    answer = password(client)
    digest = hmac.new(
        DEFAULT_APP.client_secret.encode(),
        (answer["id"] + answer["issued_at"]).encode(),
        hashlib.sha256,
    ).digest()
    assert base64.b64decode(answer["signature"]) == digest


def test_a_token_ends_after_two_hours_without_a_request(start, clock):
    client = start(clock=clock)
    token = password(client)["access_token"]
    for _ in range(3):
        clock.advance(timedelta(hours=2))
        assert works(client, token)
    clock.advance(timedelta(hours=2, seconds=1))
    assert not works(client, token)
    clock.advance(timedelta(hours=-3))
    assert not works(client, token)


def test_tokens_that_are_over_are_forgotten(start, clock):
    client = start(clock=clock)
    for _ in range(5):
        password(client)
    assert repr(client.server.api.sessions) == "Sessions(6 valid)"
    clock.advance(timedelta(hours=3))
    password(client)
    assert repr(client.server.api.sessions) == "Sessions(2 valid)"


def test_the_token_that_the_sandbox_started_with_has_no_end(start, clock):
    client = start(clock=clock)
    clock.advance(timedelta(days=400))
    assert works(client, client.server.token)


# Passwords.


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"grant_type": "password"}, ("invalid_request", "missing required parameter: username")),
        ({}, ("invalid_request", "missing required parameter: grant_type")),
        ({"grant_type": "magic"}, ("unsupported_grant_type", "grant type not supported")),
        (
            {"grant_type": "password", "username": USERNAME, "password": "wrong"},
            (REFUSED, "authentication failure"),
        ),
        (
            {"grant_type": "password", "username": "nobody@example.com", "password": "sandbox"},
            (REFUSED, "authentication failure"),
        ),
        (
            {"grant_type": "password", "client_id": "nope"},
            ("invalid_client_id", "client identifier invalid"),
        ),
        (
            {"grant_type": "password", "client_secret": "nope"},
            ("invalid_client", "invalid client credentials"),
        ),
        (
            {"grant_type": "password", "client_secret": ""},
            ("invalid_client", "invalid client credentials"),
        ),
    ],
)
def test_a_login_with_wrong_facts_is_refused(client, fields, refusal):
    assert refused(client, APP | fields) == (400, *refusal)


def test_users_have_passwords_with_a_security_token_at_their_end(start):
    client = start()
    user = {
        "Username": "Ann@Example.com",
        "LastName": "Ash",
        "Email": "ann@example.com",
        "Alias": "ann",
        "TimeZoneSidKey": "UTC",
        "LocaleSidKey": "en_US",
        "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "en_US",
        "ProfileId": "00e5g0000000001",
    }
    user_id = client.server.api.records.create("User", user, USER_ID).id
    users = client.server.api.logins.users
    facts = {"grant_type": "password", "username": "ann@example.com", "password": "secretTOKEN"}
    assert refused(client, APP | facts)[1] == REFUSED
    users.set_password("ann@example.com", "secret", "TOKEN")
    answer = log_in(client, **facts)
    assert answer["id"].endswith(user_id)
    assert refused(client, APP | facts | {"password": "secret"})[1] == REFUSED
    client.server.api.records.update("User", user_id, {"IsActive": False}, USER_ID)
    assert refused(client, APP | facts)[1] == REFUSED


def test_records_are_made_by_the_user_of_the_token(start):
    client = start()
    client.server.api.sessions.admit("other", "0055g0000000009AAA")
    answer = client.send(
        "POST",
        "/services/data/v66.0/sobjects/Account",
        {"Name": "Acme"},
        {"Authorization": "Bearer other"},
    )
    record = client.send("GET", f"/services/data/v66.0/sobjects/Account/{answer.json()['id']}")
    assert record.json()["CreatedById"] == "0055g0000000009AAA"


# Client credentials.


def test_client_credentials_come_in_the_body_or_as_basic(client):
    fields = {"grant_type": "client_credentials"}
    assert works(client, log_in(client, **fields)["access_token"])
    pair = f"{APP['client_id']}:{APP['client_secret']}".encode()
    basic = f"Basic {base64.b64encode(pair).decode()}"
    answer = post(client, TOKEN, fields, Authorization=basic)
    assert works(client, answer.json()["access_token"])
    for wrong in ("Basic bm9wZTpub3Bl", "Basic !!!"):
        assert refused(client, fields, Authorization=wrong)[1].startswith("invalid_client")


def test_client_credentials_need_a_secret_and_a_user_to_run_as(start):
    client = start()
    client.server.api.logins.register(ConnectedApp("no-user", "s", run_as=None))
    fields = {"grant_type": "client_credentials"}
    assert refused(client, fields | {"client_id": "no-user", "client_secret": "s"}) == (
        400,
        REFUSED,
        "no client credentials user enabled",
    )
    refusal = refused(client, fields | {"client_id": CLI_APP.client_id})
    assert refusal[1] == "invalid_client"


# JWT.


def assertion(key, now, algorithm="RS256", **claims):
    told = {
        "iss": "jwt-app",
        "sub": USERNAME,
        "aud": "https://login.salesforce.com",
        "exp": int(now.timestamp()) + 180,
    } | claims
    return jwt.encode(told, key, algorithm=algorithm)


def exchange(client, token):
    return post(client, TOKEN, {"grant_type": JWT_BEARER, "assertion": token})


@pytest.fixture
def signed(start, clock, keys):
    """A client of a sandbox that knows an app with a certificate."""
    client = start(clock=clock)
    client.server.api.logins.register(ConnectedApp("jwt-app", certificate=certificate(keys[0])))
    return client


def test_a_signed_assertion_is_a_login(signed, clock, keys):
    answer = exchange(signed, assertion(private(keys[0]), clock.now()))
    assert answer.status == 200
    assert works(signed, answer.json()["access_token"])
    assert "refresh_token" not in answer.json()


def test_a_public_key_will_do_for_a_certificate(signed, clock, keys):
    signed.server.api.logins.register(ConnectedApp("jwt-app", certificate=public(keys[1])))
    assert exchange(signed, assertion(private(keys[1]), clock.now())).status == 200
    assert exchange(signed, assertion(private(keys[0]), clock.now())).status == 400


@pytest.mark.parametrize(
    "ends",
    [
        pytest.param(lambda now: str(now + 180), id="seconds as text"),
        pytest.param(lambda now: now * 1000 + 300, id="milliseconds"),
        pytest.param(lambda now: now + 0.5, id="half a second"),
    ],
)
def test_times_that_clients_send_are_taken(signed, clock, keys, ends):
    now = int(clock.now().timestamp())
    assert exchange(signed, assertion(private(keys[0]), clock.now(), exp=ends(now))).status == 200


@pytest.mark.parametrize("audience", ["https://test.salesforce.com", "HERE", ["HERE/"]])
def test_audiences_that_name_this_server_are_taken(signed, clock, keys, audience):
    url = signed.server.url
    named = [f"{url}/"] if isinstance(audience, list) else audience.replace("HERE", url)
    assert exchange(signed, assertion(private(keys[0]), clock.now(), aud=named)).status == 200


@pytest.mark.parametrize(
    ("claims", "refusal"),
    [
        ({"exp": 1}, (REFUSED, "invalid assertion")),
        ({"exp": None}, (REFUSED, "invalid assertion")),
        ({"exp": "nan"}, (REFUSED, "invalid assertion")),
        ({"aud": "https://example.com"}, (REFUSED, "audience is invalid")),
        ({"aud": None}, (REFUSED, "audience is invalid")),
        ({"sub": "nobody@example.com"}, (REFUSED, "user hasn't approved this consumer")),
        ({"sub": 5}, (REFUSED, "user hasn't approved this consumer")),
        ({"iss": "nope"}, ("invalid_client_id", "client identifier invalid")),
        ({"iss": DEFAULT_APP.client_id}, (REFUSED, "invalid assertion")),
    ],
)
def test_a_claim_that_is_wrong_is_refused(signed, clock, keys, claims, refusal):
    answer = exchange(signed, assertion(private(keys[0]), clock.now(), **claims))
    body = answer.json()
    assert (answer.status, body["error"], body["error_description"]) == (400, *refusal)


def test_an_assertion_with_another_signature_is_refused(signed, clock, keys):
    good = assertion(private(keys[0]), clock.now())
    head, claims, signature = good.split(".")
    other_claims = assertion(private(keys[0]), clock.now(), sub="x@example.com").split(".")[1]
    for bad in (
        assertion(private(keys[1]), clock.now()),
        f"{head}.{other_claims}.{signature}",
        f"{head}.{claims}.",
        f"{head}.{claims}",
        "nonsense",
        jwt.encode({"iss": "jwt-app", "sub": USERNAME}, None, algorithm="none"),
        assertion("a secret that is long enough for it", clock.now(), algorithm="HS256"),
    ):
        answer = exchange(signed, bad)
        body = answer.json()
        assert (answer.status, body["error_description"]) == (400, "invalid assertion"), bad


def test_an_app_that_nobody_approved_gets_no_token(signed, clock, keys):
    app = ConnectedApp("jwt-app", certificate=certificate(keys[0]), approved=False)
    signed.server.api.logins.register(app)
    answer = exchange(signed, assertion(private(keys[0]), clock.now()))
    assert answer.json()["error_description"] == "user hasn't approved this consumer"


def test_a_sandbox_without_pyjwt_says_what_to_install(signed, clock, keys, monkeypatch):
    token = assertion(private(keys[0]), clock.now())
    monkeypatch.setitem(sys.modules, "jwt", None)
    answer = exchange(signed, token)
    assert answer.status == 501
    assert "bulkflow-sf[sandbox]" in answer.json()["error_description"]


# Authorization codes and refresh tokens.


VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


def authorize(client, **fields):
    asked = {
        "response_type": "code",
        "client_id": CLI_APP.client_id,
        "redirect_uri": LOOPBACK,
        "state": "s&t",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | fields
    answer = client.send(
        "GET",
        f"/services/oauth2/authorize?{urlencode(asked)}",
        headers={"Authorization": ""},
        redirect=False,
    )
    assert answer.status == 302, answer.data
    target = urlsplit(answer.headers["Location"])
    return target, dict(parse_qsl(target.query))


def code_fields(code, **fields):
    return {
        "grant_type": "authorization_code",
        "client_id": CLI_APP.client_id,
        "code": code,
        "redirect_uri": LOOPBACK,
        "code_verifier": VERIFIER,
    } | fields


def test_a_browser_comes_back_with_a_code_for_tokens(client):
    target, query = authorize(client)
    assert target._replace(query="").geturl() == LOOPBACK
    assert query["state"] == "s&t"
    answer = post(client, TOKEN, code_fields(query["code"])).json()
    assert works(client, answer["access_token"])
    assert answer["refresh_token"].startswith("5Aep861")


def test_a_code_is_good_once(client):
    _, query = authorize(client)
    assert post(client, TOKEN, code_fields(query["code"])).status == 200
    again = refused(client, code_fields(query["code"]))
    assert again == (400, REFUSED, "expired authorization code")


def test_a_code_ends_after_fifteen_minutes(start, clock):
    client = start(clock=clock)
    codes = [authorize(client)[1]["code"] for _ in range(2)]
    clock.advance(timedelta(minutes=14, seconds=59))
    assert post(client, TOKEN, code_fields(codes[0])).status == 200
    clock.advance(1)
    assert refused(client, code_fields(codes[1]))[1] == REFUSED


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"code_verifier": "wrong"}, (REFUSED, "invalid code verifier")),
        ({"code": "wrong"}, (REFUSED, "expired authorization code")),
        (APP, (REFUSED, "expired authorization code")),
        (
            {"redirect_uri": "http://localhost:1/OauthRedirect"},
            ("redirect_uri_mismatch", "redirect_uri must match configuration"),
        ),
    ],
)
def test_a_code_is_for_one_app_address_and_verifier(client, fields, refusal):
    _, query = authorize(client)
    assert refused(client, code_fields(query["code"]) | fields)[1:] == refusal


def test_without_a_verifier_the_challenge_stays_unanswered(client):
    _, query = authorize(client)
    fields = code_fields(query["code"])
    del fields["code_verifier"]
    assert refused(client, fields)[2] == "invalid code verifier"


def test_an_app_may_come_back_to_any_loopback_port_but_nowhere_else(client):
    target, _ = authorize(client, redirect_uri="http://localhost:5000/OauthRedirect")
    assert target.port == 5000
    for wrong in ("http://localhost:1717/other", "https://example.com/OauthRedirect"):
        fields = {
            "response_type": "code",
            "client_id": CLI_APP.client_id,
            "redirect_uri": wrong,
        }
        refusal = refused(client, fields, path="/services/oauth2/authorize")
        assert refusal[1] == "redirect_uri_mismatch"


def test_a_user_can_decline(start):
    client = start(choices=Choices(authorize_at_once=False))
    _, query = authorize(client)
    assert (query["error"], query["state"]) == ("access_denied", "s&t")


def test_other_kinds_of_answers_are_not_supported(client):
    _, query = authorize(client, response_type="token")
    assert query["error"] == "unsupported_response_type"


def refresh_fields(token, **fields):
    return {
        "grant_type": "refresh_token",
        "client_id": CLI_APP.client_id,
        "refresh_token": token,
    } | fields


def grant(client, **fields):
    _, query = authorize(client, **fields)
    return post(client, TOKEN, code_fields(query["code"])).json()


def test_a_refresh_token_gives_new_tokens_again_and_again(start, clock):
    client = start(clock=clock)
    refresh = grant(client)["refresh_token"]
    clock.advance(timedelta(days=30))
    for _ in range(2):
        answer = post(client, TOKEN, refresh_fields(refresh)).json()
        assert works(client, answer["access_token"])
        assert "refresh_token" not in answer


def test_a_refresh_token_is_for_one_app(client):
    refresh = grant(client)["refresh_token"]
    refusal = refused(client, refresh_fields(refresh) | APP)
    assert refusal == (400, REFUSED, "expired access/refresh token")


def test_rotation_ends_the_old_refresh_token(start):
    client = start(choices=Choices(rotate_refresh_tokens=True))
    old = grant(client)["refresh_token"]
    new = post(client, TOKEN, refresh_fields(old)).json()["refresh_token"]
    assert new != old
    assert refused(client, refresh_fields(old))[1] == REFUSED
    assert post(client, TOKEN, refresh_fields(new)).status == 200


def test_without_the_scope_there_is_no_refresh_token(client):
    assert "refresh_token" not in grant(client, scope="api id")


# Devices.


def test_a_device_waits_until_its_user_has_typed_the_code(start, clock):
    client = start(clock=clock)
    begun = post(
        client, TOKEN, {"response_type": "device_code", "client_id": CLI_APP.client_id}
    ).json()
    assert begun["interval"] == 5
    assert begun["verification_uri"] == f"{client.server.url}/setup/connect"
    poll = {
        "grant_type": "device",
        "client_id": CLI_APP.client_id,
        "code": begun["device_code"],
    }
    assert refused(client, poll)[1] == "authorization_pending"
    assert refused(client, poll)[1] == "slow_down"
    clock.advance(5)
    assert refused(client, poll)[1] == "authorization_pending"
    path = urlsplit(begun["verification_uri"]).path
    assert post(client, path, {"user_code": "WRONG"}).status == 400
    assert post(client, path, {"user_code": begun["user_code"].lower()}).status == 200
    answer = post(client, TOKEN, poll).json()
    assert works(client, answer["access_token"])
    assert post(client, TOKEN, refresh_fields(answer["refresh_token"])).status == 200
    assert refused(client, poll)[1] == REFUSED


def test_a_device_can_be_denied_or_come_too_late(start, clock):
    client = start(clock=clock)
    begin = {"response_type": "device_code", "client_id": CLI_APP.client_id}
    for step, refusal in ((0, "access_denied"), (10, REFUSED)):
        begun = post(client, TOKEN, begin).json()
        clock.advance(timedelta(minutes=step))
        post(client, "/setup/connect", {"user_code": begun["user_code"], "deny": "1"})
        poll = {
            "grant_type": "device",
            "client_id": CLI_APP.client_id,
            "code": begun["device_code"],
        }
        assert refused(client, poll)[1] == refusal


# The end of tokens, and who a token is for.


def test_a_revoked_token_is_no_longer_valid(client):
    token = password(client)["access_token"]
    answer = post(client, "/services/oauth2/revoke", {"token": token})
    assert (answer.status, answer.data) == (200, b"")
    assert not works(client, token)
    assert refused(client, {"token": token}, path="/services/oauth2/revoke") == (
        400,
        "unsupported_token_type",
        "this token type is not supported",
    )


def test_a_revoked_refresh_token_takes_its_access_tokens_along(client):
    granted = grant(client)
    second = post(client, TOKEN, refresh_fields(granted["refresh_token"])).json()
    post(client, "/services/oauth2/revoke", {"token": granted["refresh_token"]})
    assert not works(client, granted["access_token"])
    assert not works(client, second["access_token"])
    assert refused(client, refresh_fields(granted["refresh_token"]))[1] == REFUSED


def test_userinfo_and_identity_tell_whose_a_token_is(client):
    answer = password(client)
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    info = client.send("GET", "/services/oauth2/userinfo", headers=bearer).json()
    assert (info["user_id"], info["organization_id"]) == (USER_ID, client.server.api.org.id)
    assert info["preferred_username"] == USERNAME
    assert info["sub"] == answer["id"]
    identity = client.send("GET", urlsplit(answer["id"]).path, headers=bearer).json()
    assert (identity["id"], identity["username"]) == (answer["id"], USERNAME)
    rest = identity["urls"]["rest"].replace("{version}", "66.0")
    assert client.send("GET", urlsplit(rest).path, headers=bearer).status == 200


@pytest.mark.parametrize("path", ["/services/oauth2/userinfo", "/id/{org}/{user}"])
def test_userinfo_and_identity_want_a_good_token(client, path):
    path = path.format(org=client.server.api.org.id, user=USER_ID)
    for header, text in {"Bearer nope": b"Bad_OAuth_Token", "": b"Missing_OAuth_Token"}.items():
        answer = client.send("GET", path, headers={"Authorization": header})
        assert (answer.status, answer.data) == (403, text)


def test_an_identity_of_somebody_else_is_refused(client):
    answer = client.send("GET", f"/id/{client.server.api.org.id}/005000000000000AAA")
    assert answer.status == 403


# SOAP.


def soap(client, username, password, version="59.0", kind="u"):
    body = f"""<?xml version="1.0" encoding="utf-8" ?>
    <env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/">
      <env:Body>
        <n1:login xmlns:n1="urn:partner.soap.sforce.com">
          <n1:username>{username}</n1:username><n1:password>{password}</n1:password>
        </n1:login>
      </env:Body>
    </env:Envelope>"""
    headers = {"Authorization": "", "Content-Type": "text/xml", "SOAPAction": "login"}
    return client.send("POST", f"/services/Soap/{kind}/{version}", body, headers)


def texts(answer):
    root = ET.fromstring(answer.data)
    return {element.tag.rpartition("}")[2]: element.text for element in root.iter()}


@pytest.mark.parametrize("kind", ["u", "c"])
def test_a_soap_login_gives_a_session_and_the_servers_address(client, kind):
    answer = soap(client, USERNAME, "sandbox", kind=kind)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/xml;charset=UTF-8"
    found = texts(answer)
    assert works(client, found["sessionId"])
    org_id = client.server.api.org.id
    assert found["serverUrl"] == f"{client.server.url}/services/Soap/u/59.0/{org_id}"
    assert (found["userId"], found["organizationId"]) == (USER_ID, org_id)


@pytest.mark.parametrize(
    ("username", "version", "code"),
    [
        ("nobody@example.com", "59.0", "INVALID_LOGIN"),
        (USERNAME, "65.0", "INVALID_OPERATION"),
        (USERNAME, "30.0", "UNSUPPORTED_API_VERSION"),
        (USERNAME, "nonsense", "UNSUPPORTED_API_VERSION"),
        (USERNAME, "59.", "UNSUPPORTED_API_VERSION"),
    ],
)
def test_a_refused_soap_login_is_a_fault(client, username, version, code):
    answer = soap(client, username, "sandbox", version)
    assert answer.status == 500
    found = texts(answer)
    assert (found["faultcode"], found["exceptionCode"]) == (f"sf:{code}", code)
    assert found["faultstring"] == f"{code}: {found['exceptionMessage']}"
    assert b"<sf:exceptionCode>" in answer.data


@pytest.mark.parametrize(
    "body",
    [
        b"not xml",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<login><username>&amp;</username></login>",
    ],
)
def test_other_messages_are_faults_too(client, body):
    answer = client.send(
        "POST", "/services/Soap/u/59.0", body, {"Authorization": "", "Content-Type": "text/xml"}
    )
    assert answer.status == 500
    assert texts(answer)["exceptionCode"]


# Set-up from outside of Python.


def test_apps_and_passwords_can_be_set_up_over_http(start, clock, keys):
    client = start(clock=clock)
    app = {"clientId": "jwt-app", "certificate": public(keys[0])}
    assert client.send("POST", "/_sandbox/apps", app).status == 204
    assert exchange(client, assertion(private(keys[0]), clock.now())).status == 200
    user = {"username": USERNAME, "password": "new", "securityToken": "T"}
    assert client.send("PUT", "/_sandbox/passwords", user).status == 204
    assert works(client, password(client, password="newT")["access_token"])
    assert soap(client, USERNAME, "sandbox").status == 500


@pytest.mark.parametrize(
    ("path", "document", "problem"),
    [
        ("apps", {}, "an app needs a 'clientId'"),
        ("apps", {"clientId": 5}, "'clientId' must be a string"),
        ("apps", {"clientId": "a", "secret": "b"}, "unknown property 'secret'"),
        (
            "apps",
            {"clientId": "a", "redirectUris": "b"},
            "'redirectUris' must be a list of strings",
        ),
        ("passwords", {"username": "a"}, "a user needs a 'username' and a 'password'"),
    ],
)
def test_bad_set_up_is_refused_in_words(client, path, document, problem):
    method = "POST" if path == "apps" else "PUT"
    assert client.error(method, f"/_sandbox/{path}", document) == (400, "SANDBOX_ERROR", problem)


def test_set_up_needs_the_token_that_the_sandbox_was_started_with(client):
    token = password(client)["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.send("POST", "/_sandbox/apps", {"clientId": "a"}, headers).status == 401


def test_secrets_are_in_no_repr(client):
    logins = client.server.api.logins
    shown = f"{DEFAULT_APP!r} {logins.users!r} {client.server.api.sessions!r} {logins.grants!r}"
    granted = grant(client)
    for secret in (DEFAULT_APP.client_secret, granted["refresh_token"], client.server.token):
        assert secret not in shown
