"""The use cases. Joins the rooms; knows no terminal and no command line.

Those that work on runs are in `runs` and `afterwards`, which a check does not import.
"""

from bulkflow.app.pipelines import (
    BLOCK_VARIABLE,
    Request,
    check,
    no_plan,
    not_utf8,
    plan,
    plan_of,
    plugins,
    read_pipeline,
    sources,
    too_large,
)

__all__ = [
    "BLOCK_VARIABLE",
    "Request",
    "check",
    "no_plan",
    "not_utf8",
    "plan",
    "plan_of",
    "plugins",
    "read_pipeline",
    "sources",
    "too_large",
]
