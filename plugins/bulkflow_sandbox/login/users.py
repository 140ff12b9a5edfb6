"""The users who can log in, and their passwords."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow_sandbox.org import USER_ID, USERNAME

if TYPE_CHECKING:
    from bulkflow_sandbox.org import SandboxOrg

PASSWORD: Final = "sandbox"  # noqa: S105 - well known: the server is for tests
"""The password of the user that exists in every sandbox."""

_COLUMNS: Final = ("Id", "Username", "Name", "FirstName", "LastName", "Email", "LastModifiedDate")


@frozen
class User:
    """An active user; `modified` is a moment in its stored form."""

    id: str
    username: str
    name: str
    first_name: str
    last_name: str
    email: str
    modified: str


class Users:
    """Finds active users by id, username or password.

    Passwords are kept in memory only. The first user has `PASSWORD` if `known` is true. Other users
    have no password until one is set.
    """

    def __init__(self, org: SandboxOrg, *, known: bool = True) -> None:
        self._org = org
        self._passwords = {USERNAME: PASSWORD} if known else {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._passwords)} with a password)"

    def set_password(self, username: str, password: str, security_token: str = "") -> None:
        """Set the password of a user; logins append the security token to it."""
        self._passwords[username.lower()] = password + security_token

    def find_by_password(self, username: str, password: str) -> User | None:
        """Find the active user with this username and password."""
        known = self._passwords.get(username.lower())
        if known is None or not hmac.compare_digest(known.encode(), password.encode()):
            return None
        return self.find_by_username(username)

    def find_by_username(self, username: str) -> User | None:
        """Find the active user with this username, in any case."""
        return self._find("Username", username)

    def find_by_id(self, user_id: str) -> User | None:
        """Find the active user with this 18-character id."""
        return self._find("Id", user_id)

    def _find(self, column: str, value: str) -> User | None:
        if self._org.schema.find_object("User") is None:
            return _make_first_user() if value.lower() in {USER_ID.lower(), USERNAME} else None
        columns = ", ".join(f'"{name}"' for name in _COLUMNS)
        with self._org.database.reading() as connection:
            row = connection.execute(
                f'SELECT {columns} FROM "User" '  # noqa: S608 - constant names
                f'WHERE "{column}" = ? AND "IsDeleted" = 0 AND "IsActive" = 1',
                (value,),
            ).fetchone()
        return None if row is None else User(*(text or "" for text in row))


def _make_first_user() -> User:
    return User(USER_ID, USERNAME, "Sandbox", "", "Sandbox", USERNAME, "1970-01-01T00:00:00.000Z")
