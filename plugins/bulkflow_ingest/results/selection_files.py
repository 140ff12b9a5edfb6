"""Which result files show the rows of a selection, and the columns that they add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_ingest.api.result_kind import ResultKind

if TYPE_CHECKING:
    from bulkflow.model.part import Manifest

_ADDED_BYTES: Final = 28
"""How much longer a row of the successful results is than the row that was sent."""

ALL_FILES: Final = (ResultKind.SUCCESSFUL, ResultKind.FAILED, ResultKind.UNPROCESSED)

FILES_OF_SELECTION: Final[dict[str, tuple[ResultKind, ...]]] = {
    "successful": (ResultKind.SUCCESSFUL,),
    "failed": (ResultKind.FAILED,),
    "unprocessed": (ResultKind.UNPROCESSED,),
    "withheld": (),
    "unknown": (),
    "all": ALL_FILES,
}
"""The files that contain the rows of a selection."""

NEEDED: Final[dict[str, tuple[ResultKind, ...]]] = {
    "successful": (ResultKind.SUCCESSFUL,),
    "failed": (ResultKind.FAILED,),
    "unprocessed": ALL_FILES,
    "withheld": ALL_FILES,
    "unknown": ALL_FILES,
    "all": ALL_FILES,
}
"""The files that determine which source rows a selection contains. Unknown rows are in none of
them."""

ADDED: Final[dict[str, dict[str, str]]] = {
    "successful": {"sf__Id": "_id", "sf__Created": "_created"},
    "failed": {"sf__Id": "_id", "sf__Error": "_error"},
    "unprocessed": {},
    "withheld": {},
    "unknown": {},
    "all": {"sf__Id": "_id", "sf__Created": "_created", "sf__Error": "_error"},
}
"""The columns of a saved file after those of the source. API names of fields do not start with an
underscore, so there is no conflict."""


def cost_of_keeping(manifest: Manifest) -> str:
    """Describe the maximum cost of keeping the results of a job."""
    calls = len(ALL_FILES) * len(manifest.parts)
    # An id, `true` or `false`, and quotes around every value. Errors are longer.
    size = manifest.bytes + manifest.rows * (_ADDED_BYTES + 2 * len(manifest.columns))
    further = f", {len(ALL_FILES)} for each further part" if manifest.more else ""
    return (
        f"its results are kept: up to {calls:,} more calls{further}, and about {size:,} bytes "
        "before compression"
    )
