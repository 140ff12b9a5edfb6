"""The logins of the Salesforce CLI, asked for through its commands.

Its files are not read: the tokens in them are encrypted. Since 2.136.8 of May 2026 `sf org display`
prints a text in place of the token, and `sf org auth show-access-token` prints the token; older
ones have no such command (release notes of the CLI).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.call import Call
from bulkflow_salesforce.http.redaction import redact
from bulkflow_salesforce.login.endpoint import TokenAnswer
from bulkflow_salesforce.login.errors import LoginError

if TYPE_CHECKING:
    from collections.abc import Mapping

_REDACTED: Final = "[REDACTED]"
_SHOW: Final = ("org", "auth", "show-access-token")
_DISPLAY: Final = ("org", "display")
_ORG: Final = re.compile(r"[^\s-][^\s]{0,200}")
_CLI_HELP: Final = "npm install --global @salesforce/cli, or choose another flow"


@frozen
class SalesforceCli:
    """The program `sf` of this machine.

    Attributes:
        environ: The variables that it runs with; `PATH` is where it is looked for.
        timeout: Seconds that one command may take.
    """

    environ: Mapping[str, str] = field(repr=False)
    timeout: float = 120.0

    def token(self, target_org: str) -> TokenAnswer:
        """The token of an org that the CLI is logged in to; the CLI renews it when it has ended.

        Args:
            target_org: Its alias or username.

        Raises:
            UsageError: There is no `sf`.
            LoginError: It knows no such org, or cannot get a token.
        """
        if not _ORG.fullmatch(target_org):
            raise UsageError(
                f"{target_org[:80]!a} is no alias or username", help="`sf org list` shows them"
            )
        shown = self._ask(_DISPLAY, target_org)
        url, token = shown.get("instanceUrl"), shown.get("accessToken")
        if not isinstance(url, str):
            raise _failed(_DISPLAY, target_org, "it names no instanceUrl")
        if not isinstance(token, str) or token.startswith(_REDACTED):
            token = self._ask(_SHOW, target_org).get("accessToken")
        if not isinstance(token, str) or not token or token.startswith(_REDACTED):
            raise _failed(_SHOW, target_org, "it shows no token")
        return TokenAnswer(token, url)

    def _ask(self, command: tuple[str, ...], target_org: str) -> dict[str, object]:
        program = shutil.which("sf", path=self.environ.get("PATH"))
        if program is None:
            raise UsageError("the Salesforce CLI (sf) is not on the PATH", help=_CLI_HELP)
        try:
            done = subprocess.run(  # noqa: S603 - arguments of our own, and a checked name
                [program, *command, "--target-org", target_org, "--json"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self.timeout,
                check=False,
                env={**self.environ, "SF_AUTOUPDATE_DISABLE": "true", "NO_COLOR": "1"},
            )
        except subprocess.TimeoutExpired:
            # Not as a cause: it holds the output, and so perhaps the token.
            raise _failed(command, target_org, f"it took more than {self.timeout:g} s") from None
        except OSError as error:
            raise UsageError(
                f"{program} cannot be run: {error.strerror or error}", help=_CLI_HELP
            ) from error
        content = _json(done.stdout)
        result = content.get("result")
        if done.returncode == 0 and isinstance(result, dict):
            return result
        said = content.get("message") or content.get("name")
        if not isinstance(said, str):
            said = redact(done.stderr.decode("utf-8", "replace")).strip()[:300]
        raise _failed(command, target_org, said or f"it ended with code {done.returncode}")


def _json(output: bytes) -> dict[str, object]:
    """The object in an output, before which a plugin of the CLI may have printed something."""
    text = output.decode("utf-8", "replace")
    try:
        content = json.loads(text[text.find("{") :] or "null")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _failed(command: tuple[str, ...], target_org: str, said: str) -> LoginError:
    words = f"sf {' '.join(command)}"
    return LoginError(
        f"`{words} --target-org {target_org}` failed: {said}",
        call=Call("RUN", words, "the Salesforce CLI", harmless=True),
        help=f"see that `sf org display --target-org {target_org}` works; log in again with"
        f" `sf org login web --alias {target_org}`",
    )
