"""The device flow: the user types a code into a browser on any machine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from bulkflow_salesforce.http.call import Call
from bulkflow_salesforce.http.error_parser import make_unusable_error
from bulkflow_salesforce.login.endpoint import PATH
from bulkflow_salesforce.login.errors import LoginError
from bulkflow_salesforce.login.web import SCOPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow_salesforce.login.endpoint import TokenEndpoint, TokenResponse

_SLOWER: Final = 5.0  # seconds that `slow_down` adds (RFC 8628)
_USUAL_INTERVAL: Final = 5.0


@frozen
class DeviceLogin:
    """A login with a code.

    Attributes:
        endpoint: The login host.
        client_id: The app's consumer key.
        client_secret: The app's secret, or an empty text.
        show: Shows the user the page and the code to type into it.
        timeout: Seconds that the user may take.
        sleep: Waits for some seconds.
        clock: Returns monotonic seconds.
    """

    endpoint: TokenEndpoint
    client_id: str
    client_secret: str = field(repr=False)
    show: Callable[[str, str], None]
    timeout: float = 600.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    def log_in(self) -> TokenResponse:
        """Get a code, show it, and poll until the user has confirmed it.

        Raises:
            LoginError: The user or the host refused, or nobody typed the code in time.
        """
        parameters = {"response_type": "device_code", "client_id": self.client_id, "scope": SCOPE}
        response = self.endpoint.post(parameters)
        content = response.parse_object()
        code = response.parse_unredacted_object().get("device_code")
        page, words = content.get("verification_uri"), content.get("user_code")
        if not (isinstance(code, str) and isinstance(page, str) and isinstance(words, str)):
            raise make_unusable_error(self._call, "a response without a device code")
        interval = content.get("interval")
        pause = float(interval) if isinstance(interval, int | float) else _USUAL_INTERVAL
        self.show(page, words)
        ends = self.clock() + self.timeout
        grant = {"grant_type": "device", "code": code, "client_id": self.client_id}
        if self.client_secret:
            grant["client_secret"] = self.client_secret
        while self.clock() < ends:
            self.sleep(max(pause, 1.0))
            try:
                return self.endpoint.request_token(grant)
            except LoginError as error:
                if error.error == "slow_down":
                    pause += _SLOWER
                elif error.error != "authorization_pending":
                    raise
        raise LoginError(
            f"the code was not typed at {self.endpoint.origin.host} within {self.timeout:g} s",
            call=self._call,
            help="log in again, and type the code in time",
        )

    @property
    def _call(self) -> Call:
        return Call("POST", PATH, self.endpoint.origin.host, harmless=True)
