"""The loads that are killed: the file, what goes wrong in the org, and what must come of it."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

from attrs import Factory, frozen

ROWS = 23
NAMES = tuple(f"row{number:03}" for number in range(ROWS))

INSERT = 'job people\n    insert Contact\n    from "people.csv"\n    parts of 8 rows\n'
UPSERT = INSERT.replace("insert Contact", "upsert Contact by External_Id__c")
SINGLE = INSERT.replace("    parts of 8 rows\n", "")
SAVE = 'save all rows of job people to "saved.csv"\n'
STAGED = "upload then close job people\nwait for job people every 20ms\n"
ORDER = 'job orders\n    insert Account\n    from "orders.csv"\n    parts of 9 rows\n'
LOOP = (
    'for file in "part-*.csv"\n    job people\n        insert Contact\n'
    '        from "{file}"\n    load job people\n'
    '    save all rows of job people to "saved/{file}"\n'
)
SECOND_LOOP = LOOP.replace("part-", "more-").replace("insert Contact", "insert Account")


def table(names: tuple[str, ...]) -> str:
    return "LastName,External_Id__c\n" + "".join(f"{name},{name}\n" for name in names)


def accounts(names: tuple[str, ...]) -> str:
    return "Name\n" + "".join(f"{name}\n" for name in names)


PEOPLE: Mapping[str, str] = {"people.csv": table(NAMES)}


@frozen
class Kill:
    """When a child is killed: at a point, by its number or name, or at a moment."""

    at: int | str | None = None
    after: float | None = None


@frozen
class Scenario:
    """A load and the weather that it runs in.

    Attributes:
        name: What it is called in the report.
        pipeline: The file, without its first line.
        files: The data files, by name; what ends in `.gz` is compressed.
        contacts: The names that must be in the org at the end, each once.
        accounts: The same for accounts.
        faults: What goes wrong in the org, as the sandbox's words say it.
        processing: How fast the org works.
        saved: Whether `saved.csv` must hold every row.
        once: Whether each row must have been processed once: not so where some are sent again.
        codes: The exit codes with which the load may end.
        after: What is done with the run afterwards, and killed: `abort`, `retry` or `undo`; the
            load itself is not killed then, unless a schedule says so.
        others: Names of contacts that are in the org before, and must stay.
        header: The first lines of the file.
        elsewhere: The names that must be in a second org, of the profile `other`.
        fields: What each contact must have, by the names of fields.
        signal_number: The signal that it is stopped with.
        extracted: The names that `extracted.csv` must have at the end, in order. It has the rows of
            another extract before, and at each moment either those or all of its own.
    """

    name: str
    pipeline: str
    files: Mapping[str, str] = Factory(lambda: PEOPLE)
    contacts: tuple[str, ...] = NAMES
    accounts: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    processing: str = "immediately"
    saved: bool = True
    once: bool = True
    codes: tuple[int, ...] = (0,)
    after: str | None = None
    others: tuple[str, ...] = ()
    header: str = "org env\n"
    elsewhere: tuple[str, ...] = ()
    fields: Mapping[str, str] = Factory(dict)
    signal_number: int = signal.SIGKILL
    extracted: tuple[str, ...] = ()


CALM = (
    Scenario("insert, staged, parts", INSERT + STAGED + SAVE),
    Scenario("insert, streamed, parts", INSERT + "load job people\n" + SAVE),
    Scenario("insert, staged, one part", SINGLE + STAGED + SAVE),
    Scenario("insert, streamed, one part", SINGLE + "load job people\n" + SAVE),
    Scenario("upsert, staged, parts", UPSERT + STAGED + SAVE),
    Scenario("upsert, streamed, parts", UPSERT + "load job people\n" + SAVE),
    Scenario(
        "created by itself, then uploaded",
        INSERT + "create job people\nupload then close job people on failure abort\n"
        "wait for job people every 20ms\n" + SAVE,
    ),
    Scenario("compressed", INSERT + "    compressed\n" + "load job people\n" + SAVE),
    Scenario("slow org", INSERT + "load job people\n" + SAVE, processing="2 polls"),
    Scenario(
        "deleted afterwards",
        INSERT + "load job people\n" + SAVE + "delete job people\n",
        once=False,
    ),
    Scenario(
        "two jobs",
        INSERT + ORDER + "upload job people\nload job orders\nclose job people\n"
        "wait for job people every 20ms\n" + SAVE + "require failed rows of job orders under 1\n",
        files={**PEOPLE, "orders.csv": accounts(NAMES)},
        accounts=NAMES,
    ),
    Scenario(
        "two jobs side by side",
        INSERT + ORDER + "parallel\n    load job people\n    load job orders\n" + SAVE,
        files={**PEOPLE, "orders.csv": accounts(NAMES)},
        accounts=NAMES,
    ),
    Scenario(
        "a loop",
        LOOP,
        files={f"part-{n}.csv": table(NAMES[n::3]) for n in range(3)},
        saved=False,
    ),
    Scenario(
        "two loops, and an always",
        LOOP + SECOND_LOOP.replace("LastName", "Name") + 'always\n    log "over"\n',
        files={
            **{f"part-{n}.csv": table(NAMES[n::2]) for n in range(2)},
            **{f"more-{n}.csv": accounts(NAMES[n::2]) for n in range(2)},
        },
        accounts=NAMES,
        saved=False,
    ),
)

ROUGH = (
    *(
        Scenario(f"{kind}: {fault}", INSERT + steps + SAVE, faults=(fault,))
        for kind, steps in (("staged", STAGED), ("streamed", "load job people\n"))
        for fault in (
            "create=cut-after",
            "create#2=503-after",
            "createx2=cut-after",
            "upload=cut-after",
            "upload#2=503-after",
            "upload=cut:40",
            "uploadx2=500-after",
            "close=cut-after",
            "close#3=504-after",
            "close#2=503",
            "infox3=503",
            "info=cut",
            "successes=truncate:30",
            "successes=503",
            "anyx6=503",
            "any#4x5=500-after",
            "any#7x*=429;retry-after:0",
            "any#3=expire",
            "any#9=expire",
            "limit=DailyApiRequests:6",
            "limit=DailyApiRequests:11",
        )
    ),
    *(
        Scenario(
            f"locked rows, {share}",
            INSERT
            + "load job people\nretry failed rows of job people up to 9 times\n"
            + SAVE
            + "require failed rows of job people under 1\n",
            faults=(f"rows=lock:{share}",),
            once=False,
        )
        for share in (0.2, 0.5)
    ),
    *(
        Scenario(
            f"a job that fails after {rows} rows",
            INSERT
            + "load job people on failure continue\n"
            + "retry failed rows of job people up to 9 times\n"
            + SAVE,
            faults=(f"job=fail:{rows}",),
            once=False,
        )
        for rows in (0, 3)
    ),
    Scenario(
        "locked rows, uploads lost",
        UPSERT + "load job people\nretry failed rows of job people up to 9 times\n" + SAVE,
        faults=("rows=lock:0.3", "upload#2=cut-after", "close#2=cut-after", "create#4=cut-after"),
        once=False,
    ),
    Scenario(
        "give up on failure, and go on",
        INSERT + "upload then close job people on failure abort\n"
        "wait for job people every 20ms\n" + SAVE,
        faults=("upload#3=400",),
    ),
    Scenario(
        "retried by a handler",
        INSERT + "upload then close job people on failure retry 3 times every 5ms\n"
        "wait for job people every 20ms\n" + SAVE,
        faults=("uploadx3=cut", "close=400"),
    ),
)

LOOPED = LOOP.partition("    save")[0] + "    retry failed rows of job people\n"
PARTS: Mapping[str, str] = {f"part-{n}.csv": table(NAMES[n::2]) for n in range(2)}

AFTER = (
    *(
        Scenario(
            f"given up: {name}",
            INSERT + steps + SAVE,
            faults=faults,
            processing=processing,
            saved=False,
            once=False,
            after="abort",
        )
        for name, steps, faults, processing in (
            ("nothing closed", STAGED, ("closex3=403",), "immediately"),
            ("one of three closed", STAGED, ("close#2x2=403",), "immediately"),
            ("uploads refused", STAGED, ("upload#2x2=400",), "immediately"),
            ("streamed", "load job people\n", ("upload#3=400",), "3 polls"),
            ("waited too long", STAGED.replace("every", "up to 10ms every"), (), "40 polls"),
            ("aborts lost", STAGED, ("close#2x2=403", "close#4=cut-after"), "immediately"),
            ("creates lost", STAGED, ("createx3=cut-after",), "immediately"),
        )
    ),
    *(
        Scenario(
            f"sent again: {name}",
            (UPSERT if "upsert" in name else INSERT) + "load job people on failure continue\n",
            faults=faults,
            saved=False,
            once=False,
            codes=(0, 3),
            after="retry",
        )
        for name, faults in (
            ("locked rows", ("rows=lock:0.3",)),
            ("locked rows of an upsert", ("rows=lock:0.5",)),
            ("a failed job", ("job=fail:3",)),
            ("locked rows, uploads lost", ("rows=lock:0.4", "upload#4=cut-after")),
        )
    ),
    *(
        Scenario(
            f"taken back: {name}",
            pipeline,
            files=files,
            faults=faults,
            saved=False,
            once=False,
            codes=(0, 3),
            after="undo",
            others=("bystander", *others),
        )
        for name, pipeline, files, faults, others in (
            ("insert", INSERT + "load job people\n", PEOPLE, (), ()),
            ("upsert", UPSERT + "load job people\n", PEOPLE, (), (NAMES[3], NAMES[7])),
            (
                "locked rows",
                INSERT + "load job people\nretry failed rows of job people\n",
                PEOPLE,
                ("rows=lock:0.4",),
                (),
            ),
            ("a loop", LOOPED, PARTS, ("rows=lock:0.3",), ()),
            ("a failed deletion", INSERT + "load job people\n", PEOPLE, ("upload#4=400",), ()),
            (
                "answers lost",
                INSERT + "load job people\n",
                PEOPLE,
                ("create#4=cut-after", "upload#4=cut-after", "close#4=cut-after"),
                (),
            ),
        )
    ),
)

READ = INSERT + "    streamed\n"
PACKED = READ.replace("people.csv", "people.csv.gz")
PACKED_PEOPLE: Mapping[str, str] = {"people.csv.gz": table(NAMES)}
WIDE: Mapping[str, str] = {
    "people.csv": "LastName,Junk,External_Id__c\n"
    + "".join(f"{name},junk,{name}\n" for name in NAMES)
}
REWRITTEN = INSERT + '    drop Junk\n    set Department to "ours"\n'
STAGED_OR_GIVEN_UP = STAGED.replace("people\n", "people on interrupt abort\n", 1)
COPIES = (
    'job people\n    in here\n    insert Contact\n    from "people.csv"\n    parts of 8 rows\n'
    'job copies\n    in there\n    insert Contact\n    from "copies.csv"\n    parts of 9 rows\n'
)

WAYS = (
    *(
        Scenario(
            f"sent while read: {name}",
            pipeline + steps + (SAVE if "gz" not in name else ""),
            files=files,
            faults=faults,
            saved="gz" not in name,
        )
        for name, pipeline, steps, files, faults in (
            ("load", READ, "load job people\n", PEOPLE, ()),
            ("staged", READ, STAGED, PEOPLE, ()),
            ("uploads lost", READ, "load job people\n", PEOPLE, ("upload#2=cut-after",)),
            ("creates lost", READ, "load job people\n", PEOPLE, ("createx2=cut-after",)),
            ("gz", PACKED, "load job people\n", PACKED_PEOPLE, ()),
            ("gz, staged", PACKED, STAGED, PACKED_PEOPLE, ()),
            ("gz, uploads lost", PACKED, STAGED, PACKED_PEOPLE, ("upload#2=cut-after",)),
        )
    ),
    *(
        Scenario(
            f"written anew: {name}",
            REWRITTEN + clause + "load job people\n" + SAVE,
            files=WIDE,
            fields={"Department": "ours"},
            faults=faults,
        )
        for name, clause, faults in (
            ("load", "", ()),
            ("uploads lost", "", ("upload#2=cut-after",)),
        )
    ),
    *(
        Scenario(
            f"two orgs: {name}",
            COPIES + steps + SAVE + "require failed rows of job copies under 1\n",
            files={**PEOPLE, "copies.csv": table(NAMES)},
            header="org here = env\norg there = other\n",
            elsewhere=NAMES,
            faults=faults,
        )
        for name, steps, faults in (
            ("one after the other", "load job people\nload job copies\n", ()),
            ("side by side", "parallel\n    load job people\n    load job copies\n", ()),
            ("answers lost", "load job people\nload job copies\n", ("close#2=cut-after",)),
        )
    ),
    *(
        Scenario(
            f"asked to end: {name}",
            INSERT + steps + SAVE,
            processing=processing,
            signal_number=signal.SIGTERM,
        )
        for name, steps, processing in (
            ("load", "load job people\n", "immediately"),
            ("staged", STAGED, "immediately"),
            ("given up", "load job people on interrupt abort\n", "immediately"),
            (
                "given up, staged",
                "upload then close job people on interrupt abort\nwait for job people every 20ms\n",
                "immediately",
            ),
            ("given up in a slow org", "load job people on interrupt abort\n", "2 polls"),
        )
    ),
)

EXTRACT = (
    'job people\n    query "SELECT LastName FROM Contact"\nextract job people to "extracted.csv"\n'
)
COPY = (
    'job people\n    query "SELECT LastName FROM Contact"\n'
    "job copies\n    insert Account\n    from job people\n    rename LastName to Name\n"
    'extract job people to "extracted.csv"\nload job copies\n'
)
OLD = "old\n"


def _extract(name: str, pipeline: str = EXTRACT, **rest: Any) -> Scenario:
    return Scenario(
        f"extract: {name}",
        pipeline,
        files={"extracted.csv": OLD},
        others=NAMES,
        saved=False,
        once=False,
        extracted=NAMES,
        **rest,
    )


QUERIES = (
    _extract("calm"),
    _extract("slow org", processing="2 polls"),
    _extract("deleted afterwards", EXTRACT + "delete job people\n"),
    _extract("copied", COPY, accounts=NAMES),
    _extract("asked to end", signal_number=signal.SIGTERM),
    *(
        _extract(fault, faults=(fault,))
        for fault in (
            "query=cut-after",
            "query#1x3=503-after",
            "query#4=cut",
            "query#5x2=cut-after",
            "pages#2=truncate:30",
            "pages#3=delete",
            "pages=rows:0",
            "any#4=expire",
            "query#3=html:502",
            "pagesx2=cut",
            "pages#4=404",
            "query#2=delete",
        )
    ),
)
"""Extracts of all contacts, which are in the org before, page by page of five rows."""

ALL = (*CALM, *ROUGH, *AFTER, *WAYS, *QUERIES)
