"""Faults as text, for the command line and the admin resource.

`ENDPOINT[#NTH][xTIMES]=EFFECT`, where TIMES is a number, `*`, or a length of time, for example:

    upload#2=503                    the second upload is answered 503, without effect
    create=cut-after                the first create is done, but its response is lost
    info#3x2=delay:1.5              the third and fourth poll of a job take 1.5 seconds longer
    closex*=429;retry-after:3       every close is answered 429 with Retry-After: 3
    successes=truncate:100          the file ends after 100 bytes
    upload=cut:1000000              the connection ends after 1,000,000 bytes of the request
    anyx10m=503                     from now on, every request for ten minutes is answered 503
    close=400:API_ERROR:Bad luck    the next close is answered 400, with that code and message
    successesx2=rows:10             twice, the file has its header and 10 rows
    rows=lock:0.01                  one row in a hundred fails with a lock error
    job=fail:20000                  the next job fails after 20,000 rows
    job=late:200:3 polls            200 rows of a job that ended are saved at its third poll
    limit=DailyApiRequests:100      only 100 requests in 24 hours
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from attrs import evolve

from bulkflow.errors import UsageError
from bulkflow_sandbox.faults.fault import (
    CommitLate,
    CutConnection,
    Delay,
    Drip,
    Effect,
    EndJob,
    Endpoint,
    Expire,
    FailJob,
    Fault,
    HideNewest,
    KeepGzip,
    LockRows,
    LoseRows,
    Miscount,
    Moment,
    RepeatPage,
    Respond,
    SetLimit,
    Shorten,
    ShowOld,
    Truncate,
)
from bulkflow_sandbox.jobs.speed_syntax import read_seconds, read_speed

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow_sandbox.faults.fault import AnyFault, JobFault

_FORM: Final = re.compile(r"([a-z]+)(?:#(\d+))?(?:x(\d+|\*|[\d.]+(?:ms|s|m|h)))?=(.+)")
_MAX_TEXT: Final = 2000
_MAX_SHOWN: Final = 200
_MAX_COUNT: Final = 10**15
_MAX_SECONDS: Final = 86_400.0
_STATUS: Final = re.compile(
    r"([1-5]\d\d)(-after)?(?::([A-Za-z_]+)(?::([^;]*))?)?((?:;[A-Za-z-]+:[^;]*)*)"
)


def read_fault(text: str) -> AnyFault:
    """Read a fault.

    Raises:
        UsageError: The text is not a fault.
    """
    match = _FORM.fullmatch(text.strip())
    # A line break in the value of a header would start another header.
    if match is None or len(text) > _MAX_TEXT or not text.strip().isprintable():
        raise _make_syntax_error(text)
    target, number, times, effect = match.groups()
    try:
        nth = max(1, _read_count(number or "1"))
        seconds = read_seconds(times or "")
        count = None if times == "*" or seconds is not None else _read_count(times or "1")
        if target == "rows" and effect.startswith("lock:"):
            return LockRows(_read_share(effect.removeprefix("lock:")))
        if target == "job" and seconds is None:
            return _read_job_fault(effect, nth, count)
        if target == "limit":
            name, _, maximum = effect.partition(":")
            return SetLimit(name, _read_count(maximum))
        return Fault(Endpoint(target), _read_effect(effect), nth=nth, times=count, seconds=seconds)
    except ValueError as error:
        raise _make_syntax_error(text) from error


def _read_job_fault(text: str, nth: int, times: int | None) -> JobFault:
    name, _, argument = text.partition(":")
    first, _, second = argument.partition(":")
    rows = _read_count(first)
    match name:
        case "fail":
            fault = FailJob(rows, nth=nth, times=times)
            return evolve(fault, message=second) if second else fault
        case "lose":
            return LoseRows(rows, nth=nth, times=times)
        case "more":
            return Miscount(rows, _read_count(second or "0"), nth=nth, times=times)
        case "late":
            speed = read_speed(second) if second else None
            return CommitLate(rows, speed, nth=nth, times=times)
        case _:
            raise ValueError(f"unknown fault {name!r} of jobs")


def _read_effect(text: str) -> Effect:
    status = _STATUS.fullmatch(text)
    if status is not None:
        pairs = [part.partition(":") for part in status[5].split(";") if part]
        return Respond(
            int(status[1]),
            code=status[3],
            message=status[4],
            headers=tuple((name, value) for name, _, value in pairs),
            moment=Moment.AFTER if status[2] else Moment.BEFORE,
        )
    name, _, argument = text.partition(":")
    make = _EFFECTS.get(name)
    if make is None:
        raise ValueError(f"unknown effect {name!r}")
    return make(argument)


def _read_drip(argument: str) -> Drip:
    size, _, seconds = argument.partition(":")
    return Drip(max(1, _read_count(size)), _read_seconds(seconds or "0.1"))


def _read_count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= _MAX_COUNT:
        raise ValueError(f"{number} is not between 0 and {_MAX_COUNT}")
    return number


def _read_seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= _MAX_SECONDS:
        raise ValueError(f"{seconds} is not between 0 and {_MAX_SECONDS}")
    return seconds


def _read_status(text: str) -> int:
    status = int(text)
    if not 200 <= status <= 599:
        raise ValueError(f"{status} is not the status of a response")
    return status


def _read_share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError(f"{share} is not between 0 and 1")
    return share


_EFFECTS: Final[dict[str, Callable[[str], Effect]]] = {
    "cut": lambda text: CutConnection(received=_read_count(text)) if text else CutConnection(),
    "cut-after": lambda _: CutConnection(Moment.AFTER),
    "delay": lambda text: Delay(_read_seconds(text)),
    "truncate": lambda text: Truncate(_read_count(text)),
    "drip": _read_drip,
    "expire": lambda _: Expire(),
    "html": lambda text: Respond(
        _read_status(text or "503"),
        b"<html><head><title>Down for Maintenance</title></head><body>Sorry</body></html>",
        "text/html;charset=UTF-8",
    ),
    "empty": lambda text: Respond(_read_status(text or "500"), b""),
    "concurrent": lambda _: Respond(
        403,
        code="REQUEST_LIMIT_EXCEEDED",
        message="ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
    ),
    "forbidden": lambda _: Respond(
        403, code="INSUFFICIENT_ACCESS", message="insufficient access rights"
    ),
    "packed": lambda _: KeepGzip(),
    "rows": lambda text: Shorten(_read_count(text)),
    "old": lambda _: ShowOld(),
    "repeat": lambda _: RepeatPage(),
    "without": lambda text: HideNewest(_read_count(text)),
    "abort": lambda _: EndJob(delete=False),
    "delete": lambda _: EndJob(delete=True),
}


def _make_syntax_error(text: str) -> UsageError:
    return UsageError(
        f"invalid fault {text[:_MAX_SHOWN]!r}",
        help="write ENDPOINT[#NTH][xTIMES]=EFFECT, such as upload#2=503 or create=cut-after",
        notes=[
            f"endpoints: {', '.join(Endpoint)}",
            "of rows and limits: rows=lock:SHARE, limit=NAME:MAXIMUM",
            "of jobs: job=fail:ROWS, job=lose:ROWS, job=more:ROWS, job=late:ROWS:TIME",
            f"effects: a status, {', '.join(_EFFECTS)}",
        ],
    )
