"""Gets tokens from the Salesforce CLI through its commands.

Its files are not read, because the tokens in them are encrypted. Since 2.136.8 of May 2026,
`sf org display` hides the token, and `sf org auth show-access-token` prints it; older versions do
not have the latter command (release notes of the CLI).
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.call import Call
from bulkflow_salesforce.http.redaction import redact
from bulkflow_salesforce.login.endpoint import TokenResponse
from bulkflow_salesforce.login.errors import LoginError

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

_REDACTED: Final = "[REDACTED]"
_SHOW: Final = ("org", "auth", "show-access-token")
_DISPLAY: Final = ("org", "display")
_ORG: Final = re.compile(r"[^\s-][^\s]{0,200}")
_CLI_HELP: Final = "npm install --global @salesforce/cli, or choose another flow"


@frozen
class SalesforceCli:
    """The program `sf`.

    Attributes:
        environ: The environment to run it with, including the `PATH` to find it.
        timeout: Seconds that a command may take.
    """

    environ: Mapping[str, str] = field(repr=False)
    timeout: float = 120.0

    def fetch_token(self, target_org: str) -> TokenResponse:
        """Get the token of an org that the CLI is logged in to; the CLI renews an expired one.

        Args:
            target_org: The org's alias or username.

        Raises:
            UsageError: `sf` is not installed.
            LoginError: `sf` does not know the org, or cannot get a token.
        """
        if not _ORG.fullmatch(target_org):
            raise UsageError(
                f"{target_org[:80]!a} is not an alias or username", help="`sf org list` shows them"
            )
        shown = self._run(_DISPLAY, target_org)
        url, token = shown.get("instanceUrl"), shown.get("accessToken")
        if not isinstance(url, str):
            raise _make_error(_DISPLAY, target_org, "there is no instanceUrl in its output")
        if not isinstance(token, str) or token.startswith(_REDACTED):
            token = self._run(_SHOW, target_org).get("accessToken")
        if not isinstance(token, str) or not token or token.startswith(_REDACTED):
            raise _make_error(_SHOW, target_org, "there is no token in its output")
        return TokenResponse(token, url)

    def _run(self, command: tuple[str, ...], target_org: str) -> dict[str, object]:
        program = shutil.which("sf", path=self.environ.get("PATH"))
        if program is None:
            raise UsageError("the Salesforce CLI (sf) is not on the PATH", help=_CLI_HELP)
        logger.debug("running sf %s for org %s", " ".join(command), target_org)
        try:
            done = subprocess.run(  # noqa: S603 - fixed arguments, and a checked name
                [program, *command, "--target-org", target_org, "--json"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self.timeout,
                check=False,
                env={**self.environ, "SF_AUTOUPDATE_DISABLE": "true", "NO_COLOR": "1"},
            )
        except subprocess.TimeoutExpired:
            # Not the cause of the error: it contains the output, and perhaps the token.
            raise _make_error(
                command, target_org, f"it took more than {self.timeout:g} s"
            ) from None
        except OSError as error:
            raise UsageError(
                f"{program} cannot be run: {error.strerror or error}", help=_CLI_HELP
            ) from error
        content = _parse_output(done.stdout)
        result = content.get("result")
        if done.returncode == 0 and isinstance(result, dict):
            return result
        said = content.get("message") or content.get("name")
        if not isinstance(said, str):
            said = redact(done.stderr.decode("utf-8", "replace")).strip()[:300]
        raise _make_error(command, target_org, said or f"it exited with code {done.returncode}")


def _parse_output(output: bytes) -> dict[str, object]:
    """Parse the JSON object in an output; a plugin of the CLI may print something before it."""
    text = output.decode("utf-8", "replace")
    try:
        content = json.loads(text[text.find("{") :] or "null")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _make_error(command: tuple[str, ...], target_org: str, said: str) -> LoginError:
    words = f"sf {' '.join(command)}"
    return LoginError(
        f"`{words} --target-org {target_org}` failed: {said}",
        call=Call("RUN", words, "the Salesforce CLI", harmless=True),
        help=f"check that `sf org display --target-org {target_org}` works; log in again with"
        f" `sf org login web --alias {target_org}`",
    )
