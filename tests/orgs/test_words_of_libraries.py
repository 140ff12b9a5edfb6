"""Libraries that quote their input in errors: bulkflow never shows these texts."""

from __future__ import annotations

import traceback

import keyring
import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from bulkflow.errors import UsageError
from bulkflow_salesforce.login.assertion import sign_assertion
from bulkflow_salesforce.profiles.keyring import SystemKeyring
from bulkflow_salesforce.profiles.secret_stores import parse_location
from bulkflow_salesforce.profiles.store import ProfileStore
from support.logins import MemoryKeyring

SECRET = "quixotry"


def written(error: UsageError) -> str:
    trace = traceback.format_exception(error)
    return "\n".join([str(error), error.help or "", *error.notes, *trace])


class TalkativeKeyring(MemoryKeyring):
    """A backend that raises any kind of error, with quotes."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError(f"security find-generic-password: {SECRET}")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise UnicodeEncodeError("latin-1", password, 0, 1, f"cannot write {password}")

    delete_password = get_password


@pytest.mark.parametrize(
    "use",
    [
        lambda ring: ring.read("prod/password"),
        lambda ring: ring.write("prod/password", SECRET),
        lambda ring: ring.delete("prod/password"),
    ],
)
def test_a_keyring_may_raise_anything_and_is_not_quoted(vault, use):
    keyring.set_keyring(TalkativeKeyring())
    with pytest.raises(UsageError, match="cannot be used") as caught:
        use(SystemKeyring())
    assert SECRET not in written(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f'flow = "token"\nx = {{{SECRET} = 1, {SECRET} = 2}}', "line 2"),
        (f"[{SECRET}]\n[{SECRET}]\n", "line 2"),
        (f'client-id = "{SECRET}', "not TOML"),
        (f"password = {SECRET}", "line 1"),
        (f'flow = "{SECRET}\udcff"', "not text"),
    ],
)
def test_a_profile_that_is_no_toml_is_told_by_its_place(tmp_path, content, said):
    file = tmp_path / "orgs" / "prod.toml"
    file.parent.mkdir()
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError, match=said) as caught:
        ProfileStore(tmp_path).read("prod")
    assert SECRET not in written(caught.value)


def test_a_key_that_cannot_sign_is_told_by_its_kind(key):
    public = load_pem_private_key(key.encode(), None).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    quoted = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"
    for wrong in (pem, quoted, SECRET, "", f"-----BEGIN {SECRET}-----"):
        with pytest.raises(UsageError, match="cannot sign") as caught:
            sign_assertion(client_id="c", username="u", audience="a", key=wrong, now=0.0)
        assert SECRET not in written(caught.value)
        assert wrong.strip() == "" or wrong.splitlines()[-2:][0] not in written(caught.value)


def test_a_home_folder_that_is_not_known_is_told():
    with pytest.raises(UsageError, match="home folder"):
        parse_location("file:~nobody-of-that-name/key")
