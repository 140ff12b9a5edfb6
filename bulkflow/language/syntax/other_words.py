"""Words of other tools and languages, and what to write instead.

The only words of plugins in the framework are in this module. They are used in help lines only, and
only if the line that they lead to is valid with the installed plugins.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from bulkflow.language.syntax.literal import BYTES

STRUCTURE: Final = {
    "if": "when",
    "unless": "when",
    "foreach": "for",
    "while": "for",
    "finally": "always",
    "import": "include",
    "var": "let",
    "const": "let",
}
"""Words for a structural word of the language."""

STEPS: Final = {
    "print": "log",
    "echo": "log",
    "sleep": "pause",
    "exit": "stop",
    "quit": "stop",
    "return": "stop",
    "end": "stop",
    "ignore": "continue",
    "skip": "continue",
    "run": "load",
    "execute": "load",
    "process": "load",
    "submit": "load",
    "start": "load",
    "send": "upload",
    "commit": "close",
    "cancel": "abort",
    "rollback": "undo",
    "revert": "undo",
    "export": "save",
    "download": "save",
    "write": "save",
    "assert": "require",
    "ensure": "require",
    "expect": "require",
    "raise": "fail",
    "throw": "fail",
    "resend": "retry",
    "rerun": "retry",
    "status": "show",
    "await": "wait",
}
"""Words for the first word of a step."""

CLAUSES: Final = {
    "mapping": "rename",
    "alias": "rename",
    "exclude": "drop",
    "omit": "drop",
    "remove": "drop",
    "select": "keep",
    "only": "keep",
    "columns": "keep",
    "source": "from",
    "file": "from",
    "input": "from",
    "csv": "from",
    "assign": "set",
    "default": "set",
    "harddelete": "hard delete",
    "hard_delete": "hard delete",
    "create": "insert",
    "add": "insert",
    "modify": "update",
    "merge": "upsert",
    "separator": "delimiter",
    "charset": "encoding",
    "org": "in",
    "target": "in",
    "id": "existing",
}
"""Words for the first words of a clause."""

CONDITIONS: Final = {
    "no": "not any",
    "none": "not any",
    "some": "any",
    "has": "any",
    "failed": "any failed",
}
"""Words for the first words of a condition."""

_SCHEDULE: Final = (
    "a pipeline has no schedule; start `bulkflow run` from cron, a systemd timer or your CI"
)
_OUTSIDE: Final = (
    "only a plugin can add such a step; or do it after `bulkflow run`, by its exit code"
)
_TRY: Final = "handle errors after the steps: `load job NAME on failure …`"
_QUERY: Final = (
    'declare a job with a clause such as `query "SELECT Id FROM Account"`, and extract it: '
    '`extract job NAME to "accounts.csv"`'
)

BRANCHES: Final = frozenset({"else", "elif", "elseif", "otherwise"})
"""Words for a second branch, which is a second `when`."""

STEP_ADVICE: Final = {
    **dict.fromkeys(("try", "catch", "except", "rescue"), _TRY),
    **dict.fromkeys(
        ("email", "mail", "notify", "slack", "teams", "webhook", "http", "shell", "exec", "sh"),
        _OUTSIDE,
    ),
    **dict.fromkeys(
        ("every", "at", "schedule", "cron", "daily", "hourly", "nightly", "weekly"), _SCHEDULE
    ),
    **dict.fromkeys(("query", "select", "soql"), _QUERY),
    **dict.fromkeys(("def", "function", "define"), "there are no functions; `include` a file"),
    "set": "write `let NAME = VALUE`",
}
"""Help for first words that have no step."""

CLAUSE_ADVICE: Final = {
    **dict.fromkeys(("query", "soql"), _QUERY),
    **dict.fromkeys(
        ("concurrency", "concurrency_mode", "serial"),
        "Bulk API 2.0 has no concurrency mode; Salesforce decides how it processes a job",
    ),
    **dict.fromkeys(("every", "schedule", "cron"), _SCHEDULE),
}
"""Help for first words that have no clause."""

SCHEDULES: Final = frozenset(word for word, advice in STEP_ADVICE.items() if advice == _SCHEDULE)
"""The first words of lines that mean a schedule."""


@frozen
class Rewrite:
    """Words in a line to replace. `#` is any number and is kept."""

    pattern: tuple[str, ...]
    replacement: tuple[str, ...]
    appended: tuple[str, ...] = ()
    """Words to add at the end of the line."""
    why: str = ""


def _rewrite(pattern: str, replacement: str, appended: str = "", why: str = "") -> Rewrite:
    return Rewrite(tuple(pattern.split()), tuple(replacement.split()), tuple(appended.split()), why)


REWRITES: Final = (
    *(_rewrite(each, "under") for each in ("less than", "fewer than", "below", "at most")),
    *(_rewrite(each, "over") for each in ("more than", "greater than", "above", "exceeds")),
    *(
        _rewrite(f"{each} #", "parts of # rows")
        for each in (
            "batch size",
            "batch_size",
            "batchsize",
            "batches of",
            "chunk size",
            "chunks of",
        )
    ),
    *(
        _rewrite(f"{each} #", "over # connections")
        for each in ("parallel", "threads", "workers", "concurrency", "connections")
    ),
    _rewrite("no", "", "under 1"),
    _rewrite("update", "upsert", why="`update` finds records by their Id"),
    *(_rewrite(each, "") for each in ("into", "the", "a", "an", "to", "job's", "from")),
    *(_rewrite(each, "by") for each in ("on", "using", "with", "key")),
    *(_rewrite(each, "to") for each in ("into", "as", "in")),
    *(_rewrite(each, "of") for each in ("for", "from", "in")),
    *(_rewrite(each, "for") for each in ("of", "on")),
)
"""In the order in which they are tried. One is used if the line that it makes is valid."""

UNITS: Final = {
    **dict.fromkeys(("percent", "pct"), "%"),
    **dict.fromkeys(("ms", "milliseconds", "millisecond"), "ms"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **{unit.lower(): unit for unit in BYTES if unit != "KB"},
}
"""Words for a unit after a number."""

EVENTS: Final = {
    **dict.fromkeys(("error", "errors", "exception"), "failure"),
    **dict.fromkeys(("cancel", "abort", "ctrl-c", "sigint", "sigterm"), "interrupt"),
    **dict.fromkeys(("done", "completion", "complete"), "success"),
}
"""Words for the event of a handler."""

HANDLERS: Final = {
    "ON_FAILURE": "on failure abort",
    "ON_SUCCESS": 'on success log "done"',
    "ON_INTERRUPT": "on interrupt abort",
}
"""An example of each handler, by the terminal that it begins with."""

DELIMITER: Final = "delimiter"
"""The clause that takes the name of a character."""

DELIMITERS: Final = {
    ",": "comma",
    ";": "semicolon",
    "|": "pipe",
    "^": "caret",
    "`": "backquote",
}
"""Names of characters for this clause."""

ONE_VALUE: Final = {"from": 'several files need one pattern, such as `from "data-*.csv"`'}
"""Clauses that are often given a list, and what to say."""

COUNTED: Final = "count rows with `over`, as in `when over {number} failed rows`"
"""What to say of `>` in a condition."""

LOGIN: Final = "bulkflow org login"
"""The command that saves an org's login."""
