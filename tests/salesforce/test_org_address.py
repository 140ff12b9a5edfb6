"""Accepted addresses of orgs, and the paths of their resources."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow.errors import UsageError
from bulkflow_salesforce import ForeignUrlError, OrgAddress, check_salesforce_id


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        (" https://Acme.My.Salesforce.com/ ", "https://acme.my.salesforce.com"),
        ("https://acme.my.salesforce.com:443", "https://acme.my.salesforce.com"),
        ("https://acme.my.salesforce.com.:8443/", "https://acme.my.salesforce.com:8443"),
        ("https://acme.lightning.force.com", "https://acme.my.salesforce.com"),
        (
            "https://acme--uat.sandbox.lightning.force.com/",
            "https://acme--uat.sandbox.my.salesforce.com",
        ),
        ("https://acme.my.salesforce-setup.com", "https://acme.my.salesforce.com"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://127.9.8.7:1", "http://127.9.8.7:1"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        ("HTTPS://10.0.0.1", "https://10.0.0.1"),
    ],
)
def test_an_instance_url_has_one_spelling(written, meant):
    address = OrgAddress(written)
    assert address.instance_url == meant
    assert OrgAddress(meant) == address


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "not an https"),
        ("acme.my.salesforce.com", "not an https"),
        ("ftp://acme.my.salesforce.com", "not an https"),
        ("https://", "not an https"),
        ("http://acme.my.salesforce.com", "plain http"),
        ("http://acme.lightning.force.com", "plain http"),
        ("http://10.0.0.1", "plain http"),
        ("http://localhost.evil.example", "plain http"),
        ("http://127.0.0.1.evil.example", "plain http"),
        ("http://0.0.0.0", "plain http"),
        ("https://acme.my.salesforce.com/services/data", "more than a host"),
        ("https://acme.my.salesforce.com?x=1", "more than a host"),
        ("https://acme.my.salesforce.com#x", "more than a host"),
        ("https://acme.my.salesforce.com:99999", "cannot be read"),
        ("https://[::1", "cannot be read"),
        ("https://a b.example", "no valid host"),
        ("https://acme..example", "no valid host"),
        ("https://-acme.example", "no valid host"),
        (f"https://{'a' * 64}.example", "no valid host"),
        ("https://äcme.example", "no valid host"),
        ("https://login.salesforce.com", "is a login host"),
        ("https://test.salesforce.com", "is a login host"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(url, words):
    with pytest.raises(UsageError, match=words) as caught:
        OrgAddress(url)
    assert caught.value.help


def test_a_password_in_an_address_is_not_repeated():
    with pytest.raises(UsageError, match="user name or password") as caught:
        OrgAddress("https://me:hunter2@acme.my.salesforce.com")
    assert "hunter2" not in f"{caught.value}{caught.value.help}"


@pytest.mark.parametrize(
    ("written", "meant"), [("66.0", "66.0"), ("v67.0", "67.0"), ("41", "41.0")]
)
def test_an_api_version_has_one_spelling(written, meant):
    assert OrgAddress("https://a.example", written).api_version == meant


@pytest.mark.parametrize("version", ["", "66.1", "sixty", "66.0/../..", "40.0", "٦٦.0", "-66"])
def test_a_version_without_bulk_api_2_is_refused(version):
    with pytest.raises(UsageError):
        OrgAddress("https://a.example", version)


def test_the_parts_that_a_connection_needs():
    address = OrgAddress("http://[::1]:8080")
    assert (address.hostname, address.port, address.secure) == ("::1", 8080, False)
    assert address.host == "[::1]:8080"
    address = OrgAddress("https://acme.my.salesforce.com")
    assert (address.hostname, address.port, address.secure) == (address.host, 443, True)


ORG = OrgAddress("https://acme.my.salesforce.com")


def test_a_path_names_version_and_resource():
    assert ORG.build_path("jobs", "ingest") == "/services/data/v66.0/jobs/ingest"
    assert ORG.build_path() == "/services/data/v66.0"


@given(st.text(min_size=1).filter(lambda text: text not in {".", ".."}))
def test_any_text_stays_one_segment(text):
    path = ORG.build_path("jobs", text)
    assert path.isascii()
    assert path.count("/") == 5
    assert unquote(path.rpartition("/")[2]) == text


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_a_segment_that_moves_is_refused(segment):
    with pytest.raises(ValueError, match="segment"):
        ORG.build_path("jobs", segment)


@pytest.mark.parametrize(
    ("given_url", "path"),
    [
        ("services/data/v66.0/jobs/ingest/7/batches", "/services/data/v66.0/jobs/ingest/7/batches"),
        ("/services/data/v66.0/jobs?queryLocator=a", "/services/data/v66.0/jobs?queryLocator=a"),
        ("https://Acme.my.salesforce.com/services/data/x", "/services/data/x"),
    ],
)
def test_an_address_that_the_org_gave_is_joined_with_one_slash(given_url, path):
    assert ORG.resolve(given_url) == path


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/services/data/x",
        "https://acme.my.salesforce.com.evil.example/services/data/x",
        "https://acme.my.salesforce.com@evil.example/services/data/x",
        "http://acme.my.salesforce.com/services/data/x",
        "//evil.example/services/data/x",
        "/services/../secret",
        "/other/data",
        "",
        "services/data x",
        "/services/data\r\nX: y",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_leads_elsewhere_is_refused(url):
    with pytest.raises(ForeignUrlError):
        ORG.resolve(url)


@pytest.mark.parametrize("text", ["7505e000003xAbC", "7505e000003xAbCAAU"])
def test_a_salesforce_id_has_15_or_18_characters(text):
    assert check_salesforce_id(text) == text


@pytest.mark.parametrize(
    "text", ["", "7505e000003xAb", "7505e000003xAbCA", "../../etc/passw", "750\n"]
)
def test_what_is_no_salesforce_id_is_refused(text):
    with pytest.raises(UsageError, match="not a Salesforce id"):
        check_salesforce_id(text)
