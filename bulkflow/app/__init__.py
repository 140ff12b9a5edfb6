"""The use cases. Connects the other packages; knows no terminal and no command line.

Use cases on runs are in `runs` and `past_runs`, which `bulkflow check` does not import.
"""

from bulkflow.app.pipelines import (
    BLOCK_VARIABLE,
    RunRequest,
    check,
    check_sources,
    load_plugins,
    make_encoding_error,
    make_failed_forecast,
    make_too_large_error,
    plan,
    read_pipeline,
    require_plan,
)

__all__ = [
    "BLOCK_VARIABLE",
    "RunRequest",
    "check",
    "check_sources",
    "load_plugins",
    "make_encoding_error",
    "make_failed_forecast",
    "make_too_large_error",
    "plan",
    "read_pipeline",
    "require_plan",
]
