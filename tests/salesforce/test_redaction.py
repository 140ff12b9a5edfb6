"""Secrets are hidden, and other text is unchanged."""

from __future__ import annotations

import base64
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow_salesforce.http.echo_filter import EchoFilter, redact_json
from bulkflow_salesforce.http.redaction import list_literal_forms, redact

BASE64URL = string.ascii_letters + string.digits + "-_"
SECRET = st.text(BASE64URL, min_size=20, max_size=60)
ORG_ID = st.text(string.ascii_letters + string.digits, min_size=12, max_size=15)
SPACE = st.sampled_from(["", " ", "\n", '"', "'", ": ", "=", "(", "<b>"])


@given(SPACE, ORG_ID, st.text(string.ascii_letters + string.digits + "._", min_size=8), SPACE)
def test_a_session_id_never_survives(before, org, secret, after):
    for mark in ("!", "%21"):
        assert secret not in redact(f"{before}00D{org}{mark}{secret}{after}")


@given(SPACE, SECRET, SECRET, SECRET, SPACE)
def test_a_json_web_token_never_survives(before, head, body, signature, after):
    shown = redact(f"{before}eyJ{head}.{body}.{signature}{after}")
    assert body not in shown
    assert signature not in shown


@given(SECRET, SECRET, SECRET)
def test_an_auth_url_keeps_its_host_only(client, secret, refresh):
    shown = redact(f"use force://{client}:{secret}:{refresh}@acme.my.salesforce.com now")
    assert shown == "use force://[hidden]@acme.my.salesforce.com now"


@given(
    st.sampled_from(["access_token", "refresh_token", "client_secret", "password", "assertion"]),
    st.sampled_from(["=", ": ", '": "', "':'"]),
    SECRET,
)
def test_a_named_secret_never_survives(name, sign, secret):
    assert secret not in redact(f'{{"{name}{sign}{secret}"}}')


@given(st.text(), st.text(min_size=1), st.text())
def test_a_known_secret_never_survives(before, secret, after):
    shown = redact(before + secret + after, secret)
    assert secret not in shown.replace("[hidden]", "") or secret in "[hidden] "


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer 00D000000000001!AQcAQ.x_y",
        "authorization: bearer abcdefgh1234",
        "Bearer  abc.def.ghi",
        "5Aep861TSESvWeug_xvFHRBTTbf_YrTWgEyjBJrfgRqwXbxQvPKRVxfZ0t",
    ],
)
def test_headers_and_refresh_tokens_are_hidden(text):
    assert "[hidden]" in redact(text)
    assert redact(text).replace("[hidden]", "").lower().strip() in {
        "authorization: bearer",
        "bearer",
        "",
    }


@pytest.mark.parametrize(
    "text",
    [
        "Closing already aborted Job not allowed",
        "00D000000000001AAA is the id of the org",
        "the bearer of this message",
        "wrong token scheme; token expired",
        "750xx00000001AbCAAU: 3 rows\n\tfailed",
        "https://acme.my.salesforce.com/services/data/v66.0/jobs/ingest",
    ],
)
def test_what_is_no_secret_stays(text):
    assert redact(text) == text


@given(st.text())
def test_nothing_that_drives_a_terminal_survives(text):
    kept = set(redact(text + "\x1b[31m\r\x07\x9b"))
    assert not kept & {chr(code) for code in range(32) if chr(code) not in "\n\t"}
    assert not kept & {chr(code) for code in range(0x7F, 0xA0)}


TOKENS = st.text(string.ascii_letters + string.digits + "!._-/+&<>", min_size=8, max_size=40)
WAYS = {
    "URL": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "JSON": lambda text: "".join(f"\\u{ord(each):04X}" for each in text),
    "HTML": lambda text: "".join(f"&#x{ord(each):x};" for each in text),
    "itself": str,
}


@given(TOKENS, st.lists(st.sampled_from(list(WAYS)), min_size=40, max_size=40))
def test_a_known_secret_is_hidden_in_any_mixture_of_spellings(token, ways):
    mixed = "".join(WAYS[way](each) for way, each in zip(ways, token, strict=False))
    assert redact(f"<{mixed}>", token) == "<[hidden]>"


@given(TOKENS, st.binary(max_size=5), st.binary(max_size=5))
def test_a_known_secret_is_hidden_in_base64(token, before, after):
    written = base64.b64encode(before + token.encode() + after).decode()
    shown = redact(written, token)
    assert "[hidden]" in shown
    # What shares a letter with its neighbours may be left of its edges: a byte or two.
    assert len(shown.replace("[hidden]", "")) <= len(before) * 4 / 3 + len(after) * 4 / 3 + 8


OTHERS = st.text("\xe9\n,", max_size=30).map(str.encode)


@given(TOKENS, OTHERS, OTHERS, st.data())
def test_a_stream_is_veiled_wherever_it_is_cut(token, before, after, data):
    form = data.draw(st.sampled_from(list_literal_forms(token))).encode()
    whole = before + form + after
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    veil, watch = EchoFilter((token,)), EchoFilter((token,))
    shown = b"".join([*map(veil.filter, pieces), veil.flush()])
    # One form may be another's beginning: `&amp;` leaves `amp;`.
    assert re.fullmatch(re.escape(before) + rb"\[hidden\]([a-z]*;)?" + re.escape(after), shown)
    told = [watch.contains_secret(piece) for piece in pieces]
    assert any(told)


def test_halves_of_characters_are_replaced():
    assert redact("a\ud800b\udcffc") == "a\ufffdb\ufffdc"
    assert redact_json({"errorMessage": "\ud83d"}, []) == {"errorMessage": "\ufffd"}


def test_a_json_value_keeps_its_form():
    value = {"a": [1, None, True, {"x": "quixotry-1"}], "quixotry-1": 2.5}
    assert redact_json(value, ["quixotry-1"]) == {
        "a": [1, None, True, {"x": "[hidden]"}],
        "[hidden]": 2.5,
    }
