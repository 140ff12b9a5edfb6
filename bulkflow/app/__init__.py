"""The use cases. Joins the rooms; knows no terminal and no command line."""

from bulkflow.app.afterwards import afterwards
from bulkflow.app.pipelines import (
    BLOCK_VARIABLE,
    STATE_DIRECTORY,
    Request,
    check,
    no_plan,
    plan,
    plan_of,
    plugins,
    read_pipeline,
    sources,
)
from bulkflow.app.runs import UnfinishedError, resume, run, runs, story

__all__ = [
    "BLOCK_VARIABLE",
    "STATE_DIRECTORY",
    "Request",
    "UnfinishedError",
    "afterwards",
    "check",
    "no_plan",
    "plan",
    "plan_of",
    "plugins",
    "read_pipeline",
    "resume",
    "run",
    "runs",
    "sources",
    "story",
]
