"""Faults as text, for the command line and the admin resource.

`ENDPOINT[#NTH][xTIMES]=EFFECT`, for example:

    upload#2=503                    the second upload is answered 503, without effect
    create=cut-after                the first create is done, but its answer is lost
    info#3x2=delay:1.5              the third and fourth look at a job take 1.5 seconds longer
    closex*=429;retry-after:3       every close is answered 429 with Retry-After: 3
    successes=truncate:100          the file ends after 100 bytes
    upload=cut:1000000              the connection ends when 1,000,000 bytes have come
    rows=lock:0.01                  one row in a hundred fails with a lock error
    job=fail:20000                  the next job fails after 20,000 rows
    limit=DailyApiRequests:100      only 100 requests in 24 hours
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bulkflow.errors import UsageError
from bulkflow_sandbox.faults.fault import (
    Cut,
    Delay,
    Drip,
    Effect,
    Endpoint,
    Expire,
    FailJob,
    Fault,
    LockRows,
    Moment,
    Respond,
    SetLimit,
    Truncate,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow_sandbox.faults.fault import AnyFault

_FORM: Final = re.compile(r"([a-z]+)(?:#(\d+))?(?:x(\d+|\*))?=(.+)", re.DOTALL)
_STATUS: Final = re.compile(r"([1-5]\d\d)(-after)?((?:;[A-Za-z-]+:[^;]*)*)")


def read_fault(text: str) -> AnyFault:
    """The fault that a text describes.

    Raises:
        UsageError: The text has another form.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise _wrong(text)
    target, nth, times, effect = match.groups()
    count = None if times == "*" else int(times or 1)
    try:
        if target == "rows" and effect.startswith("lock:"):
            return LockRows(_share(effect.removeprefix("lock:")))
        if target == "job" and effect.startswith("fail:"):
            rows, _, message = effect.removeprefix("fail:").partition(":")
            if message:
                return FailJob(int(rows), message, times=count)
            return FailJob(int(rows), times=count)
        if target == "limit":
            name, _, maximum = effect.partition(":")
            return SetLimit(name, int(maximum))
        endpoint = Endpoint(target)
        return Fault(endpoint, _effect(effect), nth=max(1, int(nth or 1)), times=count)
    except ValueError as error:
        raise _wrong(text) from error


def _effect(text: str) -> Effect:
    status = _STATUS.fullmatch(text)
    if status is not None:
        pairs = [part.partition(":") for part in status[3].split(";") if part]
        return Respond(
            int(status[1]),
            headers=tuple((name, value) for name, _, value in pairs),
            moment=Moment.AFTER if status[2] else Moment.BEFORE,
        )
    name, _, argument = text.partition(":")
    make = _EFFECTS.get(name)
    if make is None:
        raise ValueError(f"no effect {name!r}")
    return make(argument)


def _drip(argument: str) -> Drip:
    size, _, seconds = argument.partition(":")
    return Drip(int(size), float(seconds or 0.1))


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError(f"{share} is not between 0 and 1")
    return share


_EFFECTS: Final[dict[str, Callable[[str], Effect]]] = {
    "cut": lambda text: Cut(received=int(text)) if text else Cut(),
    "cut-after": lambda _: Cut(Moment.AFTER),
    "delay": lambda text: Delay(float(text)),
    "truncate": lambda text: Truncate(int(text)),
    "drip": _drip,
    "expire": lambda _: Expire(),
    "html": lambda text: Respond(
        int(text or 503),
        b"<html><head><title>Down for Maintenance</title></head><body>Sorry</body></html>",
        "text/html;charset=UTF-8",
    ),
    "empty": lambda text: Respond(int(text or 500), b""),
}


def _wrong(text: str) -> UsageError:
    return UsageError(
        f"{text!r} describes no fault",
        help="write ENDPOINT[#NTH][xTIMES]=EFFECT, such as upload#2=503 or create=cut-after",
        notes=[
            f"endpoints: {', '.join(Endpoint)}; rows=lock:SHARE; job=fail:ROWS; limit=NAME:MAXIMUM",
            f"effects: a status, {', '.join(_EFFECTS)}",
        ],
    )
